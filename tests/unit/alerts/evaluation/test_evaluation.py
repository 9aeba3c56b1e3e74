"""What the stream of opportunities comes to."""

import math
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration

from crossbook.alerts.closings import Closings
from crossbook.alerts.counters import Counters
from crossbook.alerts.evaluation import evaluation as module
from crossbook.alerts.evaluation.evaluation import Evaluation
from crossbook.alerts.evaluation.owned_slots import SLOTS, OwnedSlots
from crossbook.alerts.match import Match, Position
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.data.leases import Tenure
from crossbook.plumbing.timestamps import SECOND_NS, now_ns
from tests.support.alerts.stand_in_arbitrage import CLOSED, OPENED, event, opportunity

LONG_AGO_NS = 1_000 * SECOND_NS


class Bench:
    """Slots that are all ours, and what came into the line: causes, and when each had closed as far as was known."""

    def __init__(self, least_life_seconds: int = 0) -> None:
        rule = pb.AlertRule(name="alertRules/r", is_enabled=True, min_life=Duration(seconds=least_life_seconds))
        rules = [rule]
        self.line: list[tuple[str, int | None]] = []
        self.slots = OwnedSlots(lambda: rules, Counters())
        self.closings = Closings(None)  # type: ignore[arg-type]  # nothing is written
        standing: Any = self
        self.evaluation = Evaluation(standing, standing, self.slots, standing, self.closings, Clock())
        self.slots.restart(Position())
        self.slots.begin([Tenure(slot, renewed_at=0.0) for slot in range(SLOTS)], {})

    async def put(self, matches: list[Match]) -> None:
        self.line += [(match.cause, self.closings.closed_ns(match.cause)) for match in matches]

    async def tell(self, kind: Any, cause: str, at_ns: int = LONG_AGO_NS, after: float = 0.0) -> None:
        found = opportunity(cause, open_ns=at_ns)
        await self.evaluation.on_event(event(kind, found, after_seconds=after, token=cause))


async def test_what_was_missed_waits_until_all_of_it_is_known() -> None:
    """So that an alert says whether its opportunity has closed since; what happens afterwards is fired at once."""
    bench = Bench()
    await bench.tell(OPENED, "a")
    await bench.tell(OPENED, "b", at_ns=now_ns())
    await bench.tell(CLOSED, "a", after=3.0)
    await bench.evaluation.on_quiet()
    assert bench.line == []
    await bench.evaluation.on_caught_up()
    assert bench.line == [("a", LONG_AGO_NS + 3 * SECOND_NS), ("b", None)]
    await bench.tell(OPENED, "c", at_ns=now_ns())
    assert [cause for cause, _ in bench.line] == ["a", "b", "c"]


async def test_what_comes_late_waits_for_what_is_on_time() -> None:
    """A stream that fell behind tells the rest as fast as it can."""
    bench = Bench()
    await bench.evaluation.on_caught_up()
    await bench.tell(OPENED, "a")
    assert bench.line == []
    await bench.tell(OPENED, "b", at_ns=now_ns())
    assert bench.line == [("a", None), ("b", None)]


async def test_when_the_stream_is_quiet_all_is_known() -> None:
    """There may be no event of now for long."""
    bench = Bench()
    await bench.evaluation.on_caught_up()
    await bench.tell(OPENED, "a")
    await bench.evaluation.on_quiet()
    assert bench.line == [("a", None)]


@pytest.mark.parametrize("lived_seconds", [29, 31, None])
async def test_until_the_end_may_no_more_come_no_time_makes_an_opportunity_old(lived_seconds: int | None) -> None:
    """A rule with a least life waits for the end that is told last, whatever was told of others before it."""
    bench = Bench(least_life_seconds=30)
    await bench.tell(OPENED, "a")
    await bench.tell(CLOSED, "b", at_ns=now_ns())
    await bench.evaluation.on_quiet()
    assert bench.line == []
    if lived_seconds is not None:
        await bench.tell(CLOSED, "a", after=lived_seconds)
    await bench.evaluation.on_caught_up()
    await bench.evaluation.on_quiet()
    assert [cause for cause, _ in bench.line] == ([] if lived_seconds == 29 else ["a"])


async def test_no_more_waits_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it is fired before all is known."""
    monkeypatch.setattr(module, "LATE_LIMIT", 2)
    bench = Bench()
    for cause in "abc":
        await bench.tell(OPENED, cause)
    assert bench.line == [("a", None), ("b", None)]


async def test_what_waits_when_a_stream_ends_is_told_again_and_fired_once() -> None:
    """It is forgotten, and holds the position that the next stream resumes from."""
    bench = Bench()
    await bench.tell(OPENED, "a")
    assert bench.evaluation.restart() == ""
    await bench.evaluation.on_caught_up()
    assert bench.line == []
    await bench.tell(OPENED, "a")
    await bench.evaluation.on_quiet()
    assert bench.line == [("a", None)]


async def test_the_next_wait_of_a_rule_says_when_to_look_again() -> None:
    """No event need come for it; where none waits, there is nothing to look for."""
    bench = Bench(least_life_seconds=30)
    assert bench.evaluation.seconds_to_due() == math.inf
    await bench.tell(OPENED, "a", at_ns=now_ns())
    assert 0 < bench.evaluation.seconds_to_due() <= 30
