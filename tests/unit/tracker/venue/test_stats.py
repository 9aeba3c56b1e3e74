"""How a venue is judged: its state, and the reasons in words."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from crossbook._core import Batcher, Outbox, OutgoingBatch, Pace
from crossbook.pb.v1.market_pb2 import (
    VENUE_STATE_DEGRADED,
    VENUE_STATE_DOWN,
    VENUE_STATE_LIVE,
    VENUE_STATE_STARTING,
    VenueState,
)
from crossbook.pb.v1.tracker_pb2 import VenueStats
from crossbook.tracker.venue.health import HealthWatch
from crossbook.tracker.venue.stats import MAX_PROBLEM_CHARACTERS, MAX_REASON_CHARACTERS, venue_stats


class Lanes(list[Any]):
    """Of one venue."""

    dropped_rows, unacknowledged_batches = 3, 4


def lane(shard: str = "main", problem: str = "", kept: str = "") -> Any:
    """One whose outbox holds a batch."""
    outbox = Outbox(1 << 20)
    outbox.append(OutgoingBatch(1, 2, b"p"))
    return SimpleNamespace(
        shard=shard,
        is_leaving=shard == "west",
        kept=SimpleNamespace(problem=kept, buffer_bytes=1 << 20),
        uplink=SimpleNamespace(state=SimpleNamespace(problem=problem, is_connected=not problem)),
        outbox=outbox,
        batcher=Batcher(Pace()),
    )


def venue(
    *lanes: Any,
    instruments: int = 2,
    live: int = 2,
    down: int = 0,
    last_error: str = "",
    throttled: float = 0.0,
    **given: Any,
) -> Any:
    """A venue that is driven; all is well unless the test says otherwise."""
    encoded = VenueStats(parse_errors=1, messages_received=9).SerializeToString()
    feed = SimpleNamespace(
        instruments=instruments,
        live_instruments=live,
        wanted_connections=3,
        open_connections=3 - down,
        encode=lambda: encoded,
    )
    driver = SimpleNamespace(
        feed=SimpleNamespace(stats=lambda: feed),
        last_error=last_error,
        oversize_messages=5,
        lanes=Lanes(lanes or [lane()]),
    )
    names = [f"COIN{number}/USDT:USDT" for number in range(instruments - live)]
    found = {
        "id": "alpha",
        "driver": driver,
        "problem": "",
        "health": HealthWatch(),
        "listings_refused": 6,
        "fact_counts": (70, 2, 1),
        "unlisted": [],
        "clock": SimpleNamespace(problem=""),
        "reach": SimpleNamespace(throttled_seconds=throttled, fetcher=SimpleNamespace(words="slow down")),
        "not_live": lambda: names,
    }
    return SimpleNamespace(**found | given)


def judged(found: Any) -> tuple[VenueState.ValueType, str]:
    stats = venue_stats(found)
    return stats.state, stats.reason


def test_a_venue_that_is_not_driven_yet_says_what_it_waits_for() -> None:
    """Its list, or what keeps it from being listed."""
    assert judged(venue(driver=None)) == (VENUE_STATE_STARTING, "its markets are being listed")
    assert judged(venue(driver=None, problem="HTTP 451")) == (VENUE_STATE_DOWN, "HTTP 451")


def test_a_venue_of_which_nothing_is_wrong_is_live() -> None:
    """The feed's own counters, and those of the process beside them; messages that were too long count as broken."""
    stats = venue_stats(venue())
    assert (stats.state, stats.reason) == (VENUE_STATE_LIVE, "")
    assert (stats.messages_received, stats.parse_errors, stats.listings_refused) == (9, 6, 6)
    assert (stats.dropped_quotes, stats.unacknowledged_batches) == (3, 4)
    assert (stats.fact_answers, stats.fact_failures, stats.facts_refused) == (70, 2, 1)


def test_each_lane_is_told_by_its_shard_in_order() -> None:
    """With what it holds."""
    stats = venue_stats(venue(lane("west"), lane("east", problem="refused")))
    assert [(one.shard, one.is_connected, one.is_leaving, one.problem) for one in stats.lanes] == [
        ("east", False, False, "refused"),
        ("west", True, True, ""),
    ]
    assert [one.unacknowledged_batches for one in stats.lanes] == [1, 1]
    assert [(one.buffered_bytes, one.buffer_bytes) for one in stats.lanes] == [(257, 1 << 20)] * 2


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (venue(live=1), "1 of 2 books are not LIVE: COIN0/USDT:USDT"),
        (
            venue(instruments=9, live=4),
            "5 of 9 books are not LIVE: COIN0/USDT:USDT, COIN1/USDT:USDT, COIN2/USDT:USDT, ...",
        ),
        (venue(down=1, last_error="TLS"), "1 of 3 connections are down: TLS"),
        (venue(throttled=1.2), "the venue throttles us for another 2 s: slow down"),
        (venue(lane(problem="UNAVAILABLE")), "the uplink to shard main is broken: UNAVAILABLE"),
        (venue(lane(kept="the disk is full")), "the disk is full"),
        (venue(clock=SimpleNamespace(problem="our clock is ahead")), "our clock is ahead"),
    ],
)
def test_a_venue_with_live_books_of_which_something_is_wrong_is_degraded(found: Any, words: str) -> None:
    """And says what, so that a person can act on it."""
    assert judged(found) == (VENUE_STATE_DEGRADED, words)


def test_all_that_is_wrong_is_said_books_first() -> None:
    """One after the other."""
    _, reason = judged(venue(lane(problem="x"), live=1, down=2))
    assert reason == (
        "1 of 2 books are not LIVE: COIN0/USDT:USDT; 2 of 3 connections are down; the uplink to shard main is broken: x"
    )


def test_a_venue_without_a_live_book_is_starting_for_a_while_and_then_down() -> None:
    """One whose sockets fail is DOWN at once, and so is one that has been LIVE before."""
    assert judged(venue(live=0))[0] == VENUE_STATE_STARTING
    assert judged(venue(live=0, last_error="refused", down=3))[0] == VENUE_STATE_DOWN
    old = venue(live=0)
    old.health.observe(VenueStats(venue="alpha", state=VENUE_STATE_LIVE), time.time_ns())
    assert judged(old)[0] == VENUE_STATE_DOWN


def test_a_venue_that_tracks_nothing_is_down_and_says_what_is_not_listed() -> None:
    """Of what was asked for."""
    nothing = venue(instruments=0, live=0, unlisted=["X/USDT:USDT", "Y"])
    assert judged(nothing) == (VENUE_STATE_DOWN, "no instrument is tracked: X/USDT:USDT, Y is not listed")


def test_reasons_stay_readable_however_much_is_wrong() -> None:
    """Each problem is cut, and the whole."""
    _, one = judged(venue(lane(problem="x" * 5000)))
    assert len(one) == MAX_PROBLEM_CHARACTERS
    _, many = judged(venue(*(lane(f"s{number}", problem="x" * 5000) for number in range(99))))
    assert (len(many), many[-1]) == (MAX_REASON_CHARACTERS, "…")
