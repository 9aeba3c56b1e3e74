"""Alerting rules, their runbooks and Grafana's boards speak of what our services really show."""

import asyncio
import json
import re
from functools import partial
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from prometheus_client.registry import Collector

from crossbook._core import Plane, QuoteHub, WallClock
from crossbook.aggregator import counters as of_aggregator
from crossbook.aggregator.fanout import Fanout
from crossbook.aggregator.intake import Intake
from crossbook.aggregator.metrics import AggregatorCollector
from crossbook.aggregator.venue import Venue
from crossbook.aggregator.venues import Venues
from crossbook.alerts.counters import Counters as AlertCounters
from crossbook.alerts.metrics import AlertsCollector
from crossbook.arbitrage.facts.follower import FactFollower
from crossbook.arbitrage.metrics import ArbitrageCollector
from crossbook.arbitrage.shard_follower import ShardFollower
from crossbook.arbitrage.store.events import EventStore
from crossbook.arbitrage.tuning import scanner_arguments
from crossbook.gateway.counters import Counters as GatewayCounters
from crossbook.gateway.metrics import GatewayCollector
from crossbook.gateway.shards import ShardBoard
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.data.postgres import Pool, open_pool
from crossbook.plumbing.grpc.call_limits import REFUSED_CALLS
from crossbook.plumbing.metrics import REFUSED_SCRAPES
from crossbook.plumbing.plane.thread import PlaneThread
from crossbook.plumbing.settings import AggregatorSettings, ArbitrageSettings
from crossbook.plumbing.tasks import RESTARTS
from crossbook.plumbing.timestamps import SECOND_NS
from crossbook.tracker.metrics import TrackerCollector
from crossbook.tracker.venue.local_clock import LocalClock
from tests.support.aggregator.memory_store import MemoryStore
from tests.support.arbitrage.watching import WatchedScan
from tests.support.deploy.scripts import script

ROOT = Path(__file__).parents[3]
FILES = ROOT / "deploy/helm/crossbook/files"
RULES = (FILES / "rules.yaml").read_text()
BOARDS = sorted((FILES / "boards").glob("*.json"))
NAME = re.compile(r"\b(?:crossbook|process)_[a-z0-9_]+")
ALERT = re.compile(r"- alert: (\w+)\n\s+expr: (.*)\n(?:.*\n){0,5}?\s+runbook: (\S+)")


def collectors(pool: Pool) -> list[Collector]:
    """Of every service, as its process registers them."""
    counters, hub, stopping = of_aggregator.Counters(), QuoteHub(), asyncio.Event()
    make = partial(Venue, window_seconds=15, hub=hub, store=MemoryStore(), counters=counters, clock=Clock())
    intake = Intake(AggregatorSettings(), Venues(make, lambda name, run: None), hub, counters, stopping, Clock())
    live = WatchedScan(scanner_arguments(ArbitrageSettings()), store=EventStore(pool, Clock()))
    return [
        TrackerCollector(LocalClock(SECOND_NS)),
        AggregatorCollector(counters, intake, Fanout(hub, stopping)),
        ArbitrageCollector(
            live, ShardFollower({}, live, PlaneThread(Plane())), FactFollower(dict, live.on_facts, live.clock)
        ),
        AlertsCollector(AlertCounters()),
        GatewayCollector(GatewayCounters(ShardBoard({}, WallClock(), PlaneThread(Plane())))),
        REGISTRY,  # what a process has whatever it serves
    ]


@pytest.fixture
async def exposed() -> set[str]:
    """The names of all series that our services show; what every process counts is imported by it."""
    assert {one._name + "_total" for one in (REFUSED_CALLS, REFUSED_SCRAPES, RESTARTS)} <= set(
        REGISTRY._names_to_collectors
    )
    endings = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
    pool = await open_pool("postgresql://nobody@127.0.0.1:1/none")  # never asked
    try:
        return {
            metric.name + ending
            for collector in collectors(pool)
            for metric in collector.collect()
            for ending in endings.get(metric.type, ("",))
        }
    finally:
        await pool.close()


def queries() -> dict[str, str]:
    """PromQL of every panel, by board and title, and of every rule."""
    found = {f"rule {number}": line for number, line in enumerate(re.findall(r"expr: (.*)", RULES))}
    for board in BOARDS:
        for panel in json.loads(board.read_text())["panels"]:
            found |= {f"{board.stem}, {panel['title']}, {one['refId']}": one["expr"] for one in panel["targets"]}
    return found


async def test_every_series_that_a_rule_or_a_panel_asks_for_is_shown(exposed: set[str]) -> None:
    """One that was renamed would leave a rule silent for ever. What is recorded is there, too."""
    recorded = set(re.findall(r"record: (\S+)", RULES))
    unknown = {
        where: sorted(names)
        for where, query in queries().items()
        if (names := set(NAME.findall(query)) - exposed | set(re.findall(r"crossbook:[a-z0-9_:]+", query)) - recorded)
    }
    assert unknown == {}
    assert len(queries()) > 70


def test_every_alert_has_its_runbook() -> None:
    """A section of that name, in the page of its service, which quotes the rule; and a row in the list of them."""
    alerts = ALERT.findall(RULES)
    assert len(alerts) == RULES.count("- alert:") > 30
    listed = (ROOT / "docs/runbooks/README.md").read_text()
    for name, query, runbook in alerts:
        page, _, anchor = runbook.partition("#")
        assert anchor == name.lower()
        section = (ROOT / page).read_text().partition(f"## {name}\n")[2].partition("\n## ")[0]
        assert f"`{query}`" in section, name
        assert all(f"**How to {what}.**" in section for what in ("look", "mend")), name
        assert f"[{name}]({Path(page).name}#{anchor})" in listed


def test_boards_are_those_of_the_table() -> None:
    """Each asks for its data source, imports without a question, and keeps its address."""
    assert {board.name: board.read_text() for board in BOARDS} == script("deploy/helm/boards.py").boards()
    for board in map(json.loads, (one.read_text() for one in BOARDS)):
        assert "__inputs" not in board
        assert board["uid"].startswith("crossbook-")
        assert {panel["datasource"]["uid"] for panel in board["panels"]} == {"${datasource}"}
