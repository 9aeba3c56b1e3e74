"""The certificates of a process: read at the start, read again when they change, kept when they make no sense."""

from pathlib import Path

import pytest

from crossbook.plumbing.access.certificates import CertificateFiles, Certificates
from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.settings import TlsSettings
from tests.support.servers.authority import Authority


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def taken(settings: TlsSettings) -> CertificateFiles:
    files = CertificateFiles()
    files.take(settings)
    return files


def test_without_settings_there_are_none() -> None:
    """And no file is looked at."""
    assert taken(TlsSettings()).now() == Certificates()


def test_what_is_there_is_given_as_it_is_until_it_changes(authority: Authority) -> None:
    """The same object, so that nobody reads anew what is not new; then another."""
    settings = authority.settings("one", mutual=True)
    files = taken(settings)
    before = files.now()
    assert before.identity is not None
    assert (before.identity[0], before.client_ca) == (Path(str(settings.certificate_file)).read_bytes(), before.ca)
    assert files.now() is before
    authority.sign("one")
    assert files.now() is not before


def test_a_certificate_whose_key_has_not_come_yet_changes_nothing(authority: Authority, tmp_path: Path) -> None:
    """Two files cannot change at once: what belongs together counts, as soon as it does."""
    files = taken(authority.settings("one"))
    before = files.now()
    certificate, key = authority.sign("next")
    (tmp_path / "one.crt").write_bytes(certificate.read_bytes())
    assert files.now() is before
    (tmp_path / "one.key").write_bytes(key.read_bytes())
    assert files.now().identity == (certificate.read_bytes(), key.read_bytes())


def test_files_that_are_gone_or_broken_change_nothing(authority: Authority, tmp_path: Path) -> None:
    """A process that runs goes on with what it has."""
    files = taken(authority.settings("one"))
    before = files.now()
    (tmp_path / "one.crt").write_text("no certificate")
    assert files.now() is before
    (tmp_path / "one.crt").unlink()
    assert files.now() is before


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ({"certificate_file": "one.crt"}, "set both or none"),
        ({"client_ca_file": "authority.pem"}, "needs tls.certificate_file"),
        ({"ca_file": "nothing"}, "nothing: No such file"),
        ({"ca_file": "one.key"}, "tls.ca_file holds no certificate"),
        ({"certificate_file": "one.key", "key_file": "one.key"}, "tls.certificate_file holds no certificate"),
        ({"certificate_file": "one.crt", "key_file": "one.crt"}, "tls.key_file holds no key"),
        ({"certificate_file": "one.crt", "key_file": "two.key"}, "not the key of"),
    ],
)
def test_at_the_start_what_makes_no_sense_is_a_wrong_setting(
    names: dict[str, str], says: str, authority: Authority, tmp_path: Path
) -> None:
    """In words that say which."""
    authority.sign("one")
    authority.sign("two")
    with pytest.raises(SettingsError, match=says):
        taken(TlsSettings(**{name: tmp_path / file for name, file in names.items()}))
