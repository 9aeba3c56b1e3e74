"""What was given up is counted by its reason, and taken up again by what it has in common."""

from collections.abc import AsyncIterator

import pytest
from google.protobuf.duration_pb2 import Duration

from crossbook.pb.v1 import alerts_pb2 as pb
from tests.support.alerts.alerts_process import CALL_SECONDS, RunningAlerts, running_alerts
from tests.support.alerts.receiver import Answer, Receiver
from tests.support.alerts.stand_in_arbitrage import OPENED, StandInArbitrage, event, opportunity
from tests.support.waiting import eventually


@pytest.fixture
async def replica(postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage) -> AsyncIterator[RunningAlerts]:
    """Gives up at the first failure."""
    async with running_alerts(postgres_dsn, redis_url, arbitrage.port, delivery_attempts=1, delivery_seconds=0) as it:
        await it.drop_default()
        yield it


async def letters(replica: RunningAlerts, **chosen: str) -> list[tuple[str, str, int]]:
    request = pb.ListDeadLettersRequest(filter=pb.DeadLetterFilter(**chosen))  # type: ignore[arg-type]
    answer = await replica.stub.ListDeadLetters(request, timeout=CALL_SECONDS)
    return [(one.kind, one.reason, one.count) for one in answer.dead_letters]


async def test_they_are_counted_by_reason_and_redriven_by_filter(
    replica: RunningAlerts, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    """A channel that was put right is redriven alone."""
    receiver.answer = lambda received: Answer(404, body=b"no_service") if received.path == "/slack" else Answer(500)
    slack = pb.AlertChannel(id="slack", slack=pb.SlackChannel(url=receiver.url("/slack")))
    teams = pb.AlertChannel(id="teams", teams=pb.TeamsChannel(url=receiver.url("/teams")))
    await replica.create(pb.AlertRule(is_enabled=True, cooldown=Duration(), channels=[slack, teams]), "both")
    await arbitrage.tell(*(event(OPENED, opportunity(f"o-{number}", f"COIN{number}")) for number in range(3)))

    async def are_all_given_up() -> bool:
        return sum(count for _, _, count in await letters(replica)) == 6

    await eventually(are_all_given_up)
    assert set(await letters(replica)) == {("slack", "HTTP 404: no_service", 3), ("teams", "HTTP 500", 3)}
    assert await letters(replica, kind="slack", rule="alertRules/both") == [("slack", "HTTP 404: no_service", 3)]
    assert await letters(replica, reason="HTTP 5", channel_id="slack") == []
    receiver.answer = lambda received: Answer(200, body=b"ok")
    chosen = pb.RedriveDeliveriesRequest(filter=pb.DeadLetterFilter(reason="no_service"))
    assert (await replica.stub.RedriveDeliveries(chosen, timeout=CALL_SECONDS)).redriven == 3

    async def is_only_teams_left() -> bool:
        return await letters(replica) == [("teams", "HTTP 500", 3)]

    await eventually(is_only_teams_left)
