"""Access tokens: what is signed by one of ours is believed, and nothing else, however it looks."""

import base64
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crossbook.pb.v1.access_pb2 import ROLE_OPERATOR
from crossbook.plumbing.access.roles import Caller
from crossbook.plumbing.access.tokens import Signer, check, kid_of, new_key, public_key
from crossbook.plumbing.errors import UnauthenticatedError

SIGNER = Signer.of(new_key())
KEYS = {SIGNER.kid: public_key(SIGNER.public_pem)}
ANN = Caller("users/ann", ROLE_OPERATOR, "sessions/1")


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    good = {
        "iss": "crossbook",
        "aud": "crossbook",
        "sub": "users/ann",
        "sid": "sessions/1",
        "role": "operator",
        "iat": now,
        "exp": now + 60,
        "jti": "1",
    }
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def signed(key: Any = SIGNER.key, algorithm: str = "EdDSA", kid: str = SIGNER.kid, **changed: Any) -> str:
    return jwt.encode(claims(**changed), key, algorithm, {"kid": kid})


def with_header(token: str, **changed: Any) -> str:
    head, rest = token.split(".", 1)
    header = json.loads(base64.urlsafe_b64decode(head + "=="))
    return base64.urlsafe_b64encode(json.dumps({**header, **changed}).encode()).decode().rstrip("=") + "." + rest


def test_a_token_says_who_its_bearer_is() -> None:
    """And until when."""
    found = check(SIGNER.token(ANN, 60), KEYS)
    assert (found.principal, found.role, found.credential) == ("users/ann", ROLE_OPERATOR, "sessions/1")
    assert found.expires_at is not None
    assert 0 < found.expires_at - time.time() <= 60


def foreign() -> tuple[Ed25519PrivateKey, str]:
    key = Ed25519PrivateKey.generate()
    return key, kid_of(key.public_key())


FOREIGN_KEY, FOREIGN_KID = foreign()
BROKEN = {
    "no token": "x",
    "nothing": "",
    "algorithm none": with_header(signed(), alg="none"),
    "no signature": signed().rsplit(".", 1)[0] + ".",
    "signed by the public key as a secret": jwt.encode(
        claims(), SIGNER.public_pem.encode().replace(b"PUBLIC KEY", b"X" * 10), "HS256", {"kid": SIGNER.kid}
    ),
    "another's key under our name": signed(FOREIGN_KEY),
    "another's key under its own name": signed(FOREIGN_KEY, kid=FOREIGN_KID),
    "a header that must be understood": with_header(signed(), crit=["exp"], exp=1),
    "another payload": ".".join(
        [signed().split(".")[0], signed(role="admin", jti="2").split(".")[1], signed().split(".")[2]]
    ),
    "issued in the future": signed(iat=int(time.time()) + 600),
    "over": signed(exp=int(time.time()) - 60),
    "another issuer": signed(iss="somebody"),
    "another audience": signed(aud="other"),
    "no audience": signed(aud=None),
    "no end": signed(exp=None),
    "no session": signed(sid=None),
    "no role that there is": signed(role="king"),
    "too long": signed(sub="x" * 5_000),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_with_a_token_is_never_told(case: str) -> None:
    """Every one of them is refused with the same words."""
    with pytest.raises(UnauthenticatedError) as refused:
        check(BROKEN[case], KEYS)
    assert str(refused.value) == "the token or key is not good"


def test_what_is_no_key_is_refused() -> None:
    """A key of another kind would be used with another algorithm."""
    with pytest.raises((ValueError, TypeError)):
        Signer.of(b"no key")
    with pytest.raises((ValueError, TypeError)):
        public_key("no key")
