"""Which opportunities a filter lets pass, by the facts of their legs, their life and their names."""

import math
from collections.abc import Iterator

from crossbook.arbitrage.facts.holding import LegFacts, UnknownFactError, known, next_funding_ns
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.pb.v1.facts_pb2 import FactKind
from crossbook.plumbing.errors import FieldViolation
from crossbook.plumbing.requests import check_names
from crossbook.plumbing.timestamps import from_duration, from_timestamp


def passes(
    wanted: pb.OpportunityFilter, opportunity: pb.Opportunity, legs: tuple[LegFacts, LegFacts], now_ns: int
) -> bool:
    """Whether it is wanted at this moment."""
    venues = {opportunity.buy.venue, opportunity.sell.venue}
    if venues & set(wanted.excluded_venues) or opportunity.asset in wanted.excluded_assets:
        return False
    if wanted.HasField("min_life") and not _has_lived(wanted, opportunity, now_ns):
        return False
    return all(_leg_passes(wanted, leg, now_ns) for leg in legs)


def check_filter(wanted: pb.OpportunityFilter) -> Iterator[FieldViolation]:
    """What is wrong with it."""
    yield from check_names("filter.excluded_venues", wanted.excluded_venues)
    yield from check_names("filter.excluded_assets", wanted.excluded_assets)
    for field in ("min_volume_24h", "min_open_interest"):
        value = getattr(wanted, field)
        if not (math.isfinite(value) and value >= 0):
            yield FieldViolation(f"filter.{field}", f"must be a number that is not negative, not {value:g}")
    for field in ("min_life", "no_funding_within"):
        if from_duration(getattr(wanted, field)) < 0:
            yield FieldViolation(f"filter.{field}", "must not be negative")


def _has_lived(wanted: pb.OpportunityFilter, opportunity: pb.Opportunity, now_ns: int) -> bool:
    is_followed = opportunity.HasField("open_time")
    return is_followed and now_ns - from_timestamp(opportunity.open_time) >= from_duration(wanted.min_life)


def _leg_passes(wanted: pb.OpportunityFilter, leg: LegFacts, now_ns: int) -> bool:
    try:
        return all(_reaches(wanted, leg, now_ns))
    except UnknownFactError:
        return wanted.passes_unknown


def _reaches(wanted: pb.OpportunityFilter, leg: LegFacts, now_ns: int) -> Iterator[bool]:
    if wanted.HasField("min_volume_24h"):
        yield known(leg, FactKind.FACT_KIND_VOLUME_24H) >= wanted.min_volume_24h
    if wanted.HasField("min_open_interest"):
        mark = known(leg, FactKind.FACT_KIND_MARK_PRICE)
        yield known(leg, FactKind.FACT_KIND_OPEN_INTEREST) * mark >= wanted.min_open_interest
    if wanted.HasField("no_funding_within"):
        yield next_funding_ns(leg, now_ns) - now_ns >= from_duration(wanted.no_funding_within)
