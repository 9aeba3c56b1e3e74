"""Files in the data folder while a run lasts: `run.json`, which processes it has and where they listen, for scripts and
for people, and `shards.json`, which its trackers and arbitrage read.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from crossbook.local.processes.supervisor import Supervised
from crossbook.plumbing.private_files import write_whole


class RunFile:
    """Always whole: each version replaces the one before."""

    def __init__(
        self, path: Path, mode: str, addresses: Mapping[str, str], pages: Mapping[str, str] | None = None
    ) -> None:
        self._path = path
        self._mode = mode
        self._addresses = dict(addresses)
        self._pages = dict(pages or {})

    def write(self, processes: Mapping[str, Supervised], on_failure: Callable[[str], None] = lambda _: None) -> None:
        """Says what runs now. That it cannot is told and ends nothing: a full disk must not stop a restart."""
        entries = {
            name: {
                "pid": process.child.pid,
                "address": self._addresses.get(name),
                **({"pages": self._pages[name]} if name in self._pages else {}),
            }
            for name, process in processes.items()
        }
        document = {"pid": os.getpid(), "mode": self._mode, "processes": entries}
        try:
            write_whole(self._path, json.dumps(document, indent=2) + "\n")
        except OSError as error:
            on_failure(f"{self._path} cannot be written: {error.strerror}")

    @contextmanager
    def removed_at_end(self) -> Iterator[None]:
        """The file is gone once the run is."""
        try:
            yield
        finally:
            self._path.unlink(missing_ok=True)


@contextmanager
def shards_listed(path: Path, shards: Mapping[str, str]) -> Iterator[None]:
    """`shards.json` lists the run's shards while it lasts. Whoever changes it and hangs up on trackers and arbitrage
    (SIGHUP) spreads the instruments anew.
    """
    write_whole(path, json.dumps(shards, indent=2) + "\n")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
