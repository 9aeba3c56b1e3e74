"""Rules over gRPC: created, read, listed, changed, removed; every mistake names its field; secrets never come back."""

import base64
import math
from collections.abc import AsyncIterator, Awaitable, Callable

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from crossbook.pb.v1 import alerts_pb2 as pb
from tests.support.alerts.alerts_process import CALL_SECONDS, RunningAlerts, running_alerts
from tests.support.alerts.receiver import Answer, receiving

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
NEW_SECRET = "whsec_" + base64.b64encode(b"n" * 32).decode()
URL = "https://hooks.example.com/a"


@pytest.fixture
async def replica(postgres_dsn: str, redis_url: str, free_port: int) -> AsyncIterator[RunningAlerts]:
    """One that knows no private target, and no arbitrage."""
    async with running_alerts(
        postgres_dsn, redis_url, free_port, is_ready=False, allow_private_targets=False
    ) as running:
        await running.channel.channel_ready()
        yield running


def console(**fields: object) -> pb.AlertRule:
    channels = [pb.AlertChannel(id="out", console=pb.ConsoleChannel())]
    return pb.AlertRule(**{"channels": channels, **fields})  # type: ignore[arg-type]


def with_channel(**kind: object) -> pb.AlertRule:
    return pb.AlertRule(channels=[pb.AlertChannel(id="a", **kind)])  # type: ignore[arg-type]


def template(**fields: object) -> pb.AlertRule:
    return with_channel(template=pb.TemplateChannel(**{"url": URL, "template": "{}", **fields}))  # type: ignore[arg-type]


def webhook(url: str = URL, secrets: tuple[str, ...] = (SECRET,)) -> pb.AlertRule:
    return with_channel(webhook=pb.WebhookChannel(url=url, secrets=secrets))


async def violations(call: Awaitable[object]) -> list[str]:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    assert raised.value.code() == grpc.StatusCode.INVALID_ARGUMENT, raised.value.details()
    status = rpc_status.from_call(raised.value)
    assert status is not None
    details = error_details_pb2.BadRequest()
    assert status.details[0].Unpack(details)
    return [violation.field for violation in details.field_violations]


async def code(call: Awaitable[object]) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    return raised.value.code()


CHANNEL = "alert_rule.channels[0]"
BAD_RULES = [
    (console(min_net_percent=-0.1), "alert_rule.min_net_percent"),
    (console(min_gross_percent=math.nan), "alert_rule.min_gross_percent"),
    (console(min_notional=math.inf), "alert_rule.min_notional"),
    (console(venues=["binance", "nowhere"]), "alert_rule.venues[1]"),
    (console(venues=["binance"]), "alert_rule.venues"),
    (console(symbols=["BTC/USDT:USDT", ""]), "alert_rule.symbols[1]"),
    (console(assets=[" BTC"]), "alert_rule.assets[0]"),
    (console(trigger=77), "alert_rule.trigger"),
    (console(display_name="a\nb"), "alert_rule.display_name"),
    (console(cooldown=Duration(seconds=-1)), "alert_rule.cooldown"),
    (console(cooldown=Duration(seconds=1, nanos=-1)), "alert_rule.cooldown"),
    (console(min_life=Duration(seconds=10**9)), "alert_rule.min_life"),
    (console(trigger=pb.ALERT_TRIGGER_SNAPSHOT, min_life=Duration(seconds=1)), "alert_rule.min_life"),
    (console(trigger=pb.ALERT_TRIGGER_MINUTE, min_notional=1), "alert_rule.min_notional"),
    (pb.AlertRule(), "alert_rule.channels"),
    (with_channel(), CHANNEL),
    (pb.AlertRule(channels=[pb.AlertChannel(id="No", console=pb.ConsoleChannel())]), f"{CHANNEL}.id"),
    (console(channels=[*console().channels, *console().channels]), "alert_rule.channels[1].id"),
    (with_channel(console=pb.ConsoleChannel(format=9)), f"{CHANNEL}.console.format"),  # type: ignore[arg-type]
    (webhook(url="ftp://example.com"), f"{CHANNEL}.webhook.url"),
    (webhook(url="https://me:pw@example.com/"), f"{CHANNEL}.webhook.url"),
    (webhook(url="http://"), f"{CHANNEL}.webhook.url"),
    (webhook(url="http://127.0.0.1/"), f"{CHANNEL}.webhook.url"),
    (webhook(url="http://[::ffff:10.0.0.1]/"), f"{CHANNEL}.webhook.url"),
    (webhook(url="http://LOCALHOST:80/"), f"{CHANNEL}.webhook.url"),
    (webhook(secrets=()), f"{CHANNEL}.webhook.secrets"),
    (webhook(secrets=("whsec_short",)), f"{CHANNEL}.webhook.secrets[0]"),
    (webhook(secrets=(SECRET, "whsec_***")), f"{CHANNEL}.webhook.secrets[1]"),
    (with_channel(slack=pb.SlackChannel(url="not a url")), f"{CHANNEL}.slack.url"),
    (with_channel(discord=pb.DiscordChannel(url="https://hooks.example.com/***")), f"{CHANNEL}.discord.url"),
    (template(template="{{ alert."), f"{CHANNEL}.template.template"),
    (template(template="not json"), f"{CHANNEL}.template.template"),
    (template(template="{% for i in alert %}{% endfor %}{}"), f"{CHANNEL}.template.template"),
    (template(headers={"Host": "x"}), f"{CHANNEL}.template.headers"),
    (template(headers={"X-Key": "a\r\nb"}), f"{CHANNEL}.template.headers[X-Key]"),
]


@pytest.mark.parametrize(("rule", "field"), BAD_RULES, ids=range(len(BAD_RULES)))
async def test_a_bad_rule_names_its_field(replica: RunningAlerts, rule: pb.AlertRule, field: str) -> None:
    assert await violations(replica.create(rule)) == [field]


async def test_every_mistake_is_named_at_once(replica: RunningAlerts) -> None:
    bad = console(min_net_percent=-1, trigger=99, channels=[])
    assert set(await violations(replica.create(bad))) == {
        "alert_rule.min_net_percent",
        "alert_rule.trigger",
        "alert_rule.channels",
    }


async def test_bad_requests_name_their_field(replica: RunningAlerts) -> None:
    stub = replica.stub
    bad: list[tuple[Callable[[], Awaitable[object]], str]] = [
        (lambda: replica.create(console(), "Bad Id"), "alert_rule_id"),
        (lambda: stub.GetAlertRule(pb.GetAlertRuleRequest(name="rules/x")), "name"),
        (lambda: stub.DeleteAlertRule(pb.DeleteAlertRuleRequest(name="")), "name"),
        (lambda: stub.UpdateAlertRule(pb.UpdateAlertRuleRequest()), "alert_rule.name"),
        (lambda: stub.ListAlertRules(pb.ListAlertRulesRequest(page_size=-1)), "page_size"),
        (lambda: stub.ListAlertRules(pb.ListAlertRulesRequest(page_token="x")), "page_token"),
        (lambda: stub.ListAlerts(pb.ListAlertsRequest(page_size=1001)), "page_size"),
        (lambda: stub.ListAlerts(pb.ListAlertsRequest(rule="x")), "rule"),
        (lambda: stub.ListAlerts(pb.ListAlertsRequest(assets=[""])), "assets[0]"),
        (lambda: stub.ListAlerts(pb.ListAlertsRequest(from_time={"seconds": 10**15})), "from_time"),
        (lambda: stub.RedriveDeliveries(pb.RedriveDeliveriesRequest(alert="x")), "alert"),
        (lambda: stub.CheckAlerts(pb.CheckAlertsRequest(rule="x")), "rule"),
        (lambda: stub.CheckAlerts(pb.CheckAlertsRequest(rule="alertRules/default")), "rule"),
        (lambda: stub.TestAlertChannel(pb.TestAlertChannelRequest()), "channel"),
        (lambda: stub.TestAlertChannel(pb.TestAlertChannelRequest(channel=webhook(secrets=("whsec_***",)).channels[0])),
         "channel.webhook.secrets[0]"),
    ]  # fmt: skip
    for call, field in bad:
        assert await violations(call()) == [field]
    watched = stub.WatchAlerts(pb.WatchAlertsRequest(rule="x"))
    assert await violations(watched.read()) == ["rule"]


async def test_what_is_not_there_is_not_found(replica: RunningAlerts) -> None:
    stub, name = replica.stub, "alertRules/none"
    assert await code(stub.GetAlertRule(pb.GetAlertRuleRequest(name=name))) == grpc.StatusCode.NOT_FOUND
    assert await code(stub.DeleteAlertRule(pb.DeleteAlertRuleRequest(name=name))) == grpc.StatusCode.NOT_FOUND
    update = pb.UpdateAlertRuleRequest(alert_rule=pb.AlertRule(name=name))
    assert await code(stub.UpdateAlertRule(update)) == grpc.StatusCode.NOT_FOUND
    assert await code(stub.CheckAlerts(pb.CheckAlertsRequest(rule=name))) == grpc.StatusCode.NOT_FOUND
    redrive = pb.RedriveDeliveriesRequest(alert="alerts/none")
    assert await code(stub.RedriveDeliveries(redrive)) == grpc.StatusCode.NOT_FOUND


async def test_a_rule_comes_back_as_it_was_created(replica: RunningAlerts) -> None:
    sent = console(
        display_name="Bitcoin, quick",
        is_enabled=True,
        venues=["binance", "okx"],
        symbols=["BTC/USDT:USDT"],
        assets=["BTC"],
        min_net_percent=0.0,
        min_notional=1e-9,
        min_life=Duration(nanos=123_456_789),
        cooldown=Duration(),
    )
    created = await replica.create(sent, "bitcoin")
    got = (await replica.stub.GetAlertRule(pb.GetAlertRuleRequest(name="alertRules/bitcoin"))).alert_rule
    assert got == created
    assert got.etag
    assert got.create_time == got.update_time
    for field in ("name", "etag", "create_time", "update_time"):
        got.ClearField(field)  # type: ignore[arg-type]
    assert got == sent
    assert await code(replica.create(sent, "bitcoin")) == grpc.StatusCode.ALREADY_EXISTS


async def test_rules_are_listed_by_name_in_pages(replica: RunningAlerts) -> None:
    for name in ("c", "a", "b-1", "b"):
        await replica.create(console(), name)
    await replica.drop_default()
    names: list[str] = []
    token = ""
    while True:
        page = await replica.stub.ListAlertRules(pb.ListAlertRulesRequest(page_size=3, page_token=token))
        names += [rule.name for rule in page.alert_rules]
        token = page.next_page_token
        if not token:
            break
    assert names == ["alertRules/a", "alertRules/b", "alertRules/b-1", "alertRules/c"]


async def update(replica: RunningAlerts, rule: pb.AlertRule, mask: list[str] | None = None) -> pb.AlertRule:
    request = pb.UpdateAlertRuleRequest(alert_rule=rule, update_mask=None if mask is None else FieldMask(paths=mask))
    return (await replica.stub.UpdateAlertRule(request, timeout=CALL_SECONDS)).alert_rule


async def test_an_update_changes_what_the_mask_names_and_nothing_else(replica: RunningAlerts) -> None:
    before = await replica.create(console(display_name="x", min_net_percent=1.0, assets=["BTC"]), "r")
    change = pb.AlertRule(name=before.name, is_enabled=True, assets=["ETH"], display_name="ignored")
    after = await update(replica, change, ["is_enabled", "assets", "min_net_percent"])
    assert (after.is_enabled, after.assets, after.display_name) == (True, ["ETH"], "x")
    assert not after.HasField("min_net_percent")
    assert after.etag != before.etag
    assert after.create_time == before.create_time


async def test_an_update_without_a_mask_changes_what_is_set(replica: RunningAlerts) -> None:
    await replica.create(console(display_name="x", is_enabled=True, min_net_percent=1.0), "r")
    after = await update(replica, pb.AlertRule(name="alertRules/r", min_net_percent=0.0))
    assert (after.display_name, after.is_enabled, after.min_net_percent) == ("x", True, 0.0)


async def test_an_update_of_everything_replaces_the_rule(replica: RunningAlerts) -> None:
    await replica.create(console(display_name="x", is_enabled=True, min_net_percent=1.0), "r")
    after = await update(replica, console(name="alertRules/r", display_name="y"), ["*"])
    assert (after.display_name, after.is_enabled, after.HasField("min_net_percent")) == ("y", False, False)


@pytest.mark.parametrize("path", ["etag", "name", "channels.id", "colour"])
async def test_a_mask_that_names_no_field_to_change_is_refused(replica: RunningAlerts, path: str) -> None:
    await replica.create(console(), "r")
    assert await violations(update(replica, pb.AlertRule(name="alertRules/r"), [path])) == ["update_mask"]


async def test_an_update_that_makes_the_rule_invalid_is_refused(replica: RunningAlerts) -> None:
    await replica.create(console(), "r")
    assert await violations(update(replica, pb.AlertRule(name="alertRules/r"), ["channels"])) == ["alert_rule.channels"]


async def test_an_old_etag_aborts(replica: RunningAlerts) -> None:
    first = await replica.create(console(), "r")
    second = await update(replica, pb.AlertRule(name=first.name, display_name="b", etag=first.etag))
    late = pb.AlertRule(name=first.name, display_name="c", etag=first.etag)
    assert await code(update(replica, late)) == grpc.StatusCode.ABORTED
    assert (
        await update(replica, pb.AlertRule(name=first.name, display_name="c", etag=second.etag))
    ).display_name == "c"


async def test_no_read_shows_a_secret(replica: RunningAlerts) -> None:
    secretive = webhook(url=URL + "/visible", secrets=(NEW_SECRET, SECRET))
    secretive.channels.add(id="b", slack=pb.SlackChannel(url="https://hooks.example.com/services/hidden"))
    secretive.channels.add(id="c", discord=pb.DiscordChannel(url="https://chat.example.com/api/hidden"))
    secretive.channels.add(id="d", template=template(headers={"Authorization": "Bearer hidden"}).channels[0].template)
    created = await replica.create(secretive, "r")
    listed = await replica.stub.ListAlertRules(pb.ListAlertRulesRequest())
    updated = await update(replica, pb.AlertRule(name="alertRules/r", display_name="x"))
    for shown in (str(created), str(listed), str(updated)):
        assert "hidden" not in shown
        assert SECRET not in shown
        assert NEW_SECRET not in shown
    assert list(created.channels[0].webhook.secrets) == ["whsec_***", "whsec_***"]
    assert created.channels[1].slack.url == "https://hooks.example.com/***"
    assert created.channels[3].template.headers["Authorization"] == "***"


async def test_a_channel_can_be_tried_before_it_is_used(postgres_dsn: str, redis_url: str, free_port: int) -> None:
    async with (
        receiving() as receiver,
        running_alerts(postgres_dsn, redis_url, free_port, is_ready=False) as replica,
    ):
        await replica.channel.channel_ready()
        channel = with_channel(slack=pb.SlackChannel(url=receiver.url("/services/hidden"))).channels[0]
        request = pb.TestAlertChannelRequest(channel=channel)
        good = await replica.stub.TestAlertChannel(request, timeout=CALL_SECONDS)
        receiver.answer_in_turn(Answer(403))
        bad = await replica.stub.TestAlertChannel(request, timeout=CALL_SECONDS)
    assert (good.is_delivered, good.http_status, good.error) == (True, 200, "")
    assert (bad.is_delivered, bad.http_status, bad.error) == (False, 403, "HTTP 403")
    assert "SAMPLE" in receiver.received[0].json["text"]
