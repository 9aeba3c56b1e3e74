"""Who the processes of a run are to each other."""

from dataclasses import replace
from pathlib import Path

from crossbook.local.options import UpOptions
from crossbook.local.run.environments import Places, Setup
from crossbook.local.run.identities import Identity, identities_of
from crossbook.local.run.ports import choose_ports
from crossbook.plumbing.settings import load_settings

OPTIONS = UpOptions(venues=["u", "v", "w"], port_base=0, tracker_processes=2)
PLACES = Places(Path("/data/truth.jsonl"), None, access_dir=Path("/data/access"), has_identities=True)


def test_every_process_that_dials_has_one_of_the_least_role() -> None:
    """A tracker's names its own venues; the run's own comes first."""
    setup = Setup(OPTIONS, "127.0.0.1", choose_ports(load_settings(), OPTIONS), PLACES, {})
    assert list(identities_of(setup)) == [
        Identity("up", "operator"),
        Identity("tracker-1", "tracker", ("u", "w")),
        Identity("tracker-2", "tracker", ("v",)),
        Identity("arbitrage", "viewer"),
        Identity("alerts", "viewer"),
        Identity("gateway", "admin"),
    ]
    assert list(identities_of(replace(setup, places=replace(PLACES, has_identities=False)))) == []
