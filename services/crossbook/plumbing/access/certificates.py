"""The certificates of this process: what its gRPC ports show, whom they let in, and what it shows where it dials.

The files are looked at again whenever somebody asks. What does not read, or does not belong together, as a certificate
that was replaced before its key was, leaves what was there before, and is told once.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.settings import TlsSettings

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

MAX_BYTES = 1024 * 1024  # of a file

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM texts; None of what no setting names."""

    certificate: bytes | None = None
    key: bytes | None = None
    client_ca: bytes | None = None
    ca: bytes | None = None

    @property
    def identity(self) -> tuple[bytes, bytes] | None:
        """The certificate and its key, where there are any."""
        return (self.certificate, self.key) if self.certificate and self.key else None


class CertificateFiles:
    """Of one process; there are none until settings name them."""

    def __init__(self) -> None:
        self._paths: Mapping[str, Path] = {}
        self._stamps: list[tuple[int, int, int]] = []
        self._now = Certificates()
        self._lock = threading.Lock()  # grpc asks from a thread of its own

    def take(self, settings: TlsSettings) -> None:
        """Reads what they name, from now on. Raises SettingsError."""
        named = {name.removesuffix("_file"): path for name, path in settings if path is not None}
        if ("certificate" in named) != ("key" in named):
            raise SettingsError("settings tls.certificate_file and tls.key_file: set both or none")
        if "client_ca" in named and "certificate" not in named:
            raise SettingsError("setting tls.client_ca_file: needs tls.certificate_file, without which no port has TLS")
        with self._lock:
            self._paths, self._now = named, Certificates()
            try:
                self._stamps, self._now = self._stamped(), self._read()
            except (OSError, ValueError) as error:
                raise SettingsError(f"settings tls: {_reason(error)}") from None

    def now(self) -> Certificates:
        """The same object for as long as the files are the same."""
        if not self._paths:
            return self._now
        with self._lock:
            try:
                stamps = self._stamped()
                if stamps != self._stamps:
                    self._stamps = stamps
                    self._now = self._read()
                    log.info("certificates_read", files=[str(path) for path in self._paths.values()])
            except FileNotFoundError:
                pass  # it is being replaced
            except (OSError, ValueError) as error:
                log.error("certificates_unread", reason=_reason(error))
            return self._now

    def _stamped(self) -> list[tuple[int, int, int]]:
        found = [path.stat() for path in self._paths.values()]
        return [(status.st_mtime_ns, status.st_ino, status.st_size) for status in found]

    def _read(self) -> Certificates:
        read = Certificates(**{name: _content(path) for name, path in self._paths.items()})
        _check(read)
        return read


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES)


def _check(read: Certificates) -> None:
    """Raises ValueError, with the word for what is wrong: a port that nobody can reach any more says less."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    for name, pem in (("client_ca", read.client_ca), ("ca", read.ca)):
        if pem is not None:
            _certificates(name, pem)
    if read.identity is None:
        return
    certificate, key = read.identity
    chain = _certificates("certificate", certificate)
    try:
        own = load_pem_private_key(key, password=None)
    except (ValueError, TypeError):
        raise ValueError("tls.key_file holds no key, or one with a password") from None
    if chain[0].public_key() != own.public_key():
        raise ValueError("tls.key_file is not the key of tls.certificate_file")


def _certificates(name: str, pem: bytes) -> "list[Certificate]":
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(pem)
    except ValueError:
        raise ValueError(f"tls.{name}_file holds no certificate") from None


def _reason(error: OSError | ValueError) -> str:
    return f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)


CERTIFICATES = CertificateFiles()  # a process is one party
