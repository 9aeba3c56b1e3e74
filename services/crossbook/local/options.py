"""What `crossbook up` was asked for, checked: venues that exist, times and places that make sense."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crossbook import _core
from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.settings import SimulatorSettings
from crossbook.simulator.play.captures import read_capture
from crossbook.simulator.play.faults import parse_faults
from crossbook.simulator.registry import TRAITS
from crossbook.simulator.world.listing import assets_of_world

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?")


@dataclass(frozen=True, slots=True)
class UpOptions:
    """Empty symbols and assets mean all; tracker_processes 0 means as many as make sense here."""

    data_dir: Path = Path(".crossbook")
    duration_seconds: float | None = None
    venues: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)  # see leave_out
    symbols: list[str] = field(default_factory=list)
    assets: list[str] = field(default_factory=list)
    seed: int = 1
    is_live: bool = False
    is_view_wanted: bool = True
    faults: str = ""
    play: Path | None = None
    speed: float = 1.0
    summary: Path | None = None
    record_dir: Path | None = None
    window_seconds: int | None = None
    port_base: int | None = None
    tracker_processes: int = 0
    shards: int = 1

    @property
    def mode(self) -> str:
        return "live" if self.is_live else "play" if self.play else "simulated"

    def processes_for_trackers(self) -> int:
        return max(1, min(self.tracker_processes or os.cpu_count() or 1, len(self.venues)))


def parse_duration(text: str) -> float:
    """Seconds of "90s", "1.5m", "500ms", "2h" or "90"; raises SettingsError."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or float(match[1]) == 0:
        raise SettingsError(f"duration {text!r} does not look like 90s, 5m or 1h")
    return float(match[1]) * _UNITS[match[2] or "s"]


def choose_venues(wanted: Sequence[str], *, is_live: bool) -> list[str]:
    """The venues to track; none or "all" means all that can be. Raises SettingsError that lists the known ones.

    One that can only be replayed is never among all; the simulator plays it when it is named.
    """
    profiles = {profile.id: profile for profile in _core.venue_profiles()}
    if _is_all(wanted):
        gone = leave_out(wanted)
        return [venue for venue in sorted(profiles) if venue not in gone and (is_live or venue in TRAITS)]
    for venue in wanted:
        if venue not in profiles:
            raise SettingsError(f"unknown venue {venue!r}; known: {', '.join(sorted(profiles))}")
        reason = profiles[venue].unavailable_reason if is_live else None
        if not is_live and venue not in TRAITS:
            reason = "the simulator does not play it; try --live"
        if reason is not None:
            raise SettingsError(f"venue {venue!r} cannot be tracked: {reason}")
    return list(dict.fromkeys(wanted))


def leave_out(wanted: Sequence[str]) -> dict[str, str]:
    """Of all venues, when all are wanted, those that can only be replayed, and why."""
    profiles = _core.venue_profiles() if _is_all(wanted) else []
    return {profile.id: profile.unavailable_reason for profile in profiles if profile.unavailable_reason is not None}


def _is_all(wanted: Sequence[str]) -> bool:
    return not wanted or "all" in wanted


def check_together(options: UpOptions) -> None:
    """Raises SettingsError for options that contradict each other."""
    if options.is_live and (options.faults or options.play):
        raise SettingsError("--faults and --play need the simulator: leave --live out")
    if options.play is not None:
        _check_play(options.play, options.venues)
    if options.data_dir.exists() and not options.data_dir.is_dir():
        raise SettingsError(f"--data-dir: {options.data_dir} is not a folder")
    if options.summary is not None and not options.summary.resolve().parent.is_dir():
        raise SettingsError(f"--summary: folder {options.summary.resolve().parent} does not exist")
    if options.summary is not None and options.summary.is_dir():
        raise SettingsError(f"--summary: {options.summary} is a folder; name a file")


def _check_play(path: Path, venues: Sequence[str]) -> None:
    """Reads it, which takes a moment, but starting everything for a file that does not read would take longer."""
    if not path.exists():
        raise SettingsError(f"--play: {path} does not exist")
    venue = read_capture(path).venue
    if venue not in venues:
        raise SettingsError(f"--play: {path} is of {venue}, which --venues leaves out")


def check_faults(options: UpOptions) -> None:
    """Raises FaultSpecError for faults that the simulator would refuse."""
    parse_faults(options.faults, options.venues, [asset.name for asset in assets_of_world(SimulatorSettings().assets)])
