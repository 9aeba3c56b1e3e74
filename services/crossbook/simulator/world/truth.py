"""The ground-truth file: what the simulator planted and broke, one JSON object per line, each flushed at once.

Kinds: simulator_started, episode_started, episode_ended, fault_started, fault_ended, simulator_stopped. `at_ns` is the
wall clock at which the thing took effect. The file ends at MAX_LINES, after weeks of the usual episodes.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import structlog

from crossbook.plumbing.private_files import open_private
from crossbook.plumbing.timestamps import SECOND_NS
from crossbook.simulator.world.plan import TICKS_PER_SECOND, Episode

MAX_LINES = 1_000_000
_NS_PER_TICK = SECOND_NS // TICKS_PER_SECOND

log = structlog.get_logger()


class TruthFile:
    """Writes the lines; without a path it only counts them."""

    def __init__(self, path: Path | None) -> None:
        self.episodes_started = 0
        self.episodes_ended = 0
        self._lines = 0
        self._file: IO[str] | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.fdopen(open_private(path, os.O_WRONLY | os.O_TRUNC), "w", encoding="utf-8")

    def started(self, seed: int, venues: list[str], assets: list[str], relays: Mapping[str, str], at_ns: int) -> None:
        """The first line. A relay is in no episode, and moves with the venue whose books it shows."""
        self._write(kind="simulator_started", at_ns=at_ns, seed=seed, venues=venues, assets=assets, relays=dict(relays))

    def stopped(self, at_ns: int) -> None:
        """The last line, when the end is a clean one."""
        self._write(kind="simulator_stopped", at_ns=at_ns)

    def episode_started(self, episode: Episode, at_ns: int) -> None:
        """The venues' books have just been moved apart."""
        self.episodes_started += 1
        self._write(
            kind="episode_started",
            at_ns=at_ns,
            id=episode.id,
            asset=episode.asset,
            cheap=list(episode.cheap),
            rich=list(episode.rich),
            gross_percent=episode.gross_percent,
            planned_end_ns=at_ns + (episode.end_tick - episode.start_tick) * _NS_PER_TICK,
        )

    def episode_ended(self, episode: Episode, at_ns: int, *, ended_early: bool) -> None:
        """The books have just come back; or the world stops and they never will."""
        self.episodes_ended += 1
        self._write(kind="episode_ended", at_ns=at_ns, id=episode.id, asset=episode.asset, ended_early=ended_early)

    def fault_started(self, fault_id: str, venue: str, asset: str | None, fault: str, at_ns: int) -> None:
        """A fault begins to work."""
        self._write(kind="fault_started", at_ns=at_ns, id=fault_id, venue=venue, asset=asset, fault=fault)

    def fault_ended(self, fault_id: str, at_ns: int) -> None:
        """A fault has done its work."""
        self._write(kind="fault_ended", at_ns=at_ns, id=fault_id)

    def close(self) -> None:
        """No line comes after this."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, **record: Any) -> None:
        if self._file is not None:
            self._file.write(json.dumps(record) + "\n")
            self._file.flush()
            self._lines += 1
            if self._lines >= MAX_LINES:
                log.warning("truth_ended", lines=self._lines)
                self.close()
