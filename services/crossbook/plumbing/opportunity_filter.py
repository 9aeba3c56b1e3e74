"""Which opportunities a filter lets pass, by what is told of their legs, their sizes, their life and their names.

One matcher for all who filter: it looks at nothing but the opportunity itself, as it was told.
"""

import math
from collections.abc import Iterator

from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.errors import FieldViolation
from crossbook.plumbing.requests import check_names
from crossbook.plumbing.timestamps import SECOND_NS, from_duration, from_timestamp

MONEY = ("min_volume_24h", "min_open_interest", "min_sized_notional")
TIMES = ("min_life", "no_funding_within")


def passes(wanted: pb.OpportunityFilter, opportunity: pb.Opportunity, at_ns: int) -> bool:
    """Whether it is wanted at this moment."""
    return not any(shortfalls(wanted, opportunity, at_ns))


def shortfalls(wanted: pb.OpportunityFilter, opportunity: pb.Opportunity, at_ns: int) -> Iterator[str]:
    """What it lacks, in words."""
    for venue in (opportunity.buy.venue, opportunity.sell.venue):
        if venue in wanted.excluded_venues:
            yield f"{venue} is excluded"
    if opportunity.asset in wanted.excluded_assets:
        yield f"{opportunity.asset} is excluded"
    if wanted.HasField("min_life"):
        lived = at_ns - from_timestamp(opportunity.open_time) if opportunity.HasField("open_time") else -1
        if lived < from_duration(wanted.min_life):
            yield "it has not lived for long enough"
    for name, had, least in _figures(wanted, opportunity, at_ns):
        if had is None and not wanted.passes_unknown:
            yield f"{name} is not known"
        elif had is not None and had < least:
            yield f"{name} {had:.6g} is below {least:.6g}"


def check_filter(field: str, wanted: pb.OpportunityFilter) -> Iterator[FieldViolation]:
    """What is wrong with the filter that stands in this field."""
    yield from check_names(f"{field}.excluded_venues", wanted.excluded_venues)
    yield from check_names(f"{field}.excluded_assets", wanted.excluded_assets)
    for name in MONEY:
        value = getattr(wanted, name)
        if not (math.isfinite(value) and value >= 0):
            yield FieldViolation(f"{field}.{name}", f"must be a number that is not negative, not {value:g}")
    for name in TIMES:
        if from_duration(getattr(wanted, name)) < 0:
            yield FieldViolation(f"{field}.{name}", "must not be negative")


def _figures(
    wanted: pb.OpportunityFilter, opportunity: pb.Opportunity, at_ns: int
) -> Iterator[tuple[str, float | None, float]]:
    """What is asked for: its name, what there is of it, None where that is not known, and the least."""
    if wanted.HasField("min_sized_notional"):
        sizing = opportunity.sizing
        known = sizing.HasField("largest") and not sizing.unknown_reason
        money = 0.0 if sizing.largest.refusal else sizing.largest.buy_notional
        yield "what can be ordered", money if known else None, wanted.min_sized_notional
    for leg in (opportunity.buy, opportunity.sell):
        facts = leg.facts
        if wanted.HasField("min_volume_24h"):
            had = facts.volume_24h if facts.HasField("volume_24h") else None
            yield f"{leg.venue}'s volume of 24 hours", had, wanted.min_volume_24h
        if wanted.HasField("min_open_interest"):
            had = facts.open_interest if facts.HasField("open_interest") else None
            yield f"{leg.venue}'s open interest", had, wanted.min_open_interest
        if wanted.HasField("no_funding_within"):
            within = from_duration(wanted.no_funding_within) / SECOND_NS
            yield f"the time to {leg.venue}'s funding", _seconds_to_funding(facts, at_ns), within


def _seconds_to_funding(facts: pb.LegFacts, at_ns: int) -> float | None:
    if facts.is_funding_continuous:
        return 0.0
    if not facts.HasField("next_funding_time"):
        return None
    return (from_timestamp(facts.next_funding_time) - at_ns) / SECOND_NS
