"""Which opportunities a filter lets pass, by what is told of their legs, their sizes, their life and their names.

One matcher for all who filter, in the core (engine/src/choice): it looks at nothing but the opportunity itself, as it
was told.
"""

import math
from collections.abc import Iterator

from crossbook._core import filter_shortfalls
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.errors import FieldViolation
from crossbook.plumbing.requests import check_names
from crossbook.plumbing.timestamps import from_duration

MONEY = ("min_volume_24h", "min_open_interest", "min_sized_notional", "min_profit", "min_depth")
TIMES = ("min_life", "no_funding_within")
MAX_BPS = 100.0  # trackers tell no levels beyond


def passes(wanted: pb.OpportunityFilter, opportunity: pb.Opportunity, at_ns: int) -> bool:
    """Whether it is wanted at this moment."""
    return not shortfalls(wanted, opportunity, at_ns)


def shortfalls(wanted: pb.OpportunityFilter, opportunity: pb.Opportunity, at_ns: int) -> list[str]:
    """What it lacks, in words."""
    if not wanted.ByteSize():
        return []
    return filter_shortfalls(wanted.SerializeToString(), opportunity.SerializeToString(), at_ns)


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
    if not math.isfinite(wanted.min_held_net_percent):
        yield FieldViolation(f"{field}.min_held_net_percent", "must be a number of percent")
    if wanted.HasField("min_depth") and not 0 < wanted.depth_within_bps <= MAX_BPS:
        yield FieldViolation(f"{field}.depth_within_bps", f"must be above 0 and at most {MAX_BPS:g}, with min_depth")
    if wanted.depth_within_bps and not wanted.HasField("min_depth"):
        yield FieldViolation(f"{field}.min_depth", "goes with depth_within_bps: give both or neither")
