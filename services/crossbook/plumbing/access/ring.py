"""What callers may show: public keys that tokens are signed with, programs' keys by their hashes, and who is revoked.

A gateway writes it into a file, others read it again when it changes, so no call waits for a service. Nothing in it is
a secret: a hash of 256 random bits gives nothing away.
"""

import hashlib
import hmac
import ipaddress
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from crossbook.plumbing.access.roles import Caller, role_of
from crossbook.plumbing.access.tokens import check, kid_of, public_key
from crossbook.plumbing.errors import SettingsError, UnauthenticatedError
from crossbook.plumbing.private_files import write_whole

KEY_PREFIX = "cbk_"
LOOK_SECONDS = 1.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """One key of a program."""

    id: str
    secret_sha256: str
    role: str
    venues: Sequence[str] = ()
    methods: Sequence[str] = ()
    networks: Sequence[str] = ()
    expires_at: float | None = None

    @classmethod
    def of(cls, **read: Any) -> "KeyEntry":
        """Of JSON, equal to the one that was written: its lists are tuples again."""
        values: dict[str, Any] = {n: tuple(one) if isinstance(one, list) else one for n, one in read.items()}
        return cls(**values)


@dataclass(frozen=True)
class Ring:
    """As it is now. `revoked` are the credentials of sessions whose tokens may still be about."""

    public_keys: Sequence[str] = ()
    keys: Sequence[KeyEntry] = ()
    revoked: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def _verifiers(self) -> Mapping[str, Ed25519PublicKey]:
        return {kid_of(key): key for key in map(public_key, self.public_keys)}

    @cached_property
    def _by_id(self) -> Mapping[str, KeyEntry]:
        return {key.id: key for key in self.keys}

    def caller(self, shown: str, address: str = "") -> Caller:
        """Who shows a token or a key, from an address if it is known. Raises UnauthenticatedError."""
        found = self._of_key(shown, address) if shown.startswith(KEY_PREFIX) else check(shown, self._verifiers)
        if not self.is_good(found):
            raise UnauthenticatedError
        return found

    def is_good(self, caller: Caller) -> bool:
        """Whether who was good once still is."""
        if caller.credential in self.revoked:
            return False
        if caller.credential.startswith("keys/") and caller.credential.removeprefix("keys/") not in self._by_id:
            return False
        return caller.expires_at is None or time.time() < caller.expires_at

    def _of_key(self, shown: str, address: str) -> Caller:
        identifier, _, secret = shown.removeprefix(KEY_PREFIX).partition("_")
        entry = self._by_id.get(identifier)
        given = hashlib.sha256(secret.encode()).hexdigest()
        if not hmac.compare_digest(given, entry.secret_sha256 if entry else hashlib.sha256(b"").hexdigest()):
            raise UnauthenticatedError
        if entry is None or (entry.networks and not is_within(address, entry.networks)):
            raise UnauthenticatedError
        name = f"keys/{entry.id}"
        methods, venues = frozenset(entry.methods), frozenset(entry.venues)
        return Caller(name, role_of(entry.role), name, entry.expires_at, methods, venues)

    def text(self) -> str:
        """As JSON."""
        document = {
            "public_keys": list(self.public_keys),
            "keys": [asdict(key) for key in self.keys],
            "revoked": sorted(self.revoked),
        }
        return json.dumps(document, indent=1, sort_keys=True) + "\n"

    @classmethod
    def read(cls, text: str) -> "Ring":
        """Raises ValueError, TypeError and KeyError."""
        document = json.loads(text)
        keys = tuple(KeyEntry.of(**key) for key in document["keys"])
        ring = cls(document["public_keys"], keys, frozenset(document["revoked"]))
        return ring if ring._verifiers is not None else cls()


class RingFile:
    """The file, looked at once a second at most when somebody asks."""

    def __init__(self, path: Path) -> None:
        """Raises SettingsError when there is no such file, or none that reads."""
        self._path = path
        self._stamp = (0, 0)
        self._looked_at = float("-inf")
        self._ring = Ring()
        try:
            self._load()
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise SettingsError(f"setting access.ring_file: {path} does not read: {type(error).__name__}") from None

    def ring(self) -> Ring:
        """As it was within the last second. One that does not read any more leaves the last that did, and is told."""
        now = time.monotonic()
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            try:
                self._load()
            except (OSError, ValueError, TypeError, KeyError) as error:
                log.error("ring_unread", path=str(self._path), error=type(error).__name__)
        return self._ring

    def _load(self) -> None:
        status = self._path.stat()
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._stamp:
            self._ring = Ring.read(self._path.read_text())
            self._stamp = stamp


def write_ring(path: Path, ring: Ring) -> None:
    """Whole, for whoever reads it meanwhile. Raises OSError."""
    write_whole(path, ring.text())


def is_within(address: str, networks: Sequence[str]) -> bool:
    """Whether an address is of one of the networks; an address that is not known is of none."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in ipaddress.ip_network(network, strict=False) for network in networks)
