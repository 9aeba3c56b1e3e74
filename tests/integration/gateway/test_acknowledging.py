"""The page behind a message's Acknowledge link, before real alerts: read by a client, and pressed in a browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.access.folder import open_secrets
from crossbook.plumbing.access.roles import Caller, role_of
from tests.support.alerts.alerts_process import RunningAlerts, running_alerts
from tests.support.alerts.receiver import Receiver
from tests.support.alerts.stand_in_arbitrage import CLOSED, OPENED, StandInArbitrage, event, opportunity
from tests.support.dashboard.chromium import chromium, missing
from tests.support.gateway.running import Gateway, gateway
from tests.support.waiting import eventually

OPPORTUNITY = opportunity("1", "BTC", "krakenfutures", "okx")


@dataclass(frozen=True)
class Told:
    """One group that was told, and the token that its message bears."""

    alerts: RunningAlerts
    gateway: Gateway
    token: str

    async def group(self) -> pb.AlertGroup:
        (group,) = (await self.alerts.stub.ListAlertGroups(pb.ListAlertGroupsRequest())).groups
        return group


@pytest.fixture
async def told(
    postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage, receiver: Receiver, tmp_path: Path
) -> AsyncIterator[Told]:
    """Before a gateway that knows nobody: what may be done here may be done by whoever has the token."""
    async with (
        running_alerts(postgres_dsn, redis_url, arbitrage.port) as alerts,
        _strangers_only(alerts, postgres_dsn, tmp_path) as pages,
    ):
        await alerts.drop_default()
        rule = pb.AlertRule(is_enabled=True, channels=[pb.AlertChannel(id="hook")])
        rule.channels[0].webhook.CopyFrom(pb.WebhookChannel(url=receiver.url(), secrets=["whsec_" + "c3Nz" * 10]))
        for name, milliseconds in (("wait", 100), ("interval", 100), ("close_wait", 200)):
            getattr(rule.grouping, name).FromMilliseconds(milliseconds)
        await alerts.create(rule, "r")
        await arbitrage.tell(event(OPENED, OPPORTUNITY))
        await eventually(lambda: receiver.received)
        yield Told(alerts, pages, receiver.received[0].json["data"]["acknowledge_token"])


@asynccontextmanager
async def _strangers_only(alerts: RunningAlerts, dsn: str, folder: Path) -> AsyncIterator[Gateway]:
    settings = {"access": {"dir": folder}, "postgres_dsn": dsn}
    async with gateway(settings, anonymous_role="none", alerts_targets=[f"127.0.0.1:{alerts.port}"]) as running:
        yield running


async def test_to_open_the_link_changes_nothing(told: Told) -> None:
    """Chats and mail scanners open it: it says what the button does, and bears the token on."""
    page = await told.gateway.web.get("/ack", params={"token": told.token})
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["cache-control"] == "no-store"
    assert f'value="{told.token}"' in page.text
    assert not (await told.group()).HasField("acknowledgement")


async def test_the_button_acknowledges_without_a_log_in(told: Told, tmp_path: Path) -> None:
    """Who and why are kept, and in the audit log, where the token is not."""
    said = {"token": told.token, "author": "Ann <desk>", "comment": "looking"}
    page = await told.gateway.web.post("/ack", data=said)
    assert page.status_code == 200
    assert "BTC krakenfutures/okx: nobody is told again" in page.text
    assert "<form" not in page.text.replace('<form method="post" action="/ack" hidden>', "")
    kept = (await told.group()).acknowledgement
    assert (kept.author, kept.comment) == ("Ann <desk>", "looking")
    admin = open_secrets(tmp_path).signer.token(Caller("a", role_of("admin"), "sessions/a"), 600)
    audit = (await told.gateway.web.get("/api/audit", headers={"authorization": f"Bearer {admin}"})).json()
    (line,) = audit["entries"]
    assert (line["method"], line["outcome"]) == ("crossbook.v1.AlertService/AcknowledgeAlertGroup", "OK")
    assert told.token not in str(audit)


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"token": "not.a.token"}, 400, "token"),
        ({"token": ""}, 400, "token"),
        ({"author": ""}, 400, "author"),
        ({"author": "x" * 101}, 400, "author"),
        ({"comment": "\x00"}, 400, "comment"),
    ],
)
async def test_what_is_wrong_is_said_beside_what_was_typed(
    told: Told, change: dict[str, str], status: int, says: str
) -> None:
    """As words in the page, escaped; and nothing is acknowledged."""
    said = {"token": told.token, "author": "<b>Ann</b>", "comment": "looking", **change}
    page = await told.gateway.web.post("/ack", data=said)
    assert page.status_code == status, page.text
    assert says in page.text
    assert "<b>" not in page.text
    assert not (await told.group()).HasField("acknowledgement")


async def test_what_no_form_of_ours_sends_is_refused(told: Told) -> None:
    """Bytes that are no text, many fields, another verb."""
    for body in (b"token=%ff\xff", b"&".join(b"a%d=1" % number for number in range(100))):
        assert (await told.gateway.web.post("/ack", content=body)).status_code == 400
    answer = await told.gateway.web.delete("/ack")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


async def test_a_group_that_is_over_needs_nobody(told: Told, arbitrage: StandInArbitrage) -> None:
    """The page says so."""
    await arbitrage.tell(event(CLOSED, OPPORTUNITY, after_seconds=1))

    async def is_over() -> bool:
        return (await told.group()).HasField("close_time")

    await eventually(is_over)
    await eventually(lambda: _status(told, 409))


async def _status(told: Told, status: int) -> bool:
    page = await told.gateway.web.post("/ack", data={"token": told.token, "author": "ann", "comment": ""})
    return page.status_code == status and "closed" in page.text


@pytest.mark.skipif(bool(missing()), reason=missing())
async def test_it_is_pressed_in_a_browser(told: Told) -> None:
    """Whose form says where it is from, though no address of ours is told to others."""
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": 360, "height": 640})
        await page.goto(f"http://127.0.0.1:{told.gateway.http_port}/ack?token={told.token}")
        await page.get_by_label("Who you are").fill("ann")
        await page.get_by_role("button", name="Acknowledge").click()
        await page.get_by_role("heading", name="Acknowledged").wait_for()
        assert await page.get_by_role("button").count() == 0
    assert (await told.group()).acknowledgement.author == "ann"
