"""Storms of rebuilt books."""

from crossbook.alerts.conditions.resyncs import Resyncs
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import tracker_pb2
from crossbook.plumbing.timestamps import SECOND_NS


def said(**totals: int) -> dict[str, tracker_pb2.GetTrackerStatsResponse | None]:
    venues = [tracker_pb2.VenueStats(venue=venue, resyncs=total) for venue, total in totals.items()]
    return {"t:1": tracker_pb2.GetTrackerStatsResponse(venues=venues)}


def rule(most: int, seconds: int = 60, **fields: list[str]) -> pb.AlertRule:
    found = pb.AlertRule(feed=pb.FeedCondition(max_resyncs=most), **fields)  # type: ignore[arg-type]
    found.feed.resync_within.FromSeconds(seconds)
    return found


def test_more_rebuilds_than_usual_within_the_span_are_a_storm_until_the_span_has_passed() -> None:
    """What a tracker had counted before it was first asked is of no known age, and is none."""
    resyncs = Resyncs()
    resyncs.note(said(v1=1000), 0)
    resyncs.note(said(v1=1004), 10 * SECOND_NS)
    assert list(resyncs.storms(rule(4), 10 * SECOND_NS)) == []
    resyncs.note(said(v1=1005), 20 * SECOND_NS)
    (storm,) = resyncs.storms(rule(4), 20 * SECOND_NS)
    assert (storm.venue, storm.detail) == ("v1", "v1 rebuilt 5 books within 60 s, more than 4")
    assert list(resyncs.storms(rule(4), 70 * SECOND_NS)) == []
    assert list(resyncs.storms(rule(4, venues=["v2"]), 20 * SECOND_NS)) == []
    assert list(resyncs.storms(pb.AlertRule(), 20 * SECOND_NS)) == []


def test_a_tracker_that_began_anew_counts_from_nothing() -> None:
    """One that does not answer in between changes nothing."""
    resyncs = Resyncs()
    resyncs.note(said(v1=50), 0)
    resyncs.note({"t:1": None}, SECOND_NS)
    resyncs.note(said(v1=3), 2 * SECOND_NS)
    (storm,) = resyncs.storms(rule(2), 3 * SECOND_NS)
    assert storm.detail == "v1 rebuilt 3 books within 60 s, more than 2"
