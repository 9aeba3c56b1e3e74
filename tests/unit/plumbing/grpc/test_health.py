"""What health checkers are told, and the log."""

from typing import Any

from grpc_health.v1 import health_pb2
from structlog.testing import capture_logs

from crossbook.plumbing.grpc.health import LIVE, NOT_KNOWN, NOT_SERVING, SERVING, ServiceHealth

NAME = "crossbook.v1.Any"


async def told(health: ServiceHealth) -> set[Any]:
    """The statuses that checkers of any name get."""
    requests = [health_pb2.HealthCheckRequest(service=name) for name in ("", NAME)]
    return {(await health.servicer.Check(request, None)).status for request in requests}


async def test_nothing_is_served_before_every_part_was_heard_of() -> None:
    """A part that is well does not speak for the others."""
    health = ServiceHealth(NAME, awaits=("postgres", "redis"))
    await health.begin()
    assert await told(health) == {NOT_SERVING}
    await health.tell("postgres", "")
    assert (await told(health), health.reasons) == ({NOT_SERVING}, {"redis": NOT_KNOWN})
    await health.tell("redis", "")
    assert (await told(health), health.reasons) == ({SERVING}, {})


async def test_a_part_that_nobody_waited_for_can_be_unwell() -> None:
    """A task that dies is no part until then."""
    health = ServiceHealth(NAME)
    await health.begin()
    assert await told(health) == {SERVING}
    await health.tell("outbox", "died")
    assert await told(health) == {NOT_SERVING}


async def test_a_process_is_alive_whatever_is_wrong_around_it() -> None:
    """Else the outage of a store would have every process restarted."""
    health = ServiceHealth(NAME, awaits=("postgres",))
    await health.begin()
    await health.tell("task", "died")
    request = health_pb2.HealthCheckRequest(service=LIVE)
    assert (await health.servicer.Check(request, None)).status == SERVING


async def test_the_log_says_every_change_once_and_all_that_is_wrong() -> None:
    health = ServiceHealth(NAME, awaits=("postgres", "redis"))
    with capture_logs() as logs:
        await health.tell_all({"postgres": "away", "redis": ""})
        await health.tell_all({"postgres": "away", "redis": ""})
        await health.tell("task", "died")
        await health.tell_all({"postgres": "", "task": ""})
    assert [{key: value for key, value in line.items() if key != "log_level"} for line in logs] == [
        {"event": "not_serving", "postgres": "away"},
        {"event": "not_serving", "postgres": "away", "task": "died"},
        {"event": "serving"},
    ]
