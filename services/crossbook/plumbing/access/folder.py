"""The folder of a gateway's secrets, this user's alone: the key that tokens are signed with, and the one of links.

Both are made at the first start, from the system's randomness; there is no default. Who can read the folder may do
everything: `crossbook up`, `crossbook login` and `crossbook accounts` are let in by it.
"""

import base64
import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from crossbook.pb.v1.access_pb2 import ROLE_ADMIN
from crossbook.plumbing.access.ring import Ring, write_ring
from crossbook.plumbing.access.roles import Caller
from crossbook.plumbing.access.tokens import Signer, new_key
from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.private_files import private_folder

SIGNING_KEY, LINK_KEY, RING = "signing.pem", "links.key", "ring.json"
KEYS, OF_RUN = "keys", "up"
KEY_BYTES = 32
CODE_SECONDS = 600
LOCAL_TOKEN_SECONDS = 300
_NONCE_BYTES, _TAG_BYTES, _TIME_BYTES = 16, 32, 8


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the folder holds."""

    signer: Signer
    link_key: bytes

    def code(self, now: float | None = None) -> str:
        """A code for one link, good for ten minutes and once."""
        ends = int((now or time.time()) + CODE_SECONDS)
        said = ends.to_bytes(_TIME_BYTES, "big") + secrets.token_bytes(_NONCE_BYTES)
        return base64.urlsafe_b64encode(said + self._tag(said)).decode().rstrip("=")

    def is_code(self, code: str, now: float | None = None) -> bool:
        """Whether it is one of ours and not too old; that it was used already, somebody else knows."""
        try:
            raw = base64.urlsafe_b64decode(code + "=" * (-len(code) % 4))
        except ValueError:
            return False
        said, tag = raw[:-_TAG_BYTES], raw[-_TAG_BYTES:]
        if len(said) != _TIME_BYTES + _NONCE_BYTES or not hmac.compare_digest(tag, self._tag(said)):
            return False
        return (now or time.time()) < int.from_bytes(said[:_TIME_BYTES], "big")

    def successor(self, token: str) -> str:
        """The refresh token that follows one: always the same, so that two tabs that race are given one answer."""
        return hmac.new(self.link_key, b"refresh " + token.encode(), hashlib.sha256).hexdigest()

    def local_token(self) -> str:
        """For a command of this machine that can read the folder: an administrator for some minutes."""
        return self.signer.token(Caller("local", ROLE_ADMIN, "local"), LOCAL_TOKEN_SECONDS)

    def sealed(self, said: bytes) -> str:
        """For a browser to keep and bring back: it can read it, and not change it."""
        return base64.urlsafe_b64encode(said + self._tag(said, b"seal ")).decode().rstrip("=")

    def unsealed(self, text: str) -> bytes | None:
        """What was sealed; None for anything else."""
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError:
            return None
        said, tag = raw[:-_TAG_BYTES], raw[-_TAG_BYTES:]
        return said if hmac.compare_digest(tag, self._tag(said, b"seal ")) else None

    def _tag(self, said: bytes, purpose: bytes = b"link ") -> bytes:
        return hmac.new(self.link_key, purpose + said, hashlib.sha256).digest()


def open_secrets(folder: Path) -> Secrets:
    """Makes what is not there. Raises SettingsError for what is no secret, and PrivateFolderError."""
    private_folder(folder)
    pem = _kept(folder / SIGNING_KEY, new_key)
    link_key = _kept(folder / LINK_KEY, lambda: secrets.token_hex(KEY_BYTES).encode())
    if len(link_key) < 2 * KEY_BYTES or len(set(link_key)) < 8:
        raise SettingsError(f"{folder / LINK_KEY} is too short or no secret: remove it, and another is made")
    try:
        return Secrets(Signer.of(pem), link_key)
    except (ValueError, TypeError):
        raise SettingsError(f"{folder / SIGNING_KEY} is no Ed25519 key: remove it, and another is made") from None


def prepare_access(folder: Path) -> None:
    """Makes the secrets, and a ring that others can begin with; one that is there stays. Raises SettingsError."""
    secrets = open_secrets(folder)
    if not (folder / RING).exists():
        write_ring(folder / RING, Ring([secrets.signer.public_pem]))


def key_file(folder: Path, name: str = OF_RUN) -> Path:
    """Where a process of a run finds the key that it shows; the run's own is also that of commands beside it."""
    return folder / KEYS / f"{name}.key"


def temporary_secrets() -> Secrets:
    """Of a process alone: what it has given out ends with it."""
    return Secrets(Signer.of(new_key()), secrets.token_hex(KEY_BYTES).encode())


def _kept(path: Path, make: Callable[[], bytes]) -> bytes:
    """The file's content; two processes that start at once have the one that was there first."""
    with suppress(FileExistsError):
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(make())
            os.link(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    try:
        if path.lstat().st_mode & 0o077:
            raise SettingsError(f"{path} can be read by others: chmod 600 it, or remove it, and another is made")
        return path.read_bytes().strip()
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
