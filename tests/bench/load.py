"""How busy the machine is with other things than the bench: figures of a busy machine are not to be believed alone."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
SAMPLE_SECONDS = 0.5
BUSY_PERCENT = 5.0  # of one core


@dataclass(frozen=True, slots=True)
class Load:
    """At one moment. `busy`: name and percent of one core of every other process that works."""

    one_minute: float
    cores: int
    busy: tuple[tuple[str, float], ...]

    @property
    def is_quiet(self) -> bool:
        """Whether others leave the bench alone."""
        return sum(percent for _, percent in self.busy) < 10 * BUSY_PERCENT

    @property
    def summary(self) -> str:
        """For a report that leaves the machine: no names."""
        percent = sum(percent for _, percent in self.busy)
        return (
            f"load {self.one_minute:.1f} on {self.cores} cores, {len(self.busy)} other busy processes ({percent:.0f} %)"
        )

    @property
    def words(self) -> str:
        """For the terminal."""
        names = ", ".join(f"{name} {percent:.0f} %" for name, percent in self.busy[:5])
        return f"{self.summary}{': ' if names else ''}{names}"


@dataclass(frozen=True, slots=True)
class Process:
    """What /proc says of one."""

    name: str
    parent: int
    ticks: int


def load_now() -> Load:
    """Looks for half a second; where there is no /proc, other processes are not seen."""
    before = _processes()
    time.sleep(SAMPLE_SECONDS)
    ticks = SAMPLE_SECONDS * os.sysconf("SC_CLK_TCK")
    return Load(os.getloadavg()[0], os.cpu_count() or 1, busy(before, _processes(), os.getpid(), ticks))


def busy(
    before: Mapping[int, Process], after: Mapping[int, Process], own: int, ticks: float
) -> tuple[tuple[str, float], ...]:
    """Name and percent of those that worked in between, our own tree left out, busiest first."""
    ours = {own}
    for pid in sorted(after):  # parents have smaller numbers, but for a wrap that costs one line of a report
        if after[pid].parent in ours:
            ours.add(pid)
    shares = (
        (process.name, 100 * (process.ticks - before[pid].ticks) / ticks)
        for pid, process in after.items()
        if pid in before and pid not in ours
    )
    return tuple(sorted((one for one in shares if one[1] >= BUSY_PERCENT), key=lambda one: -one[1]))


def _processes() -> dict[int, Process]:
    found = {}
    for entry in PROC.iterdir() if PROC.exists() else ():
        if not entry.name.isdigit():
            continue
        try:
            head, _, tail = (entry / "stat").read_text().rpartition(")")
        except OSError:  # it ended while we read
            continue
        fields = tail.split()
        found[int(entry.name)] = Process(head.partition("(")[2], int(fields[1]), int(fields[11]) + int(fields[12]))
    return found
