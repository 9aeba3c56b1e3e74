"""Groups, on real Postgres and Redis: one message for a dislocated venue, told again as members open and close."""

from typing import Any

import grpc
import pytest

from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.timestamps import SECOND_NS, now_ns, to_timestamp
from tests.support.alerts.alerts_process import CALL_SECONDS, RunningAlerts, running_alerts
from tests.support.alerts.receiver import Receiver
from tests.support.alerts.stand_in_arbitrage import CLOSED, OPENED, StandInArbitrage, event, opportunity
from tests.support.waiting import eventually

VENUES = ["binance", "okx", "bybit", "gate", "mexc", "bitget"]
SECRET = "whsec_" + "c3Nz" * 10


@pytest.fixture
async def replica(postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage) -> Any:
    async with running_alerts(postgres_dsn, redis_url, arbitrage.port) as running:
        await running.drop_default()
        yield running


def grouped(receiver: Receiver, *channels: str, wait: float = 0.3, **fields: Any) -> pb.AlertRule:
    """By asset and dislocated venue; quick, so that a test is."""
    hooks = [
        pb.AlertChannel(id=name, webhook=pb.WebhookChannel(url=receiver.url(f"/{name}"), secrets=[SECRET]))
        for name in channels or ("hook",)
    ]
    rule = pb.AlertRule(is_enabled=True, channels=hooks, **fields)
    rule.cooldown.SetInParent()
    for field, seconds in (("wait", wait), ("interval", 0.2), ("close_wait", 0.5)):
        getattr(rule.grouping, field).FromMilliseconds(round(seconds * 1000))
    return rule


def dislocated(venue: str = "krakenfutures", asset: str = "BTC", number: int = 1) -> list[arbitrage_pb2.Opportunity]:
    """One cheap venue, against each of the others."""
    found = []
    for other in VENUES:
        one = opportunity(f"{asset}-{venue}-{other}-{number}", asset, venue, other)
        one.dislocated_venue = venue
        found.append(one)
    return found


def kinds(receiver: Receiver, path: str = "/hook") -> list[str]:
    return [one.json["type"].removeprefix("alert_group.") for one in receiver.received if one.path == path]


async def groups(replica: RunningAlerts, **query: Any) -> list[pb.AlertGroup]:
    answer = await replica.stub.ListAlertGroups(pb.ListAlertGroupsRequest(**query), timeout=CALL_SECONDS)
    return list(answer.groups)


async def test_a_dislocated_venue_is_one_message_and_its_end(
    replica: RunningAlerts, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    """A dozen opportunities make one group under one key, closed with its peak, its duration and its paper profit."""
    await replica.create(grouped(receiver, wait=2.0), "r")
    found = dislocated()
    await arbitrage.tell(*(event(OPENED, one) for one in found))
    await eventually(lambda: "opened" in kinds(receiver))
    for one in found:
        one.peak_net_percent = 0.9
    await arbitrage.tell(*(event(CLOSED, one, after_seconds=2) for one in found))
    await eventually(lambda: "closed" in kinds(receiver))
    opened, closed = receiver.received[0].json["data"], receiver.received[-1].json["data"]
    assert (kinds(receiver)[0], kinds(receiver)[-1]) == ("opened", "closed")
    assert set(kinds(receiver)[1:-1]) <= {"updated"}
    assert (opened["group"]["label"], opened["group"]["open_count"]) == ("BTC krakenfutures", len(VENUES))
    assert opened["group"]["dislocated_venue"] == "krakenfutures"
    assert opened["group_key"] == closed["group_key"]
    assert opened["revision"] < closed["revision"]
    assert (closed["group"]["open_count"], closed["group"]["peak_net_percent"]) == (0, 0.9)
    assert 2 <= float(closed["group"]["duration"].rstrip("s")) < 2.1
    assert closed["group"]["paper_profit"] == 5.0
    ids = {one.headers["webhook-id"] for one in receiver.received}
    assert len(ids) == len(receiver.received)
    (group,) = await groups(replica)
    assert (group.member_count, group.open_count, group.revision) == (len(VENUES), 0, closed["revision"])
    assert (group.duration.ToMilliseconds() // 100, group.paper_profit) == (20, 5.0)
    assert {one.group for one in await replica.alerts()} == {group.name}


async def test_what_is_off_elsewhere_is_another_group(
    replica: RunningAlerts, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    """Another venue, another asset; and with NONE each match is a message."""
    await replica.create(grouped(receiver), "r")
    for venue, asset in (("krakenfutures", "BTC"), ("deribit", "BTC"), ("krakenfutures", "ETH")):
        await arbitrage.tell(*(event(OPENED, one) for one in dislocated(venue, asset)))
    wanted = {"BTC krakenfutures", "BTC deribit", "ETH krakenfutures"}
    await eventually(lambda: {one.json["data"]["group"]["label"] for one in receiver.received} == wanted)
    assert kinds(receiver).count("opened") == len(wanted)


async def test_members_that_come_later_are_an_update_in_their_interval(
    replica: RunningAlerts, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    """Of the same group, though the same pair has fired within the cooldown."""
    rule = grouped(receiver)
    rule.cooldown.FromSeconds(3600)
    await replica.create(rule, "r")
    first, *later = dislocated()
    await arbitrage.tell(event(OPENED, first))
    await eventually(lambda: kinds(receiver) == ["opened"])
    again = dislocated(number=2)[0]
    await arbitrage.tell(event(CLOSED, first, after_seconds=0.1), *(event(OPENED, one) for one in (again, *later)))

    def is_whole() -> bool:
        group = receiver.received[-1].json["data"]["group"]
        return (group["member_count"], group["open_count"]) == (len(VENUES) + 1, len(VENUES))

    await eventually(is_whole)
    assert set(kinds(receiver)[1:]) == {"updated"}


async def test_members_that_come_late_are_no_second_message_of_what_was_told_to_its_end(
    replica: RunningAlerts, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    """As when a replica dies with some in hand: their group closes without a word, and names the one that has told."""
    await replica.create(grouped(receiver, wait=3.0), "r")
    found = dislocated()
    early, late = found[:3], found[3:]
    await arbitrage.tell(*(event(OPENED, one) for one in early))
    await eventually(lambda: kinds(receiver) == ["opened"])
    await arbitrage.tell(*(event(CLOSED, one, after_seconds=0.2) for one in early))
    await eventually(lambda: "closed" in kinds(receiver))
    for one in late:
        await arbitrage.tell(event(OPENED, one), event(CLOSED, one, after_seconds=0.2))

    async def is_over() -> bool:
        told = await groups(replica)
        return len(told) == 2 and not any(one.open_count for one in told) and not await groups(replica, open_only=True)

    await eventually(is_over)
    second, first = await groups(replica)
    assert (first.member_count, second.member_count, second.revision) == (len(early), len(late), 0)
    assert kinds(receiver).count("closed") == 1
    answer = await replica.stub.ExplainAlert(pb.ExplainAlertRequest(group=second.name), timeout=CALL_SECONDS)
    assert f"came late: {first.name} has told of it to its end" in [one.detail for one in answer.suppressions]


async def acknowledge(replica: RunningAlerts, **fields: Any) -> pb.AlertGroup:
    request = pb.AcknowledgeAlertGroupRequest(author="ann", **fields)
    return (await replica.stub.AcknowledgeAlertGroup(request, timeout=CALL_SECONDS)).group


async def test_repeats_stop_while_somebody_is_at_it_and_go_on_when_that_is_over(
    replica: RunningAlerts, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    """By the token of a message; who it was is in the next; the repeat that was not made is explained."""
    rule = grouped(receiver)
    rule.grouping.repeat_interval.FromMilliseconds(300)
    await replica.create(rule, "r")
    await arbitrage.tell(*(event(OPENED, one) for one in dislocated()))
    await eventually(lambda: "repeated" in kinds(receiver))
    token = receiver.received[0].json["data"]["acknowledge_token"]
    request: dict[str, Any] = {"token": token, "comment": "looking"}
    group = await acknowledge(replica, **request, valid_for={"seconds": 3600})
    await eventually(lambda: kinds(receiver)[-1] == "updated")
    assert receiver.received[-1].json["data"]["group"]["acknowledgement"]["author"] == "ann"
    repeats = kinds(receiver).count("repeated")  # one that was made before may be on its way until the update has come
    reasons = await suppressed(replica, group.name)
    assert pb.SUPPRESSION_REASON_ACKNOWLEDGED in reasons
    await acknowledge(replica, name=group.name, valid_for={"seconds": 1})
    await eventually(lambda: kinds(receiver).count("repeated") > repeats)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await acknowledge(replica, token=token[:-1] + ("A" if token[-1] != "A" else "B"))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def suppressed(replica: RunningAlerts, group: str) -> set[int]:
    found: set[int] = set()

    async def asked() -> bool:
        request = pb.ExplainAlertRequest(group=group)
        answer = await replica.stub.ExplainAlert(request, timeout=CALL_SECONDS)
        found.update(one.reason for one in answer.suppressions)
        return pb.SUPPRESSION_REASON_ACKNOWLEDGED in found

    await eventually(asked)
    return found


async def test_if_nobody_is_at_it_the_next_channel_is_told(
    replica: RunningAlerts, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    """Not before, and of the end as well."""
    rule = grouped(receiver, "first", "second")
    step = rule.escalations.add(channel_ids=["second"])
    step.after.FromMilliseconds(700)
    await replica.create(rule, "r")
    found = dislocated()
    await arbitrage.tell(*(event(OPENED, one) for one in found))
    await eventually(lambda: kinds(receiver, "/second") == ["repeated"])
    assert kinds(receiver, "/first")[0] == "opened"
    await arbitrage.tell(*(event(CLOSED, one, after_seconds=2) for one in found))
    await eventually(lambda: kinds(receiver, "/second")[-1] == "closed" == kinds(receiver, "/first")[-1])


def silence(**fields: Any) -> pb.Silence:
    return pb.Silence(author="ann", comment="known", to_time=to_timestamp(now_ns() + 3600 * SECOND_NS), **fields)


async def test_a_silence_holds_back_and_what_is_open_at_its_end_is_told_then(
    replica: RunningAlerts, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    """Another venue is told meanwhile; the message says why it comes late."""
    await replica.create(grouped(receiver), "r")
    made = await replica.stub.CreateSilence(pb.CreateSilenceRequest(silence=silence(venues=["krakenfutures"])))
    await arbitrage.tell(*(event(OPENED, one) for one in (*dislocated(), *dislocated("deribit"))))
    await eventually(lambda: "opened" in kinds(receiver))
    assert receiver.received[0].json["data"]["group"]["label"] == "BTC deribit"

    async def is_held() -> bool:
        return any("silenced by ann" in one.held_back for one in await groups(replica))

    await eventually(is_held)
    await replica.stub.ExpireSilence(pb.ExpireSilenceRequest(name=made.silence.name))
    await eventually(lambda: kinds(receiver).count("opened") == 2)
    told = [one.json["data"]["group"] for one in receiver.received if one.json["type"].endswith("opened")][1]
    assert (told["label"], told["held_back"]) == ("BTC krakenfutures", f"silenced by ann: known ({made.silence.name})")
    (listed,) = (await replica.stub.ListSilences(pb.ListSilencesRequest(include_expired=True))).silences
    assert not listed.is_active


@pytest.mark.parametrize("unknown_first", [True, False])
async def test_it_is_one_group_whether_or_not_it_was_known_which_leg_is_off(
    replica: RunningAlerts, arbitrage: StandInArbitrage, receiver: Receiver, unknown_first: bool
) -> None:
    """An arbitrage that has just started knows two venues at first: what it says then is no other dislocation."""
    await replica.create(grouped(receiver, wait=2.0), "r")
    early, *found = dislocated()
    early.dislocated_venue = ""
    order = [early, *found] if unknown_first else [*found, early]
    for one in order:
        await arbitrage.tell(event(OPENED, one))
    await eventually(lambda: "opened" in kinds(receiver))
    (group,) = await groups(replica)
    assert (group.label, group.dislocated_venue) == ("BTC krakenfutures", "krakenfutures")
    await arbitrage.tell(*(event(CLOSED, one) for one in order))
    await eventually(lambda: "closed" in kinds(receiver))
    (group,) = await groups(replica)
    assert group.member_count == len(order)
    assert kinds(receiver).count("opened") == kinds(receiver).count("closed") == 1
