"""What is known of each venue, as `crossbook venues` prints it and docs/venues.md keeps it."""

from collections.abc import Iterator

from crossbook._core import VenueProfile, venue_profiles

COLUMNS = ("venue", "channels", "what proves a book whole", "limits", "fees", "sources", "certainty")

_HEAD = """# Venues

What each venue's file claims, where that comes from and how sure it is. Fees are those of an account without discounts;
sizes of every venue are turned into base units. `make venues` writes this page from the registry; a test checks that it
is current.

"""


def rows() -> Iterator[tuple[str, ...]]:
    """One row per venue, in the order of their ids."""
    for profile in venue_profiles():
        yield (
            profile.id,
            ", ".join(profile.channels),
            _guard(profile),
            f"{profile.instruments_per_connection} instruments a connection; a minute: {profile.connects_per_minute} "
            f"connects, {profile.request_weight_per_minute} weight of requests",
            f"taker {profile.taker_fee_percent:g} %, maker {profile.maker_fee_percent:g} %",
            "; ".join(profile.sources),
            profile.certainty,
        )


def page() -> str:
    """The whole of docs/venues.md."""
    lines = [COLUMNS, ("---",) * len(COLUMNS), *rows()]
    return _HEAD + "".join(f"| {' | '.join(map(_escaped, line))} |\n" for line in lines)


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")


def _guard(profile: VenueProfile) -> str:
    """The rule, and what it cannot do."""
    remarks = [
        profile.guard_rule,
        None if profile.is_gap_visible else "a lost frame may show late",
        None if profile.relays is None else f"relays the books of {profile.relays}",
        profile.unavailable_reason,
    ]
    return "; ".join(remark for remark in remarks if remark is not None)
