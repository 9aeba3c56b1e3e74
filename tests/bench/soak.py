"""`make soak`: the whole system for a while at a pace: time to LIVE, then CPU and memory of every process.

python -m tests.bench.soak [--minutes 30] [--rate 5] [--assets 20] [--venues all]

Memory is sampled every five seconds; its slope is a line fitted through the samples of the second half, when caches and
pools are full. The run fails when an instrument is not LIVE at the end or a process was restarted.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path

import uvloop

from crossbook.local.processes.usage import Usage
from tests.bench.system import Addresses, are_all_live, frames, running_up, venue_stats
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]
REPORT = ROOT / ".bench" / "soak.json"
SAMPLE_SECONDS = 5.0
START_DEADLINE_SECONDS = 300.0


@dataclass
class History:
    """One process over the run."""

    seconds: list[float] = field(default_factory=list)
    rss_mb: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)

    def add(self, second: float, usage: Usage) -> None:
        """One sample."""
        self.seconds.append(second)
        self.rss_mb.append(usage.rss_mb)
        self.cpu_s.append(usage.cpu_s)

    def cpu_percent(self) -> float:
        """Of one processor, over all samples."""
        return 100 * (self.cpu_s[-1] - self.cpu_s[0]) / max(1e-9, self.seconds[-1] - self.seconds[0])

    def slope_kb_per_minute(self) -> float:
        """Least squares through the second half."""
        half = len(self.seconds) // 2
        if len(self.seconds) - half < 2:
            return 0.0
        return statistics.linear_regression(self.seconds[half:], self.rss_mb[half:]).slope * 60 * 1024


@dataclass
class Measured:
    """What a run comes to."""

    instruments: int
    seconds_to_live: float
    cpu_s_until_live: dict[str, float]
    frames_per_second: float
    histories: dict[str, History]


async def soak(arguments: argparse.Namespace) -> int:
    """Runs, prints the table, writes the report; 1 when something was not well."""
    started = time.monotonic()
    settings = {
        "CROSSBOOK_SIMULATOR__RATE": str(arguments.rate),
        "CROSSBOOK_SIMULATOR__ASSETS": str(arguments.assets),
    }
    async with running_up(settings, ["--venues", arguments.venues]) as addresses:
        await eventually(lambda: are_all_live(addresses), START_DEADLINE_SECONDS)
        seconds_to_live = time.monotonic() - started
        cpu_s_until_live = {name: usage.cpu_s for name, usage in addresses.usages().items()}
        histories, rate = await _watch(addresses, arguments.minutes * 60)
        is_well = await are_all_live(addresses) and set(addresses.usages()) == set(histories)
        instruments = sum(venue.markets for venue in await venue_stats(addresses))
    measured = Measured(instruments, seconds_to_live, cpu_s_until_live, rate, histories)
    _print(measured)
    _write(arguments, measured)
    if not is_well:
        print("some instruments are not LIVE at the end, or a process is gone", file=sys.stderr)
    return 0 if is_well else 1


async def _watch(addresses: Addresses, seconds: float) -> tuple[dict[str, History], float]:
    histories: dict[str, History] = defaultdict(History)
    before, started = await frames(addresses), time.monotonic()
    while (second := time.monotonic() - started) < seconds:
        for name, usage in addresses.usages().items():
            histories[name].add(second, usage)
        await asyncio.sleep(SAMPLE_SECONDS)
    return dict(histories), (await frames(addresses) - before) / (time.monotonic() - started)


def _print(measured: Measured) -> None:
    print(
        f"{measured.instruments} instruments, all LIVE {measured.seconds_to_live:.1f} s after the start;"
        f" then {measured.frames_per_second:,.0f} frames/s"
    )
    print(f"{'process':<14}{'cpu s to LIVE':>14}{'cpu %':>8}{'rss MB first':>14}{'last':>8}{'slope kB/min':>14}")
    for name, history in measured.histories.items():
        print(
            f"{name:<14}{measured.cpu_s_until_live[name]:>14.1f}{history.cpu_percent():>8.1f}"
            f"{history.rss_mb[0]:>14.1f}{history.rss_mb[-1]:>8.1f}{history.slope_kb_per_minute():>14.1f}"
        )


def _write(arguments: argparse.Namespace, measured: Measured) -> None:
    slopes = {name: history.slope_kb_per_minute() for name, history in measured.histories.items()}
    report = {**vars(arguments), **asdict(measured), "slope_kb_per_minute": slopes}
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2) + "\n")
    print(f"written to {REPORT.relative_to(ROOT)}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.soak")
    parser.add_argument("--minutes", type=float, default=30.0, help="after everything is LIVE")
    parser.add_argument("--rate", type=float, default=5.0, help="of the simulator; 1 is ten requotes a second")
    parser.add_argument("--assets", type=int, default=20, help="instruments of each venue")
    parser.add_argument("--venues", default="all", help="comma-separated")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(uvloop.run(soak(_arguments())))
