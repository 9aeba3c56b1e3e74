"""The engine alone: window updates and the scan in Rust, in turn with the plain Python that one would write first."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.bench.product import HERE, Bench, Product, UnsupportedError
from tests.bench.rows import Figures, Row, at_most, times_better
from tests.bench.workers import Worker, worker

DICTIONARY, LOOP = "a Python dict of accumulators", "a Python loop over the same pairs"
ROWS = (
    Row(
        "window_update_uniform_ns",
        "ns",
        "One quote into its window, 1,000 instruments in turn; best of five passes over four million quotes.",
        beside=DICTIONARY,
        targets=(at_most(5), times_better(25)),
    ),
    Row(
        "window_update_hot_ns",
        "ns",
        "The same with every quote on one instrument.",
        beside=DICTIONARY,
        targets=(at_most(10), times_better(25)),
    ),
    Row(
        "window_state_bytes_per_instrument",
        "B",
        "Memory of one instrument's open window: the size of the Rust struct.",
        targets=(at_most(128),),
    ),
    Row(
        "scan_incremental_ns",
        "ns",
        "One quote through the scan of 13 venues and 500 assets, decoding of its batch of 256 included.",
        beside=LOOP,
        targets=(at_most(50),),
    ),
    Row(
        "scan_full_ns",
        "ns",
        "All pairs of 13 venues and 500 assets computed once from the quotes in force.",
        beside=LOOP,
        targets=(at_most(50_000),),
    ),
    Row(
        "scan_deep_incremental_ns",
        "ns",
        "One quote through the same scan where ten levels a side of every book are known and do not change.",
        targets=(at_most(120),),
    ),
    Row(
        "depth_walks_per_1k_quotes",
        "walks",
        "Times that two books are walked for sizes, for 1,000 quotes of which one pays.",
    ),
    Row("depth_walk_ns", "ns", "Two books of ten levels sized once: largest and most profitable size."),
    Row("depth_row_bytes", "B", "On the wire to a subscriber: the depth of one book, ten levels a side."),
    Row("depth_fanout_4000_us", "us", "The depth of 4,000 books told to the hub and taken by one reader, encoded."),
)


class Engine:
    """The crate's bench binary, which prints `<row> <figure>` lines, and a process of plain Python."""

    def __init__(self, binary: Path, plain: Worker, parts: Sequence[str]) -> None:
        self.parts = parts
        self._binary = binary
        self.beside = plain.beside

    async def ours(self, part: str) -> Figures:
        """Runs the binary for the part; an older one runs all."""
        lines = (await _output(str(self._binary), part)).splitlines()
        return {key: float(figure) for key, figure in (line.split() for line in lines if line) if key == part}


@asynccontextmanager
async def opened(product: Product, rows: Sequence[Row]) -> AsyncIterator[Engine]:
    """Builds the binary; the plain Python is always this checkout's."""
    binary = await _built(product.root / "core-rs")
    async with worker(HERE, "plain", (), {}) as plain:
        yield Engine(binary, plain, [row.key for row in rows])


async def _built(core: Path) -> Path:
    """Raises UnsupportedError when it does not build."""
    command = ("cargo", "bench", "--quiet", "--package", "crossbook-engine", "--bench", "core", "--no-run")
    output = await _output(*command, "--message-format=json", folder=core)
    for line in output.splitlines():
        if (path := json.loads(line).get("executable")) is not None:
            return Path(path)
    raise UnsupportedError("cargo built no bench")


async def _output(*command: str, folder: Path | None = None) -> str:
    process = await asyncio.create_subprocess_exec(*command, cwd=folder, stdout=asyncio.subprocess.PIPE)
    output = (await process.communicate())[0].decode()
    if process.returncode:
        raise UnsupportedError(f"{command[0]} ended with {process.returncode}")
    return output


BENCH = Bench(
    "engine",
    "Window updates and the scan in Rust alone, in turn with the plain Python that one would write first.",
    ROWS,
    opened,
    rounds=5,
    limits="Hot caches and nothing else on the core: in the system a quote also waits for its batch and its process.",
)
