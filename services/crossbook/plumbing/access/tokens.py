"""Access tokens: JWTs of ten minutes, signed with Ed25519; the algorithm is fixed here, the keys are our own set's.

Whatever is wrong with one, its bearer is told the same. Who checks needs the public keys alone.
"""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from crossbook.plumbing.access.roles import Caller, role_name, role_of
from crossbook.plumbing.errors import UnauthenticatedError

ALGORITHM = "EdDSA"
ISSUER, AUDIENCE = "crossbook", "crossbook"
CLAIMS = ("iss", "aud", "sub", "sid", "role", "iat", "exp", "jti")
MAX_TOKEN_CHARACTERS = 4_096
LEEWAY_SECONDS = 5  # between two clocks of ours


@dataclass(frozen=True, slots=True)
class Signer:
    """Who makes tokens."""

    kid: str
    key: Ed25519PrivateKey

    @classmethod
    def of(cls, pem: bytes) -> "Signer":
        """Raises ValueError for what is no Ed25519 key."""
        key = serialization.load_pem_private_key(pem, None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("is no Ed25519 key")
        return cls(kid_of(key.public_key()), key)

    @property
    def public_pem(self) -> str:
        """For whoever checks."""
        return pem_of(self.key.public_key())

    def token(self, caller: Caller, seconds: float) -> str:
        """For the caller, from now on."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": caller.principal,
            "sid": caller.credential,
            "role": role_name(caller.role),
            "iat": now,
            "exp": now + int(seconds),
            "jti": uuid.uuid4().hex,
        }
        return jwt.encode(claims, self.key, ALGORITHM, {"kid": self.kid})


def check(token: str, keys: Mapping[str, Ed25519PublicKey]) -> Caller:
    """Who bears it. Raises UnauthenticatedError."""
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise UnauthenticatedError
    try:
        key = keys.get(str(jwt.get_unverified_header(token).get("kid")))
        if key is None:
            raise UnauthenticatedError
        claims = jwt.decode(
            token,
            key,
            [ALGORITHM],
            {"require": list(CLAIMS)},
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=LEEWAY_SECONDS,
        )
        return Caller(str(claims["sub"]), role_of(str(claims["role"])), str(claims["sid"]), float(claims["exp"]))
    except (jwt.PyJWTError, ValueError, TypeError):
        raise UnauthenticatedError from None


def new_key() -> bytes:
    """A private key, as PEM."""
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def pem_of(key: Ed25519PublicKey) -> str:
    """As text."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def public_key(pem: str) -> Ed25519PublicKey:
    """Raises ValueError for what is none."""
    key = serialization.load_pem_public_key(pem.encode())
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("is no Ed25519 key")
    return key


def kid_of(key: Ed25519PublicKey) -> str:
    """A key's name: the end of its raw bytes."""
    return key.public_bytes_raw()[-8:].hex()
