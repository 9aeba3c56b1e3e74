"""What is known of each venue, as `crossbook venues` prints it and docs/venues.md keeps it."""

import json
from collections.abc import Iterator
from pathlib import Path

from crossbook._core import VenueProfile, venue_profiles
from crossbook.pb.v1.facts_pb2 import FactKind

COLUMNS = (
    "venue",
    "channels",
    "what proves a book whole",
    "what tells a halt",
    "limits",
    "fees",
    "sources",
    "certainty",
)

# What the shapes that a venue's file decodes rest on is said where they are tested; an installed package has no tests.
FIXTURES = Path(__file__).parents[3] / "core-rs" / "crates" / "venues" / "tests" / "conformance"
EVIDENCE_COLUMNS = ("venue", "captured", "documented", "assumed")

_HEAD = """# Venues

What each venue's file claims, where that comes from and how sure it is. Fees are those of an account without discounts;
sizes of every venue are turned into base units. `make venues` writes this page from the registry; a test checks that it
is current.

"""


_EVIDENCE_HEAD = """
## What each shape rests on

Of every channel and REST answer that is read: whether it was seen in a captured frame, stands in the venue's document,
or is assumed. The levels are those of the conformance fixtures; their tests look for each captured one in the
recordings.

"""


def rows() -> Iterator[tuple[str, ...]]:
    """One row per venue, in the order of their ids."""
    for profile in venue_profiles():
        yield (
            profile.id,
            ", ".join(profile.channels),
            _guard(profile),
            f"{profile.status_channel}, and the market list" if profile.status_channel else "the market list alone",
            f"{profile.instruments_per_connection} instruments a connection; a minute: {profile.connects_per_minute} "
            f"connects, {profile.request_weight_per_minute} weight of requests",
            f"taker {profile.taker_fee_percent:g} %, maker {profile.maker_fee_percent:g} %",
            "; ".join(profile.sources),
            profile.certainty,
        )


FACT_COLUMNS = ("venue", "answer", "its shape is", "facts")
_FACTS_HEAD = """
## Facts of instruments

Which answers tell what besides quotes. Captured: the shape was seen in a real answer or frame. Documented: the venue's
documents say it. Reported: other programs read it so, and it may be otherwise. Lot, tick and contract size come with
the market list. Simulated and tested here; never asked of the venues themselves from here.

"""


def page() -> str:
    """The whole of docs/venues.md."""
    lines = [COLUMNS, ("---",) * len(COLUMNS), *rows()]
    evidence = [EVIDENCE_COLUMNS, ("---",) * len(EVIDENCE_COLUMNS), *evidence_rows()]
    facts = [FACT_COLUMNS, ("---",) * len(FACT_COLUMNS), *fact_rows()]
    return _HEAD + _table(lines) + _EVIDENCE_HEAD + _table(evidence) + _FACTS_HEAD + _table(facts)


def fact_rows() -> Iterator[tuple[str, ...]]:
    """One row per answer that holds facts."""
    for profile in venue_profiles():
        for source, certainty, kinds in profile.facts:
            names = [
                FactKind.Name(FactKind.ValueType(kind)).removeprefix("FACT_KIND_").lower().replace("_", " ")
                for kind in kinds
            ]
            yield profile.id, source, certainty, ", ".join(names)


def evidence_rows() -> Iterator[tuple[str, ...]]:
    """One row per venue that has a fixture here."""
    for profile in venue_profiles():
        path = FIXTURES / f"{profile.id}.json"
        if path.exists():
            facts = json.loads(path.read_text())["evidence"]
            yield (profile.id, *(_of_level(facts, level) for level in ("captured", "document", "assumed")))


def _of_level(facts: dict[str, dict[str, str]], level: str) -> str:
    return "; ".join(f"{fact} ({one['source']})" for fact, one in facts.items() if one["level"] == level)


def _table(lines: list[tuple[str, ...]]) -> str:
    return "".join(f"| {' | '.join(map(_escaped, line))} |\n" for line in lines)


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
