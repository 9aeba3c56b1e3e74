"""An authority of a test's own that signs certificates for 127.0.0.1 and localhost, good for an hour either way."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from crossbook.plumbing.settings import TlsSettings

HOUR = timedelta(hours=1)


class Authority:
    """Its certificate stands in `file`."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self._name = _named(name)
        self._key = generate_private_key(SECP256R1())
        self.file = folder / f"{name}.pem"
        built = _begun(self._name, self._name, self._key).add_extension(
            x509.BasicConstraints(True, None), critical=True
        )
        self.file.write_bytes(built.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM))

    def sign(self, name: str) -> tuple[Path, Path]:
        """A new certificate and its key, in place of those of that name that were there."""
        key = generate_private_key(SECP256R1())
        names = [x509.IPAddress(IPv4Address("127.0.0.1")), x509.DNSName("localhost")]
        built = _begun(_named(name), self._name, key).add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = built.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return self._write(f"{name}.crt", certificate), self._write(f"{name}.key", private)

    def settings(self, name: str, *, mutual: bool = False) -> TlsSettings:
        """Of a process that shows a certificate of that name and believes this authority alone."""
        certificate, key = self.sign(name)
        client_ca = self.file if mutual else None
        return TlsSettings(certificate_file=certificate, key_file=key, client_ca_file=client_ca, ca_file=self.file)

    def _write(self, name: str, content: bytes) -> Path:
        path = self._folder / name
        partial = path.with_suffix(".partial")
        partial.write_bytes(content)
        partial.replace(path)
        return path


def environment(settings: TlsSettings) -> dict[str, str]:
    """The same for a process."""
    return {f"CROSSBOOK_TLS__{name.upper()}": str(path) for name, path in settings if path is not None}


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _begun(subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - HOUR).not_valid_after(now + HOUR)
