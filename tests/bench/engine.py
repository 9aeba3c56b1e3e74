"""The engine alone: window updates and the scan in Rust, against the plain Python that one would write first."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.dictionary import DictionaryWindows
from tests.bench.report import Row

CORE = Path(__file__).parents[2] / "core-rs"
INSTRUMENTS = 1_000
UPDATES = 200_000
VENUES = 13
ASSETS = 500
FEE_PERCENT = 0.05
OPEN_NET_PERCENT = 0.1
BYTES_KEY = "window_state_bytes_per_instrument"

# asset -> venue -> (bid, ask)
Quotes = dict[str, dict[str, tuple[float, float]]]


def run() -> list[Row]:
    """The rows of this bench."""
    rust = _rust_figures()
    scan = "Python loop over the asset's pairs"
    return [
        _row("window_update_uniform_ns", rust, _dictionary_ns(INSTRUMENTS), "Python dict", "<= 5 ns and >= 25x"),
        _row("window_update_hot_ns", rust, _dictionary_ns(1), "Python dict", "<= 10 ns and >= 25x"),
        Row(BYTES_KEY, rust[BYTES_KEY], "B", target="<= 128 B"),
        _row("scan_incremental_ns", rust, _incremental_ns(), scan, "<= 50 ns"),
        _row("scan_full_ns", rust, _full_ns(), "Python loop over all pairs", "<= 50 us for 13 x 500"),
    ]


def _row(key: str, rust: dict[str, float], baseline: float, name: str, target: str) -> Row:
    return Row(key, rust[key], "ns", baseline, name, target=target)


def _rust_figures() -> dict[str, float]:
    """Runs the crate's own bench, which prints `<row> <figure>` lines."""
    command = ["cargo", "bench", "--quiet", "--package", "crossbook-engine", "--bench", "core"]
    lines = subprocess.run(command, cwd=CORE, env=os.environ, check=True, capture_output=True, text=True).stdout
    return {key: float(figure) for key, figure in (line.split() for line in lines.splitlines() if line)}


def _time_ns(work: Callable[[], object], units: int) -> float:
    """Best of three rounds, per unit."""
    figures = []
    for _ in range(3):
        started = time.perf_counter_ns()
        work()
        figures.append((time.perf_counter_ns() - started) / units)
    return min(figures)


def _dictionary_ns(instruments: int) -> float:
    symbols = [f"A{index}/USDT:USDT" for index in range(instruments)]

    def work() -> None:
        windows = DictionaryWindows()
        for step in range(UPDATES):
            windows.update("bench", symbols[step % instruments], step, 100.0, 100.1)

    return _time_ns(work, UPDATES)


def _quotes() -> Quotes:
    return {f"A{asset}": {f"venue{venue}": (100.0, 100.05) for venue in range(VENUES)} for asset in range(ASSETS)}


def _scan_venue(quotes: dict[str, tuple[float, float]], venue: str, found: list[tuple[str, str, float]]) -> None:
    """Both directions of every pair that the venue is in."""
    bid, ask = quotes[venue]
    for other, (other_bid, other_ask) in quotes.items():
        if other != venue:
            _consider(venue, other, ask, other_bid, found)
            _consider(other, venue, other_ask, bid, found)


def _consider(buy: str, sell: str, ask: float, bid: float, found: list[tuple[str, str, float]]) -> None:
    gross = (bid - ask) / ask * 100
    net = gross - 2 * (FEE_PERCENT + FEE_PERCENT * bid / ask)
    if net >= OPEN_NET_PERCENT:
        found.append((buy, sell, net))


def _incremental_ns() -> float:
    quotes = _quotes()
    count = 20_000

    def work() -> None:
        found: list[tuple[str, str, float]] = []
        for step in range(count):
            asset, venue = f"A{step % ASSETS}", f"venue{step % VENUES}"
            quotes[asset][venue] = (100.0 + step % 7 * 0.001, 100.05 + step % 7 * 0.001)
            _scan_venue(quotes[asset], venue, found)

    return _time_ns(work, count)


def _full_ns() -> float:
    quotes = _quotes()

    def work() -> None:
        found: list[tuple[str, str, float]] = []
        for legs in quotes.values():
            for buy, (_, ask) in legs.items():
                for sell, (bid, _) in legs.items():
                    if buy != sell:
                        _consider(buy, sell, ask, bid, found)

    return _time_ns(work, 1)
