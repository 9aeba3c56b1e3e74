"""The venues that the simulator can play, and the building of their faces over one world."""

from collections.abc import Iterable, Mapping
from importlib import import_module

from crossbook.plumbing.errors import SettingsError
from crossbook.simulator.faces.base import Face
from crossbook.simulator.world.world import Instrument, Traits

# Each names its module in faces/, which says by PLAYED what it plays and how.
_VENUES = (
    "bitmex",
    "lighter",
    "paradex",
    "binance",
    "okx",
    "phemex",
    "bybit",
    "bitget",
    "deribit",
    "krakenfutures",
    "coindcx",
    "kucoin",
    "hyperliquid",
    "gateio",
    "mexc",
    "dydx",
)

_PLAYED: tuple[tuple[Traits, type[Face]], ...] = tuple(
    import_module(f"crossbook.simulator.faces.{venue}").PLAYED for venue in _VENUES
)

TRAITS: Mapping[str, Traits] = {traits.venue: traits for traits, _ in _PLAYED}

FACES: Mapping[str, type[Face]] = {face.venue: face for _, face in _PLAYED}


def traits_of(venues: Iterable[str]) -> list[Traits]:
    """Traits of the named venues, of all when none is named."""
    names = list(dict.fromkeys(venues)) or list(TRAITS)
    for name in names:
        if name not in TRAITS:
            raise SettingsError(f"setting simulator.venues: no such venue {name!r}, known: {', '.join(TRAITS)}")
    return [TRAITS[name] for name in names]


def build_faces(instruments: Iterable[Instrument]) -> dict[str, Face]:
    """One face for each venue that has instruments."""
    by_venue: dict[str, list[Instrument]] = {}
    for instrument in instruments:
        by_venue.setdefault(instrument.venue, []).append(instrument)
    return {venue: FACES[venue](listed, TRAITS[venue].latency_ns) for venue, listed in by_venue.items()}
