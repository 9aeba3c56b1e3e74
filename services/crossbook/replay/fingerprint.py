"""Fingerprints of what a run said: equal exactly when every byte and its place are."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """How many items there are, and a hash over all of them."""

    items: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.items:>9,}  {self.sha256[:16]}"


class Fingerprinter:
    """Collects items one by one."""

    def __init__(self) -> None:
        self._items = 0
        self._hash = hashlib.sha256()

    def add(self, item: bytes) -> None:
        """The next item; its length is part of it."""
        self._items += 1
        self._hash.update(len(item).to_bytes(8, "little"))
        self._hash.update(item)

    def result(self) -> Fingerprint:
        """Of everything so far."""
        return Fingerprint(self._items, self._hash.hexdigest())


def fingerprint(items: Iterable[bytes]) -> Fingerprint:
    """Of all items, in their order."""
    printer = Fingerprinter()
    for item in items:
        printer.add(item)
    return printer.result()
