"""`make bench-peers`: real recorded frames through Crossbook, cryptofeed and ccxt, one after the other, three rounds.

First each side's decoder alone, then live, through a local WebSocket to an opportunity (live.py), and the largest rate.

Each runs in a process of its own; the peers in an environment that is made for them under .bench/. The recording is
that of Binance's BTCUSDT of 2024-08-08 beside the project: the only one there whose shape all three read today.
"""

import gzip
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import uvloop

from crossbook._core import venue_profiles
from tests.bench.pairs import Pair, compare
from tests.bench.peers import live
from tests.bench.report import ratio

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent
RECORDING = ROOT.parent / "shared/recordings/binance/hftbacktest_usdm_btcusdt_20240808.gz"
VENUE = "binance"
ENVIRONMENT = ROOT / ".bench" / "peers"
REPORT = ROOT / ".bench" / "peers.json"
PEERS = {"cryptofeed": "2.4.1", "ccxt": "4.5.90", "nautilus_trader": "1.221.0"}
TARGETS = {("bbo", "cryptofeed"): 5, ("bbo", "ccxt"): 20, ("depth", "cryptofeed"): 5, ("depth", "ccxt"): 5}
LIVE_PEERS = ("cryptofeed", "ccxt", "nautilus")
ROUNDS = 3

Frame = tuple[str, int, str]  # kind, receive time, text
Result = dict[str, Any]


def main() -> int:
    if not RECORDING.exists():
        print(f"skipped: no recording at {RECORDING}")
        return 0
    python = _environment()
    frames = _frames()
    with tempfile.TemporaryDirectory(prefix="crossbook-peers-") as folder:
        path = Path(folder) / "frames.jsonl"
        path.write_text("".join(f"{json.dumps(frame)}\n" for frame in frames))
        results = _measure(python, path)
    _check_tops(results)
    found = uvloop.run(_measure_live(python, [text for kind, _, text in frames if kind == "bbo"]))
    live.print_sides(found)
    _report(results, found)
    others = ", ".join(profile.id for profile in venue_profiles() if profile.id != VENUE)
    print(f"not measured, for want of recorded frames that all three read: {others}")
    return 0


def _environment() -> Path:
    """The peers' interpreter; made and filled the first time."""
    python = ENVIRONMENT / "bin" / "python"
    uv = str(ROOT / ".tools" / "bin" / "uv")
    if not python.exists():
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(ENVIRONMENT)], check=True)
    packages = [f"{name}=={version}" for name, version in PEERS.items()]
    subprocess.run([uv, "pip", "install", "--quiet", "--python", str(python), *packages], check=True)
    return python


def _frames() -> list[Frame]:
    """Every best-bid-ask and depth frame, with the snapshot just before the depth frame that joins it.

    It came some frames later, to a client that had kept those; not every peer keeps any.
    """
    frames = [frame for frame in _recorded() if frame[0]]
    (snapshot,) = (frame for frame in frames if frame[0] == "snapshot")
    last_id = json.loads(snapshot[2])["lastUpdateId"]
    frames.remove(snapshot)
    deltas = (place for place, frame in enumerate(frames) if frame[0] == "depth")
    joining = next(place for place in deltas if json.loads(frames[place][2])["data"]["u"] >= last_id)
    frames.insert(joining, ("snapshot", frames[joining][1], snapshot[2]))
    return frames


def _recorded() -> Iterator[Frame]:
    with gzip.open(RECORDING, "rt") as lines:
        for line in lines:
            time_ns, text = line.rstrip("\n").split(" ", 1)
            yield _kind(text), int(time_ns), text


def _kind(text: str) -> str:
    if text.startswith('{"lastUpdateId"'):
        return "snapshot"
    return "bbo" if '"e":"bookTicker"' in text else "depth" if '"e":"depthUpdate"' in text else ""


def _measure(python: Path, path: Path) -> dict[str, list[Result]]:
    """In turn, so that a busy moment of the machine hits all alike."""
    interpreters = {"crossbook": Path(sys.executable), "cryptofeed": python, "ccxt": python}
    results: dict[str, list[Result]] = {name: [] for name in interpreters}
    for number in range(ROUNDS):
        for name, interpreter in interpreters.items():
            print(f"round {number + 1}: {name} ...", file=sys.stderr, flush=True)
            command = [str(interpreter), str(HERE / f"{name}_side.py"), str(path)]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            results[name].append(json.loads(output.splitlines()[-1]))
    return results


def _check_tops(results: dict[str, list[Result]]) -> None:
    """All held the same book in the end: they did the same work."""
    tops = {name: rounds[0]["top"] for name, rounds in results.items()}
    if len({tuple(top) for top in tops.values()}) != 1:
        raise SystemExit(f"the books differ in the end, so the figures mean nothing: {tops}")


async def _measure_live(python: Path, texts: Sequence[str]) -> list[Result]:
    sides = {"crossbook": live.crossbook(texts), **{name: live.peer(python, name, texts) for name in LIVE_PEERS}}
    return [await live.measured(name, opened) for name, opened in sides.items()]


def _report(results: dict[str, list[Result]], found_live: Sequence[Result]) -> None:
    rows = []
    print(f"{'frames':<8}{'count':>8}{'crossbook us':>14}{'peer':>13}{'peer us':>10}{'ratio':>32}{'target':>8}")
    for (kind, peer), target in TARGETS.items():
        found = compare(pairs_of(results["crossbook"], results[peer], kind), is_higher_better=False)
        row = {"frames": kind, "peer": peer, "unit": "us", **asdict(found)}
        count, other = results["crossbook"][0]["frames"][kind], row["other"]["median"]
        print(
            f"{kind:<8}{count:>8}{found.ours.median:>14.2f}{peer:>13}{other:>10.2f}{ratio(row):>32}{target:>7}x",
            flush=True,
        )
        rows.append(row)
    REPORT.write_text(
        json.dumps({"versions": PEERS, "rounds": ROUNDS, "rows": rows, "live": found_live}, indent=2) + "\n"
    )
    print(f"written to {REPORT.relative_to(ROOT)}")


def pairs_of(ours: Sequence[Result], theirs: Sequence[Result], kind: str) -> list[Pair]:
    """Microseconds a frame of both in each round: they ran right after each other."""
    return [(one["median_us"][kind], another["median_us"][kind]) for one, another in zip(ours, theirs, strict=True)]


if __name__ == "__main__":
    sys.exit(main())
