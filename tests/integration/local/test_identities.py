"""The keys of a run's processes on a real Postgres: made anew by each run, known to the ring, told to nobody else."""

from dataclasses import replace
from pathlib import Path

import pytest

from crossbook.local.options import UpOptions
from crossbook.local.run.environments import Places, Setup
from crossbook.local.run.identities import give_identities
from crossbook.local.run.ports import choose_ports
from crossbook.pb.v1.access_pb2 import ROLE_TRACKER
from crossbook.plumbing.access.folder import RING, key_file, prepare_access
from crossbook.plumbing.access.identity import OWN
from crossbook.plumbing.access.ring import RingFile
from crossbook.plumbing.data.migrate import migrate
from crossbook.plumbing.errors import UnauthenticatedError
from crossbook.plumbing.settings import load_settings


async def test_each_run_has_keys_of_its_own(postgres_dsn: str, tmp_path: Path) -> None:
    """Those that the one before it left are no longer good, whether or not the next one asks for keys."""
    await migrate(postgres_dsn)
    prepare_access(tmp_path)
    settings, options = load_settings(), UpOptions(venues=["v", "w"], port_base=0, tracker_processes=1)
    places = Places(tmp_path / "truth", None, access_dir=tmp_path, has_identities=True)
    setup = Setup(options, "127.0.0.1", choose_ports(settings, options), places, {"postgres": postgres_dsn})
    try:
        await give_identities(setup, settings)
        first = key_file(tmp_path, "tracker").read_text().strip()
        found = RingFile(tmp_path / RING).ring().caller(first)
        assert (found.role, found.venues) == (ROLE_TRACKER, {"v", "w"})
        assert OWN.authorization() == f"Bearer {key_file(tmp_path).read_text().strip()}"
        assert key_file(tmp_path).stat().st_mode & 0o077 == 0
        await give_identities(setup, settings)
        second = key_file(tmp_path, "tracker").read_text().strip()
        assert RingFile(tmp_path / RING).ring().caller(second).role == ROLE_TRACKER
        _assert_bad(tmp_path, first)
        await give_identities(replace(setup, places=replace(places, has_identities=False)), settings)
        _assert_bad(tmp_path, second)
        assert not list((tmp_path / "keys").iterdir())
    finally:
        OWN.take(None)


def _assert_bad(folder: Path, shown: str) -> None:
    with pytest.raises(UnauthenticatedError):
        RingFile(folder / RING).ring().caller(shown)
