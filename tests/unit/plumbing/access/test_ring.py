"""What callers may show: tokens, programs' keys, and what is no longer good, out of a file that changes."""

import hashlib
import time
from pathlib import Path

import pytest

from crossbook.pb.v1.access_pb2 import ROLE_TRACKER, ROLE_VIEWER
from crossbook.plumbing.access.ring import KeyEntry, Ring, RingFile, write_ring
from crossbook.plumbing.access.roles import Caller
from crossbook.plumbing.access.tokens import Signer, new_key
from crossbook.plumbing.errors import SettingsError, UnauthenticatedError

SIGNER = Signer.of(new_key())
SECRET = "s" * 43


def entry(**changed: object) -> KeyEntry:
    return KeyEntry(
        **{"id": "ab", "secret_sha256": hashlib.sha256(SECRET.encode()).hexdigest(), "role": "viewer", **changed}
    )  # type: ignore[arg-type]


def ring(*keys: KeyEntry, revoked: frozenset[str] = frozenset()) -> Ring:
    return Ring([SIGNER.public_pem], keys or [entry()], revoked)


def test_a_key_says_who_its_bearer_is_and_within_what() -> None:
    """By its hash alone."""
    found = ring(entry(role="tracker", venues=["v"])).caller(f"cbk_ab_{SECRET}")
    assert (found.principal, found.role, found.venues) == ("keys/ab", ROLE_TRACKER, {"v"})


@pytest.mark.parametrize("shown", [f"cbk_ab_{SECRET}x", f"cbk_ac_{SECRET}", "cbk_ab_", "cbk_", "cbk", "", "cbk__"])
def test_what_is_no_key_of_ours_is_refused(shown: str) -> None:
    """An empty secret of a key that is not there as well."""
    with pytest.raises(UnauthenticatedError):
        ring().caller(shown)


def test_a_key_of_networks_is_good_from_within_them_alone() -> None:
    """And from nowhere when the address is not known."""
    of_network = ring(entry(networks=["10.0.0.0/8"]))
    assert of_network.caller(f"cbk_ab_{SECRET}", "10.1.2.3").role == ROLE_VIEWER
    for address in ("11.0.0.1", "", "unix:"):
        with pytest.raises(UnauthenticatedError):
            of_network.caller(f"cbk_ab_{SECRET}", address)


def test_what_is_revoked_over_or_gone_is_no_longer_good() -> None:
    """Of a session at once, though its token has minutes left; of a key when it is no longer listed."""
    ann = Caller("users/ann", ROLE_VIEWER, "sessions/1")
    token = SIGNER.token(ann, 600)
    assert ring().is_good(ring().caller(token))
    with pytest.raises(UnauthenticatedError):
        ring(revoked=frozenset({"sessions/1"})).caller(token)
    with pytest.raises(UnauthenticatedError):
        ring(entry(expires_at=time.time() - 1)).caller(f"cbk_ab_{SECRET}")
    assert not ring(entry(id="other")).is_good(ring().caller(f"cbk_ab_{SECRET}"))


def test_a_file_that_changes_is_read_again_and_one_that_breaks_leaves_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a mounted one does."""
    monkeypatch.setattr("crossbook.plumbing.access.ring.LOOK_SECONDS", 0)
    path = tmp_path / "ring.json"
    write_ring(path, ring())
    file = RingFile(path)
    assert file.ring().text() == ring().text()
    write_ring(path, ring(revoked=frozenset({"sessions/1"})))
    assert file.ring().revoked == {"sessions/1"}
    path.write_text("{")
    assert file.ring().revoked == {"sessions/1"}
    with pytest.raises(SettingsError, match="does not read"):
        RingFile(path)
