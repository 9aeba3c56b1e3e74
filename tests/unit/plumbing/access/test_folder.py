"""The folder of secrets: made once, this user's alone, and nothing in it is known to anybody before."""

import stat
import time
from pathlib import Path

import pytest

from crossbook.pb.v1.access_pb2 import ROLE_ADMIN
from crossbook.plumbing.access.folder import LINK_KEY, SIGNING_KEY, open_secrets, temporary_secrets
from crossbook.plumbing.access.ring import Ring
from crossbook.plumbing.errors import SettingsError


def test_secrets_are_made_once_and_differ_from_folder_to_folder(tmp_path: Path) -> None:
    """There is no default: two folders have nothing in common."""
    first, again, other = (open_secrets(tmp_path / name) for name in ("a", "a", "b"))
    assert (first.link_key, first.signer.kid) == (again.link_key, again.signer.kid)
    assert first.link_key != other.link_key
    assert first.signer.kid != other.signer.kid
    for name in (SIGNING_KEY, LINK_KEY):
        assert stat.S_IMODE((tmp_path / "a" / name).stat().st_mode) == 0o600
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == sorted([SIGNING_KEY, LINK_KEY])


@pytest.mark.parametrize("secret", ["", "changeme", "0" * 64])
def test_a_short_or_known_secret_is_refused(tmp_path: Path, secret: str) -> None:
    """Somebody put it there."""
    open_secrets(tmp_path)
    (tmp_path / LINK_KEY).write_text(secret)
    with pytest.raises(SettingsError, match="too short or no secret"):
        open_secrets(tmp_path)


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """They may have."""
    open_secrets(tmp_path)
    (tmp_path / SIGNING_KEY).chmod(0o644)
    with pytest.raises(SettingsError, match="can be read by others"):
        open_secrets(tmp_path)
    (tmp_path / SIGNING_KEY).chmod(0o600)
    (tmp_path / SIGNING_KEY).write_text("no key")
    with pytest.raises(SettingsError, match="no Ed25519 key"):
        open_secrets(tmp_path)


def test_a_code_is_good_for_ten_minutes_and_of_its_folder_alone() -> None:
    """Whatever is changed of it."""
    ours, theirs = temporary_secrets(), temporary_secrets()
    code = ours.code()
    assert ours.is_code(code)
    assert not theirs.is_code(code)
    assert not ours.is_code(code, time.time() + 601)
    assert not any(
        ours.is_code(broken) for broken in ("", "x", code[:-2], "A" + code[1:] if code[0] != "A" else "B" + code[1:])
    )


def test_a_command_that_reads_the_folder_is_an_administrator() -> None:
    """Whoever can read it may do everything anyway."""
    secrets = temporary_secrets()
    caller = Ring([secrets.signer.public_pem]).caller(secrets.local_token())
    assert (caller.principal, caller.role) == ("local", ROLE_ADMIN)


def test_a_refresh_token_always_has_the_same_successor() -> None:
    """And nobody else can say which."""
    secrets = temporary_secrets()
    assert secrets.successor("a") == secrets.successor("a") != secrets.successor("b")
    assert temporary_secrets().successor("a") != secrets.successor("a")
