"""`crossbook up` for a minute: from simulated sockets to delivered alerts, everything on one machine."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import grpc
from standardwebhooks.webhooks import Webhook

from crossbook.local.servers.postgres import embedded_postgres
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1.alerts_pb2_grpc import AlertServiceStub
from crossbook.plumbing.grpc.channel import open_channel
from tests.support.alerts.alerts_process import INHIBITIONS
from tests.support.alerts.receiver import Receiver, receiving
from tests.support.local.system import ALL_VENUES, System, instruments_of
from tests.support.tracker.recordings import assert_windows_equal

WINDOW_SECONDS = 5
DURATION_SECONDS = 64  # longer than a minute, so that a minute ends in it, whenever it begins
SECRET = "whsec_" + "c3RhbmRhcmQtd2ViaG9va3MtdGVzdC1rZXk="
RULE = "alertRules/hook"
LIMIT = 3


async def test_a_minute_of_everything(tmp_path: Path) -> None:
    """Every venue LIVE, windows exact, every planted episode found and no other, each alert delivered once, exit 0."""
    options = ["--duration", f"{DURATION_SECONDS}s", "--window-seconds", str(WINDOW_SECONDS), "--record", "--seed", "3"]
    options += ["--venues", "all"]
    async with (
        receiving() as receiver,
        System(tmp_path, *options, CROSSBOOK_ALERTS__ALLOW_PRIVATE_TARGETS="true") as system,
    ):
        await system.until(lambda: any(name.startswith("tracker") for name in system.processes()))
        async with open_channel(system.address("alerts")) as channel:
            await _add_hook(channel, receiver)
            await _assert_commands_work(system)
            assert await system.ended(DURATION_SECONDS + 120) == 0
    report = system.summary()
    _assert_venues(report)
    _assert_opportunities(report)
    _assert_alerts(report, receiver)
    assert {process["exit_code"] for process in report["processes"].values()} == {0}
    assert sum(process["restarts"] for process in report["processes"].values()) == 0
    assert system.output().startswith(f"Crossbook is SIMULATED: {', '.join(ALL_VENUES)}, seed 3")
    assert not (tmp_path / "run.json").exists()
    async with embedded_postgres(tmp_path / "postgres") as dsn:
        written = [assert_windows_equal(dsn, tmp_path, venue, WINDOW_SECONDS) for venue in ALL_VENUES]
    assert report["windows"]["snapshots_written"] == sum(map(len, written))
    assert report["windows"]["minutes_written"] >= 20 * len(ALL_VENUES)
    assert report["windows"]["incomplete"] == 0


def _assert_venues(report: dict[str, Any]) -> None:
    assert report["mode"] == "simulated"
    assert tuple(report["venues"]) == ALL_VENUES
    for name, venue in report["venues"].items():
        assert (venue["state"], venue["instruments"]) == ("LIVE", instruments_of(name))
        assert (venue["gaps"], venue["parse_errors"], venue["reconnects"]) == (0, 0, 0)
        assert venue["frames"] >= venue["quotes"] > 1000


def _assert_opportunities(report: dict[str, Any]) -> None:
    truth = report["ground_truth"]
    assert truth["planted"] >= 3
    assert truth["detected"] == truth["planted"]
    assert truth["false"] == 0
    assert report["opportunities"]["opened"] == report["opportunities"]["closed"] >= truth["detected"]


def _assert_alerts(report: dict[str, Any], receiver: Receiver) -> None:
    """The hook's rule told one by one, the console's, which is there from the start, in groups."""
    alerts = report["alerts"]
    assert alerts["failed"] == 0
    for received in receiver.received:
        Webhook(SECRET).verify(received.body, received.headers)
    ids = [received.headers["webhook-id"] for received in receiver.received]
    assert len(ids) == len(set(ids)) > 0
    assert alerts["fired"] >= 2 * len(ids)
    assert alerts["delivered"] > len(ids)


async def _assert_commands_work(system: System) -> None:
    """`crossbook watch` and `crossbook explain` beside a run."""
    quotes = [json.loads(line) for line in await _crossbook(system, "aggregator", "watch", "quotes", "--assets", "BTC")]
    assert len(quotes) == LIMIT
    assert {message["quote"]["asset"] for message in quotes} == {"BTC"}
    opportunities = [json.loads(line) for line in await _crossbook(system, "arbitrage", "watch", "opportunities")]
    assert opportunities[0]["kind"] == "OPPORTUNITY_EVENT_KIND_OPENED"
    alerts = [json.loads(line) for line in await _crossbook(system, "alerts", "watch", "alerts")]
    assert all(message["alert"]["rule"].startswith("alertRules/") for message in alerts)
    (explained,) = await _crossbook(system, "arbitrage", "explain", "BTC", "binance", "okx")
    assert json.loads(explained)["opportunity"]["buy"]["venue"] == "binance"
    (explained,) = await _crossbook(system, "arbitrage", "explain", "BTC", "binance", "paradex")
    conversion = json.loads(explained)["opportunity"][
        "conversion"
    ]  # dollars become USDC by the setting, then by a market
    assert (conversion["from_currency"], conversion["to_currency"]) == ("USD", "USDT")
    assert 0.9995 < conversion["rate"] < 1
    assert conversion["is_assumed"]
    assert "age" in conversion


async def _crossbook(system: System, service: str, *command: str) -> list[str]:
    """The lines of JSON that a command prints."""
    limit = ["--limit", str(LIMIT)] if command[0] == "watch" else []
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "crossbook", *command, *limit, "--json", "--target", system.address(service)),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await asyncio.wait_for(process.communicate(), DURATION_SECONDS)
    assert process.returncode == 0
    return output.decode().splitlines()


async def _add_hook(channel: grpc.aio.Channel, receiver: Receiver) -> None:
    hook = pb.AlertChannel(id="hook", webhook=pb.WebhookChannel(url=receiver.url(), secrets=[SECRET]))
    rule = pb.AlertRule(display_name="hook", is_enabled=True, channels=[hook])
    rule.grouping.by.append(pb.ALERT_GROUP_BY_NONE)
    rule.ignored_inhibitions.extend(INHIBITIONS)
    request = pb.CreateAlertRuleRequest(alert_rule_id="hook", alert_rule=rule)
    created = await AlertServiceStub(channel).CreateAlertRule(request, timeout=10, wait_for_ready=True)
    assert created.alert_rule.name == RULE
