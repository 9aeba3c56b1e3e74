"""The venues that the simulator can play, and the building of their faces over one world."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from pkgutil import iter_modules

from crossbook.plumbing.errors import SettingsError
from crossbook.simulator import faces
from crossbook.simulator.faces.base import Face
from crossbook.simulator.world.world import Instrument, Traits

# A venue is a module in faces/ that says by PLAYED what it plays and how; the others there are what several share.
_MODULES = [import_module(f"{faces.__name__}.{found.name}") for found in iter_modules(faces.__path__)]
_PLAYED: list[tuple[Traits, type[Face]]] = [module.PLAYED for module in _MODULES if hasattr(module, "PLAYED")]

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
