"""Whether anything holds alerts back: silences first, then mute times, then what makes them untrustworthy."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crossbook.alerts.holding.inhibitions import Domain, inhibiting
from crossbook.alerts.holding.mute_times import is_muted
from crossbook.alerts.holding.silencing import silencing
from crossbook.pb.v1 import alerts_pb2 as pb

NOTHING_KNOWN = Domain()


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Why, by whom (a silence's name, or nobody), and in words."""

    reason: pb.SuppressionReason.ValueType
    by: str
    words: str


HoldBack = Callable[[pb.AlertRule, Sequence[pb.Alert], Sequence[pb.Silence], int], HeldBack | None]
"""Rule, alerts, the silences in force, the time in ns."""


def holding_back(domain: Callable[[], Domain] = lambda: NOTHING_KNOWN) -> HoldBack:
    """By what is known of venues and assets at the moment."""

    def hold_back(
        rule: pb.AlertRule, alerts: Sequence[pb.Alert], silences: Sequence[pb.Silence], now_ns: int
    ) -> HeldBack | None:
        """Something that holds back all of them: as long as one is free, they are told."""
        if not alerts:
            return None
        each = [_silenced(silences, alert) for alert in alerts]
        if all(each):
            return each[0]
        if is_muted(rule, now_ns):
            return HeldBack(pb.SUPPRESSION_REASON_MUTE_TIME, "", "a mute time of the rule")
        known = domain()
        found = [one or _inhibited(known, silences, rule, alert) for one, alert in zip(each, alerts, strict=True)]
        return found[0] if all(found) else None

    return hold_back


def _silenced(silences: Sequence[pb.Silence], alert: pb.Alert) -> HeldBack | None:
    found = silencing(silences, alert)
    if found is None:
        return None
    words = f"silenced by {found.author}: {found.comment} ({found.name})"
    return HeldBack(pb.SUPPRESSION_REASON_SILENCE, found.name, words)


def _inhibited(domain: Domain, silences: Sequence[pb.Silence], rule: pb.AlertRule, alert: pb.Alert) -> HeldBack | None:
    words = inhibiting(domain, silences, rule, alert)
    return HeldBack(pb.SUPPRESSION_REASON_INHIBITION, "", words) if words else None
