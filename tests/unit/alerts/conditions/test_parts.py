"""What is wrong with Crossbook itself."""

from crossbook.alerts.conditions.parts import System, system_troubles
from crossbook.alerts.conditions.troubles import key_of
from crossbook.pb.v1 import aggregator_pb2, arbitrage_pb2, tracker_pb2
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.timestamps import SECOND_NS

FINE = arbitrage_pb2.GetArbitrageStatsResponse(connected=True)
RULE = pb.AlertRule(system=pb.SystemCondition(min_free_disk_percent=10, max_buffer_percent=80))


def tracker(buffered: int, spool_free: float = 50.0) -> tracker_pb2.GetTrackerStatsResponse:
    lane = tracker_pb2.LaneStats(shard="a", buffered_bytes=buffered, buffer_bytes=1000)
    stats = tracker_pb2.VenueStats(venue="v1", lanes=[lane])
    return tracker_pb2.GetTrackerStatsResponse(venues=[stats], spool_free_percent=spool_free)


def shard(waiting: int, *, is_well: bool = True) -> aggregator_pb2.GetAggregatorStatsResponse:
    stream = aggregator_pb2.IngestStreamStats(venue="v1", waiting_windows=waiting)
    return aggregator_pb2.GetAggregatorStatsResponse(
        streams=[stream], max_waiting_windows=10, database_available=is_well
    )


def found(system: System, rule: pb.AlertRule = RULE) -> dict[str, str]:
    return {key_of(one): one.detail for one in system_troubles(rule, system)}


def test_nothing_is_wrong_when_all_is_well() -> None:
    """Not at a bound either, only beyond it."""
    well = System(FINE, trackers={"t:1": tracker(800, 10.0)}, shards={"a": shard(8)}, free_disk_percent=10.0)
    assert found(well) == {}


def test_what_postgres_refused_is_told_by_us_and_by_shards() -> None:
    """With since when, where that is known."""
    system = System(FINE, "disk full", SECOND_NS, shards={"a": shard(0, is_well=False)})
    assert found(system) == {
        "database:::postgres": "nothing could be kept: disk full",
        "database:::shard a": "shard a cannot commit: its Postgres takes no writes",
    }
    assert next(system_troubles(RULE, system)).since_time.seconds == 1


def test_each_part_that_does_not_answer_is_a_trouble_of_its_own() -> None:
    """And an arbitrage that answers, and reaches nothing."""
    assert found(System(None, trackers={"t:1": None}, shards={"a": None, "b": shard(0)})) == {
        "shard:::arbitrage": "arbitrage does not answer",
        "shard:::shard a": "shard a does not answer",
        "shard:::tracker t:1": "the tracker at t:1 does not answer",
    }
    assert list(found(System(arbitrage_pb2.GetArbitrageStatsResponse()))) == ["shard:::shards"]


def test_a_bound_that_is_near_is_told_before_it_is_reached() -> None:
    """Of a tracker's buffer, and of a shard's windows; one that tells no bound tells nothing."""
    system = System(FINE, trackers={"t:1": tracker(900)}, shards={"a": shard(9)})
    assert found(system) == {
        "buffer:v1::a": "the buffer of v1 for shard a is 90 % full, more than 80 %",
        "buffer:v1::windows a": "windows of v1 that shard a has not committed: their room is 90 % full, more than 80 %",
    }
    assert found(system, pb.AlertRule()) == {}
    old = tracker(900)
    old.venues[0].lanes[0].buffer_bytes = 0
    assert found(System(FINE, trackers={"t:1": old})) == {}


def test_little_disk_is_told_of_ours_and_of_spools() -> None:
    """A tracker without a spool tells of none."""
    system = System(FINE, free_disk_percent=3.0, trackers={"t:1": tracker(0, 4.0), "t:2": tracker(0, 40.0)})
    assert found(system) == {
        "disk:::disk": "3.0 % of the disk is free, less than 10 %",
        "disk:::spool t:1": "4.0 % of the spool's disk at t:1 is free, less than 10 %",
    }
    assert found(System(FINE, trackers={"t:1": tracker_pb2.GetTrackerStatsResponse()})) == {}
