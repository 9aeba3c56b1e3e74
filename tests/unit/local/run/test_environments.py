"""What each process of one machine is told."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from crossbook.local.options import UpOptions
from crossbook.local.run.environments import Environment, Environments, Places
from crossbook.local.run.ports import Ports, choose_ports
from crossbook.plumbing.settings import Settings, load_settings

PLACES = Places(Path("/data/truth.jsonl"), Path("/data/recordings/1"), Path("/data/shards.json"))
OPTIONS = UpOptions(venues=["binance", "okx"], assets=["BTC"], seed=9, window_seconds=5, duration_seconds=60)


def ports() -> Ports:
    return choose_ports(load_settings(), 1, 41000)


def environments(options: UpOptions = OPTIONS) -> Environments:
    return Environments(
        options,
        "127.0.0.1",
        ports(),
        PLACES,
        "postgresql://crossbook:secret@127.0.0.1:5432/postgres",
        "redis://h:6379/0",
    )


def settings_of(monkeypatch: pytest.MonkeyPatch, environment: Environment) -> Settings:
    """What a process started with it reads."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def test_services_find_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is told where the one upstream or downstream listens."""
    made, where = environments(), ports()
    for environment in (
        made.aggregator("main"),
        made.arbitrage(),
        made.alerts(),
        made.tracker(where.trackers[0], ["okx"]),
    ):
        settings = settings_of(monkeypatch, environment)
    assert settings.aggregator.port == where.aggregators["main"].port
    assert settings.arbitrage.shards_file == settings.tracker.shards_file == PLACES.shards_file
    assert settings.alerts.arbitrage_targets == [where.arbitrage.target("127.0.0.1")]
    assert settings.aggregator.window_seconds == 5
    assert settings.postgres_dsn is not None
    assert "secret" in settings.postgres_dsn.get_secret_value()


def test_simulated_venues_are_reached_at_the_simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    """And nowhere else."""
    where = ports()
    settings = settings_of(monkeypatch, environments().tracker(where.trackers[0], ["binance", "okx"]))
    assert settings.tracker.venues == ["binance", "okx"]
    assert settings.tracker.assets == ["BTC"]
    assert set(settings.tracker.endpoints) == {"binance", "okx"}
    assert settings.tracker.endpoints["okx"].websocket_url == f"ws://127.0.0.1:{where.simulator.port}/okx"
    assert settings.tracker.endpoints["okx"].rest_url == f"http://127.0.0.1:{where.simulator.port}/okx"


def test_real_venues_keep_their_own_addresses() -> None:
    """No override is given."""
    environment = environments(replace(OPTIONS, is_live=True)).tracker(ports().trackers[0], ["okx"])
    assert "CROSSBOOK_TRACKER__ENDPOINTS" not in environment


def test_the_simulator_knows_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its seed, its end, where to write the truth, what to break and what to replay."""
    options = replace(OPTIONS, faults="okx:cut@5s", replay=Path("recording"), speed=0.0)
    settings = settings_of(monkeypatch, environments(options).simulator()).simulator
    assert (settings.seed, settings.duration_seconds, settings.speed) == (9, 60, 0)
    assert settings.truth_file == PLACES.truth_file
    assert settings.faults == "okx:cut@5s"
    assert settings.replay == Path("recording").resolve()
    assert settings.venues == ["binance", "okx"]


def test_endpoints_are_json() -> None:
    """Nested settings are read as JSON."""
    text = environments().tracker(ports().trackers[0], ["okx"])["CROSSBOOK_TRACKER__ENDPOINTS"]
    assert set(json.loads(text)["okx"]) == {"websocket_url", "rest_url"}


def test_each_of_several_shards_has_its_name_and_its_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a file they are listed for trackers and arbitrage alike."""
    where = choose_ports(load_settings(), 1, 41000, shards=2)
    places = replace(PLACES, shards_file=None)
    made = Environments(OPTIONS, "127.0.0.1", where, places, "postgresql://h/d", "redis://h:6379/0")
    for shard in ("a", "b"):
        own = settings_of(monkeypatch, made.aggregator(shard)).aggregator
        assert (own.shard, own.port) == (shard, where.aggregators[shard].port)
    listed = {"a": "127.0.0.1:41001", "b": "127.0.0.1:41011"}
    for environment in (made.arbitrage(), made.tracker(where.trackers[0], ["okx"])):
        settings = settings_of(monkeypatch, environment)
    assert settings.arbitrage.shards == settings.tracker.shards == listed
