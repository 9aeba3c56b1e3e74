"""What trackers and shards are asked, and what stands when one does not answer."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from crossbook.alerts.conditions.instruments import BASIS, FUNDING
from crossbook.alerts.conditions.sources import KNOWN_SECONDS, Sources, Wants, wants_of
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import facts_pb2, market_pb2, tracker_pb2
from tests.support.alerts.stand_in_parts import StandInParts, stand_in_parts

NOBODY = "127.0.0.1:1"
ALL = Wants(are_trackers=True, are_shards=True, are_quotes=True, kinds=BASIS)


class Time:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.clock = cast(
            Any, SimpleNamespace(passed_seconds=lambda: self.seconds, now_ns=lambda: int(self.seconds * 1e9))
        )


@pytest.fixture
async def parts() -> AsyncIterator[StandInParts]:
    async with stand_in_parts() as served:
        yield served


def rule(trigger: pb.AlertTrigger.ValueType, **fields: Any) -> pb.AlertRule:
    return pb.AlertRule(trigger=trigger, **fields)


def test_only_what_a_rule_needs_is_asked_for() -> None:
    """By the kinds of rules, and by what a FEED rule looks at."""
    assert wants_of([rule(pb.ALERT_TRIGGER_FEED), rule(pb.ALERT_TRIGGER_CANARY)]) == Wants()
    assert wants_of([rule(pb.ALERT_TRIGGER_SYSTEM)]) == Wants(are_trackers=True, are_shards=True)
    storm = rule(pb.ALERT_TRIGGER_FEED, feed=pb.FeedCondition(max_resyncs=3))
    assert wants_of([storm]) == Wants(are_trackers=True)
    stale = rule(pb.ALERT_TRIGGER_FEED, feed=pb.FeedCondition(stale_after={"seconds": 1}))  # type: ignore[arg-type]
    assert wants_of([stale]) == Wants(are_quotes=True)
    both = [rule(pb.ALERT_TRIGGER_FUNDING_SPREAD), rule(pb.ALERT_TRIGGER_BASIS)]
    assert wants_of(both) == Wants(kinds=(*FUNDING, *BASIS))


async def test_every_part_is_asked_and_the_one_that_does_not_answer_is_known(parts: StandInParts) -> None:
    """Facts by their pages; of instruments not each time."""
    time = Time()
    parts.quotes = [market_pb2.Quote(venue="v1", symbol="S", state=market_pb2.BOOK_STATE_STALE)]
    parts.facts = [facts_pb2.InstrumentFacts(venue=venue, symbol="S") for venue in ("v1", "v2")]
    sources = Sources([parts.target, NOBODY], {"a": parts.target}, time.clock)
    parts.tracker.venues.append(tracker_pb2.VenueStats(venue="v1", resyncs=7))
    await sources.look(ALL)
    assert (sources.trackers[parts.target], sources.trackers[NOBODY]) == (parts.tracker, None)
    assert sources.shards == {"a": parts.shard}
    assert sources.not_live is not None
    assert [quote.venue for _, quote in sources.not_live.longest()] == ["v1"]
    assert [one.venue for one in sources.facts or ()] == ["v1", "v2"]
    time.seconds += 2
    await sources.look(ALL)
    assert [parts.asked.count(what) for what in ("tracker", "shard", "quotes", "facts")] == [2, 2, 1, 2]
    await sources.close()


async def test_what_one_shard_does_not_tell_nobody_knows_after_a_while(parts: StandInParts) -> None:
    """Until then what was told stands; a list that leaves the shard out makes it known again."""
    time = Time()
    sources = Sources([NOBODY], {"a": parts.target}, time.clock)
    await sources.look(ALL)
    assert sources.not_live is not None
    sources.choose({"a": parts.target, "b": NOBODY})
    time.seconds += KNOWN_SECONDS
    await sources.look(ALL)
    assert sources.shards["b"] is None
    assert sources.not_live is not None
    time.seconds += KNOWN_SECONDS / 2
    await sources.look(ALL)
    assert (sources.not_live, sources.facts) == (None, None)
    sources.choose({"a": parts.target})
    time.seconds += KNOWN_SECONDS / 2
    await sources.look(ALL)
    assert sources.not_live is not None
    await sources.close()
