"""What each process of one machine is told."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from crossbook.local.options import UpOptions
from crossbook.local.run.environments import Environment, Places, Setup, environment_of
from crossbook.local.run.ports import choose_ports
from crossbook.local.services import service_named
from crossbook.plumbing.settings import Settings, load_settings

PLACES = Places(Path("/data/truth.jsonl"), Path("/data/recordings/1"), Path("/data/shards.json"))
OPTIONS = UpOptions(
    venues=["binance", "okx"],
    assets=["BTC"],
    seed=9,
    window_seconds=5,
    duration_seconds=60,
    port_base=41000,
    tracker_processes=1,
)
PROCESSES = ("tracker", "aggregator", "arbitrage", "alerts", "simulator")


SERVERS = {"postgres": "postgresql://crossbook:secret@127.0.0.1:5432/postgres", "redis": "redis://h:6379/0"}


def setup_of(options: UpOptions = OPTIONS, places: Places = PLACES) -> Setup:
    return Setup(options, "127.0.0.1", choose_ports(load_settings(), options), places, SERVERS)


def told(setup: Setup, process: str) -> Environment:
    """What the process of this name is told."""
    endpoint = next(endpoint for endpoint in setup.ports.endpoints if endpoint.name == process)
    return environment_of(setup, service_named(process), endpoint)


def settings_of(monkeypatch: pytest.MonkeyPatch, environment: Environment) -> Settings:
    """What a process started with it reads."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def test_services_find_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is told where the one upstream or downstream listens."""
    setup = setup_of()
    for process in ("aggregator", "arbitrage", "alerts", "tracker"):
        settings = settings_of(monkeypatch, told(setup, process))
    assert settings.aggregator.port == setup.ports.one("aggregator").port == 41001
    assert settings.arbitrage.shards_file == settings.tracker.shards_file == PLACES.shards_file
    assert settings.alerts.shards_file == PLACES.shards_file
    assert settings.alerts.tracker_targets == [setup.ports.one("tracker").target("127.0.0.1")]
    assert settings.alerts.arbitrage_targets == [setup.ports.one("arbitrage").target("127.0.0.1")]
    assert settings.aggregator.window_seconds == 5
    assert settings.postgres_dsn is not None
    assert "secret" in settings.postgres_dsn.get_secret_value()


def test_simulated_venues_are_reached_at_the_simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    """And nowhere else."""
    setup = setup_of()
    settings = settings_of(monkeypatch, told(setup, "tracker"))
    assert settings.tracker.venues == ["binance", "okx"]
    assert settings.tracker.assets == ["BTC"]
    assert set(settings.tracker.endpoints) == {"binance", "okx"}
    port = setup.ports.one("simulator").port
    assert settings.tracker.endpoints["okx"].websocket_url == f"ws://127.0.0.1:{port}/okx"
    assert settings.tracker.endpoints["okx"].rest_url == f"http://127.0.0.1:{port}/okx"


def test_real_venues_keep_their_own_addresses() -> None:
    """No override is given."""
    environment = told(setup_of(replace(OPTIONS, is_live=True)), "tracker")
    assert "CROSSBOOK_TRACKER__ENDPOINTS" not in environment


def test_the_simulator_knows_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its seed, its end, where to write the truth, what to break and what to play."""
    options = replace(OPTIONS, faults="okx:cut@5s", play=Path("recording"), speed=0.0)
    settings = settings_of(monkeypatch, told(setup_of(options), "simulator")).simulator
    assert (settings.seed, settings.duration_seconds, settings.speed) == (9, 60, 0)
    assert settings.truth_file == PLACES.truth_file
    assert settings.faults == "okx:cut@5s"
    assert settings.play == Path("recording").resolve()
    assert settings.venues == ["binance", "okx"]


def test_endpoints_are_json() -> None:
    """Nested settings are read as JSON."""
    text = told(setup_of(), "tracker")["CROSSBOOK_TRACKER__ENDPOINTS"]
    assert set(json.loads(text)["okx"]) == {"websocket_url", "rest_url"}


def test_each_of_several_shards_has_its_name_and_its_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a file they are listed for trackers and arbitrage alike."""
    setup = setup_of(replace(OPTIONS, shards=2), replace(PLACES, shards_file=None))
    for shard in ("a", "b"):
        own = settings_of(monkeypatch, told(setup, f"aggregator-{shard}")).aggregator
        assert own.shard == shard
        assert setup.ports.shards("h")[shard] == f"h:{own.port}"
    listed = {"a": "127.0.0.1:41001", "b": "127.0.0.1:41021"}
    for process in ("arbitrage", "tracker"):
        settings = settings_of(monkeypatch, told(setup, process))
    assert settings.arbitrage.shards == settings.tracker.shards == listed


def test_the_servers_are_told_to_those_that_need_them() -> None:
    """A password is with nobody else."""
    setup = setup_of()
    with_postgres = {name for name in PROCESSES if "CROSSBOOK_POSTGRES_DSN" in told(setup, name)}
    with_redis = {name for name in PROCESSES if "CROSSBOOK_REDIS_URL" in told(setup, name)}
    assert with_postgres == {"aggregator", "arbitrage", "alerts"}
    assert with_redis == {"arbitrage", "alerts"}


def test_venues_are_dealt_out_in_turn() -> None:
    """Each to one tracker."""
    setup = setup_of(replace(OPTIONS, venues=["a", "b", "c"], tracker_processes=2))
    shares = [told(setup, name)["CROSSBOOK_TRACKER__VENUES"] for name in ("tracker-1", "tracker-2")]
    assert shares == ["a,c", "b"]


def test_every_tracker_keeps_what_is_not_committed_in_the_one_spool(monkeypatch: pytest.MonkeyPatch) -> None:
    """Venues may be dealt out otherwise in the next run."""
    places = replace(PLACES, spool_dir=Path("/data/spool"))
    assert settings_of(monkeypatch, told(setup_of(places=places), "tracker")).tracker.spool_dir == Path("/data/spool")


def test_each_process_shows_a_key_of_its_own_where_one_is_asked_for() -> None:
    """In a file that bears its name; who dials nobody has none, and without identities nobody has."""
    places = replace(PLACES, access_dir=Path("/data/access"))
    options = replace(OPTIONS, tracker_processes=2)
    named = "CROSSBOOK_ACCESS__TOKEN_FILE"
    setup = setup_of(options, replace(places, has_identities=True))
    shown = {name: told(setup, name).get(named) for name in ("tracker-2", "gateway", "aggregator", "simulator")}
    keys = {name: f"/data/access/keys/{name}.key" for name in ("tracker-2", "gateway")}
    assert shown == {**keys, "aggregator": None, "simulator": None}
    assert not any(named in told(setup_of(options, places), name) for name in ("tracker-1", "gateway", "alerts"))
