"""Which troubles a rule finds in what is known now. Each has a key: the same trouble has the same one next time."""

import math
from collections.abc import Iterable, Iterator, Sequence

from crossbook.alerts.names import reason_word
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import market_pb2
from crossbook.plumbing.timestamps import SECOND_NS, duration_or, from_timestamp, to_timestamp

SICK_STATES = (market_pb2.VENUE_STATE_DEGRADED, market_pb2.VENUE_STATE_DOWN)
DEFAULT_WITHIN_NS = 300 * SECOND_NS


def key_of(trouble: pb.AlertTrouble) -> str:
    """Of its reason and of what it is about."""
    return ":".join((reason_word(trouble.reason), trouble.venue, trouble.asset, trouble.part))


def feed_troubles(rule: pb.AlertRule, venues: Iterable[market_pb2.VenueHealth]) -> Iterator[pb.AlertTrouble]:
    """What venues are and how their clocks go; of the rule's venues, or of all."""
    wanted = rule.feed
    for health in venues:
        if rule.venues and health.venue not in rule.venues:
            continue
        if health.state in told_states(rule):
            state = market_pb2.VenueState.Name(health.state).removeprefix("VENUE_STATE_")
            words = f"{health.venue} is {state}" + (f": {health.reason}" if health.reason else "")
            since_ns = from_timestamp(health.since_time)
            yield new_trouble(pb.ALERT_REASON_VENUE_STATE, words, venue=health.venue, since_ns=since_ns)
        yield from _clock(wanted, health)


def told_states(rule: pb.AlertRule) -> Sequence[market_pb2.VenueState.ValueType]:
    """Those of a venue that are trouble."""
    return rule.feed.venue_states or SICK_STATES


def _clock(wanted: pb.FeedCondition, health: market_pb2.VenueHealth) -> Iterator[pb.AlertTrouble]:
    late = wanted.HasField("max_delay_ms") and health.HasField("delay_ms") and health.delay_ms > wanted.max_delay_ms
    offset = abs(health.clock_offset_ms) if health.HasField("clock_offset_ms") else 0.0
    off = wanted.HasField("max_clock_offset_ms") and offset > wanted.max_clock_offset_ms
    if late or off:
        words = [
            *([f"{health.delay_ms:.0f} ms late"] if late else ()),
            *([f"its clock is {offset:.0f} ms off"] if off else ()),
        ]
        yield new_trouble(pb.ALERT_REASON_CLOCK, f"{health.venue}: {', '.join(words)}", venue=health.venue)


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
    return new_trouble(pb.ALERT_REASON_MARKET_MOVE, words, asset=asset, since_ns=at_ns)


def within_ns(rule: pb.AlertRule) -> int:
    """The span of a move."""
    return duration_or(rule.market_move, "within", DEFAULT_WITHIN_NS)


def new_trouble(
    reason: pb.AlertReason.ValueType,
    detail: str,
    *,
    venue: str = "",
    asset: str = "",
    part: str = "",
    since_ns: int = 0,
) -> pb.AlertTrouble:
    """One; `since_ns` 0 is not known."""
    found = pb.AlertTrouble(reason=reason, venue=venue, asset=asset, detail=detail, part=part)
    if since_ns:
        found.since_time.CopyFrom(to_timestamp(since_ns))
    return found
