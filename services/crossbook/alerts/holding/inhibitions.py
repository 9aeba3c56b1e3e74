"""What makes an alert untrustworthy: a venue that is not LIVE or in maintenance, a doubted identity, a lost peg.

A rule without grouping, as they were made before there were groups, is held back by maintenance alone: what it does
not tell at once it never tells.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from crossbook.alerts.holding.silencing import fits, venues_of
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import market_pb2

WELL = (market_pb2.VENUE_STATE_LIVE, market_pb2.VENUE_STATE_UNSPECIFIED)


@dataclass(frozen=True, slots=True)
class Domain:
    """What is known of venues and assets now; nothing known inhibits nothing."""

    venues: Mapping[str, market_pb2.VenueHealth] = field(default_factory=dict)
    suspects: frozenset[tuple[str, str]] = frozenset()  # (asset, venue) of findings that nobody has decided


def inhibiting(domain: Domain, silences: Iterable[pb.Silence], rule: pb.AlertRule, alert: pb.Alert) -> str:
    """What holds it back, in words; empty when nothing does. What is about feeds themselves they do not inhibit."""
    ignored = set(rule.ignored_inhibitions)
    return (
        (pb.ALERT_INHIBITION_MAINTENANCE not in ignored and _maintenance(silences, alert))
        or (rule.HasField("grouping") and not alert.HasField("trouble") and _untrusted(domain, ignored, alert))
        or ""
    )


def _untrusted(domain: Domain, ignored: Container[int], alert: pb.Alert) -> str:
    return (
        (pb.ALERT_INHIBITION_VENUE_STATE not in ignored and _state(domain, alert))
        or (pb.ALERT_INHIBITION_IDENTITY not in ignored and _identity(domain, alert))
        or (pb.ALERT_INHIBITION_DEPEG not in ignored and _peg(alert))
        or ""
    )


def _maintenance(silences: Iterable[pb.Silence], alert: pb.Alert) -> str:
    found = next((one for one in silences if one.is_maintenance and fits(one, alert)), None)
    return f"maintenance of {', '.join(found.venues)}: {found.comment} ({found.name})" if found else ""


def _state(domain: Domain, alert: pb.Alert) -> str:
    for venue in sorted(venues_of(alert)):
        health = domain.venues.get(venue)
        if health is not None and health.state not in WELL:
            state = market_pb2.VenueState.Name(health.state).removeprefix("VENUE_STATE_")
            return f"{venue} is {state}" + (f": {health.reason}" if health.reason else "")
    return ""


def _identity(domain: Domain, alert: pb.Alert) -> str:
    found = alert.opportunity
    for venue in (found.buy.venue, found.sell.venue):
        if (found.asset, venue) in domain.suspects:
            return f"{found.asset} of {venue} may not be the same asset: an identity finding waits for a decision"
    return ""


def _peg(alert: pb.Alert) -> str:
    found = alert.opportunity
    rate = found.conversion
    return f"{rate.from_currency} to {rate.to_currency} has left its peg ({rate.rate:.4f})" if found.is_depegged else ""
