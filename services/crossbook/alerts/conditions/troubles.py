"""Which troubles a rule finds in what is known now. Each has a key: the same trouble has the same one next time."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2, market_pb2
from crossbook.plumbing.timestamps import SECOND_NS, from_duration, from_timestamp, to_timestamp

SICK_STATES = (market_pb2.VENUE_STATE_DEGRADED, market_pb2.VENUE_STATE_DOWN)
DEFAULT_WITHIN_NS = 300 * SECOND_NS


@dataclass(frozen=True, slots=True)
class System:
    """What this replica knows of Crossbook: what Postgres refused, in words, and since when; what arbitrage says."""

    stats: arbitrage_pb2.GetArbitrageStatsResponse | None
    database: str = ""
    database_since_ns: int = 0
    free_disk_percent: float = 100.0


def key_of(trouble: pb.AlertTrouble) -> str:
    """Of its reason and of what it is about."""
    reason = pb.AlertReason.Name(trouble.reason).removeprefix("ALERT_REASON_").lower()
    return ":".join((reason, trouble.venue, trouble.asset, trouble.part))


def feed_troubles(rule: pb.AlertRule, venues: Iterable[market_pb2.VenueHealth]) -> Iterator[pb.AlertTrouble]:
    """Of the rule's venues, or of all."""
    wanted = rule.feed
    for health in venues:
        if rule.venues and health.venue not in rule.venues:
            continue
        if health.state in (wanted.venue_states or SICK_STATES):
            state = market_pb2.VenueState.Name(health.state).removeprefix("VENUE_STATE_")
            words = f"{health.venue} is {state}" + (f": {health.reason}" if health.reason else "")
            yield _trouble(pb.ALERT_REASON_VENUE_STATE, health.venue, words, from_timestamp(health.since_time))
        yield from _clock(wanted, health)


def _clock(wanted: pb.FeedCondition, health: market_pb2.VenueHealth) -> Iterator[pb.AlertTrouble]:
    late = wanted.HasField("max_delay_ms") and health.HasField("delay_ms") and health.delay_ms > wanted.max_delay_ms
    offset = abs(health.clock_offset_ms) if health.HasField("clock_offset_ms") else 0.0
    off = wanted.HasField("max_clock_offset_ms") and offset > wanted.max_clock_offset_ms
    if late or off:
        words = [
            *([f"{health.delay_ms:.0f} ms late"] if late else ()),
            *([f"its clock is {offset:.0f} ms off"] if off else ()),
        ]
        yield _trouble(pb.ALERT_REASON_CLOCK, health.venue, f"{health.venue}: {', '.join(words)}")


def system_troubles(rule: pb.AlertRule, system: System) -> Iterator[pb.AlertTrouble]:
    """Postgres, arbitrage and its shards, the disk."""
    if system.database:
        since_ns = system.database_since_ns
        yield _trouble(pb.ALERT_REASON_DATABASE, "", f"nothing could be kept: {system.database}", since_ns, "postgres")
    if system.stats is None:
        yield _trouble(pb.ALERT_REASON_SHARD, "", "arbitrage does not answer", part="arbitrage")
    elif not system.stats.connected:
        yield _trouble(pb.ALERT_REASON_SHARD, "", "arbitrage reaches no shard: there are no quotes", part="shards")
    least = rule.system.min_free_disk_percent
    if rule.system.HasField("min_free_disk_percent") and system.free_disk_percent < least:
        words = f"{system.free_disk_percent:.1f} % of the disk is free, less than {least:g} %"
        yield _trouble(pb.ALERT_REASON_DISK, "", words, part="disk")


def moved(rule: pb.AlertRule, asset: str, history: Sequence[tuple[int, float]]) -> pb.AlertTrouble | None:
    """Whether the newest of (time in ns, price) is far enough from any within the rule's span. Oldest first."""
    if not history or (rule.assets and asset not in rule.assets):
        return None
    now_ns, price = history[-1]
    since_ns = now_ns - within_ns(rule)
    known = [(at_ns, before) for at_ns, before in history if at_ns >= since_ns and before > 0]
    moves = [((price / before - 1) * 100, at_ns) for at_ns, before in known]
    percent, at_ns = max(moves, key=lambda move: abs(move[0]), default=(0.0, now_ns))
    if not math.isfinite(percent) or abs(percent) < rule.market_move.min_percent:
        return None
    words = f"{asset} moved {percent:+.2f} % within {(now_ns - at_ns) / SECOND_NS:.0f} s, to {price:.8g}"
    found = _trouble(pb.ALERT_REASON_MARKET_MOVE, "", words, at_ns)
    found.asset = asset
    return found


def within_ns(rule: pb.AlertRule) -> int:
    """The span of a move."""
    given = rule.market_move
    return from_duration(given.within) if given.HasField("within") else DEFAULT_WITHIN_NS


def _trouble(
    reason: pb.AlertReason.ValueType, venue: str, detail: str, since_ns: int = 0, part: str = ""
) -> pb.AlertTrouble:
    found = pb.AlertTrouble(reason=reason, venue=venue, detail=detail, part=part)
    if since_ns:
        found.since_time.CopyFrom(to_timestamp(since_ns))
    return found
