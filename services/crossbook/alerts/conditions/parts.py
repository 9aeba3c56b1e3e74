"""Troubles of Crossbook itself: Postgres, arbitrage, shards and trackers, the bounds of what waits, disks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from crossbook.alerts.conditions.troubles import new_trouble
from crossbook.pb.v1 import aggregator_pb2, alerts_pb2, arbitrage_pb2, tracker_pb2

Trackers = Mapping[str, tracker_pb2.GetTrackerStatsResponse | None]
"""What each said last, by target; None where it did not answer."""
Shards = Mapping[str, aggregator_pb2.GetAggregatorStatsResponse | None]
"""The same by the shard's name."""


@dataclass(frozen=True, slots=True)
class System:
    """What this replica knows of Crossbook: what Postgres refused, in words, and since when; what each part says."""

    stats: arbitrage_pb2.GetArbitrageStatsResponse | None
    database: str = ""
    database_since_ns: int = 0
    free_disk_percent: float = 100.0
    trackers: Trackers = field(default_factory=dict)
    shards: Shards = field(default_factory=dict)


def system_troubles(rule: alerts_pb2.AlertRule, system: System) -> Iterator[alerts_pb2.AlertTrouble]:
    """All that the rule wants to be told."""
    yield from _databases(system)
    yield from _unreachable(system)
    if rule.system.HasField("max_buffer_percent"):
        yield from _buffers(rule.system.max_buffer_percent, system)
    if rule.system.HasField("min_free_disk_percent"):
        yield from _disks(rule.system.min_free_disk_percent, system)


def _databases(system: System) -> Iterator[alerts_pb2.AlertTrouble]:
    if system.database:
        words = f"nothing could be kept: {system.database}"
        since_ns = system.database_since_ns
        yield new_trouble(alerts_pb2.ALERT_REASON_DATABASE, words, part="postgres", since_ns=since_ns)
    for shard, stats in system.shards.items():
        if stats is not None and not stats.database_available:
            words = f"shard {shard} cannot commit: its Postgres takes no writes"
            yield new_trouble(alerts_pb2.ALERT_REASON_DATABASE, words, part=f"shard {shard}")


def _unreachable(system: System) -> Iterator[alerts_pb2.AlertTrouble]:
    if system.stats is None:
        yield _lost("arbitrage does not answer", "arbitrage")
    elif not system.stats.connected:
        yield _lost("arbitrage reaches no shard: there are no quotes", "shards")
    for shard, stats in system.shards.items():
        if stats is None:
            yield _lost(f"shard {shard} does not answer", f"shard {shard}")
    for target, answer in system.trackers.items():
        if answer is None:
            yield _lost(f"the tracker at {target} does not answer", f"tracker {target}")


def _lost(words: str, part: str) -> alerts_pb2.AlertTrouble:
    return new_trouble(alerts_pb2.ALERT_REASON_SHARD, words, part=part)


def _buffers(most: float, system: System) -> Iterator[alerts_pb2.AlertTrouble]:
    for answer in system.trackers.values():
        for venue in answer.venues if answer is not None else ():
            for lane in venue.lanes:
                what = f"the buffer of {venue.venue} for shard {lane.shard}"
                yield from _filling(most, what, lane.buffered_bytes, lane.buffer_bytes, venue.venue, lane.shard)
    for shard, stats in system.shards.items():
        for stream in stats.streams if stats is not None else ():
            what = f"windows of {stream.venue} that shard {shard} has not committed: their room"
            bound = stats.max_waiting_windows if stats is not None else 0
            yield from _filling(most, what, stream.waiting_windows, bound, stream.venue, f"windows {shard}")


def _filling(most: float, what: str, used: int, bound: int, venue: str, part: str) -> Iterator[alerts_pb2.AlertTrouble]:
    """A bound of 0 is not known: of a part that is older than this one."""
    percent = 100 * used / bound if bound else 0.0
    if percent > most:
        words = f"{what} is {percent:.0f} % full, more than {most:g} %"
        yield new_trouble(alerts_pb2.ALERT_REASON_BUFFER, words, venue=venue, part=part)


def _disks(least: float, system: System) -> Iterator[alerts_pb2.AlertTrouble]:
    if system.free_disk_percent < least:
        yield _low("the disk", system.free_disk_percent, least, "disk")
    for target, answer in system.trackers.items():
        if answer is not None and answer.HasField("spool_free_percent") and answer.spool_free_percent < least:
            yield _low(f"the spool's disk at {target}", answer.spool_free_percent, least, f"spool {target}")


def _low(disk: str, free: float, least: float, part: str) -> alerts_pb2.AlertTrouble:
    words = f"{free:.1f} % of {disk} is free, less than {least:g} %"
    return new_trouble(alerts_pb2.ALERT_REASON_DISK, words, part=part)
