"""Rows of ages: from a frame's being due until a client has its opportunity, at three loads, with two clients.

In turn with the native floor at the same load.
"""

from collections.abc import Mapping

from tests.bench.ages import percentile
from tests.bench.fed import Fed, Load
from tests.bench.native_floor import FLOOR, NativeFloor
from tests.bench.readers import Opens, native_reader, python_reader
from tests.bench.rows import Figures, Row, Target, at_most, times_worse

SECONDS = 2.0
LOADS = {"1k": Load(1_000), "1k_tens": Load(1_000, 10), "20k_tens": Load(20_000, 10)}
LOAD_WORDS = {
    "1k": "1,000 frames/s evenly",
    "1k_tens": "1,000 frames/s in bursts of ten",
    "20k_tens": "20,000 frames/s in bursts of ten",
}
READERS: dict[str, Opens] = {"native": native_reader, "python": python_reader}
READER_WORDS = {"native": "native", "python": "Python"}
PERCENTS = (50, 99)
MOST_OF_FLOOR = 2.0

Limits = Mapping[tuple[str, int], float]  # microseconds for a native client, by load and percentile


def rows_of(system: str, words: str, limits: Limits, load: str) -> list[Row]:
    """Of one load."""
    return [
        Row(
            _key(system, load, reader, percent),
            "us",
            f"From a frame's being due to its opportunity at a {READER_WORDS[reader]} client: "
            f"{words}, {LOAD_WORDS[load]}; percentile {percent}.",
            beside=FLOOR,
            targets=_targets(limits, load, percent) if reader == "native" else (),
        )
        for reader in READERS
        for percent in PERCENTS
    ]


def _targets(limits: Limits, load: str, percent: int) -> tuple[Target, ...]:
    return at_most(limits[load, percent]), times_worse(MOST_OF_FLOOR)


async def ages_of(system: str, fed: Fed, load: str) -> Figures:
    """One slice with each client."""
    found = {}
    for reader, opens in READERS.items():
        played = await fed.play(LOADS[load], opens, SECONDS)
        found |= {
            _key(system, load, reader, percent): percentile(played.ages_us, percent)
            for percent in PERCENTS
            if played.ages_us
        }
    return found


async def floor_of(system: str, floor: NativeFloor, load: str) -> Figures:
    """The same for both clients. Raises RuntimeError when a record is lost."""
    told = await floor.play(LOADS[load], SECONDS)
    if told.arrived != told.sent:
        raise RuntimeError(f"the floor carried {told.arrived} of {told.sent} records")
    by_percent = {50: told.p50_us, 99: told.p99_us}
    return {_key(system, load, reader, percent): by_percent[percent] for reader in READERS for percent in PERCENTS}


def _key(system: str, load: str, reader: str, percent: int) -> str:
    return f"age_us_{system}_{load}_{reader}_p{percent}"
