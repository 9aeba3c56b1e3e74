"""What one would first write in Python for windows and scan: the engine's rows are measured in turn with it."""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from tests.bench.probes.dictionary import DictionaryWindows

INSTRUMENTS = 1_000
UPDATES = 100_000
SCANS = 10_000
VENUES = 13
ASSETS = 500
FEE_PERCENT = 0.05
OPEN_NET_PERCENT = 0.1

# asset -> venue -> (bid, ask)
Quotes = dict[str, dict[str, tuple[float, float]]]


class Plain:
    """Its parts are the engine's rows."""

    async def beside(self, part: str) -> Mapping[str, float]:
        """Nanoseconds a unit."""
        work = WORK.get(part)
        return {part: work()} if work else {}


@asynccontextmanager
async def opened() -> AsyncIterator[Plain]:
    yield Plain()


def _elapsed_ns(work: Callable[[], object], units: int) -> float:
    started = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - started) / units


def _dictionary_ns(instruments: int) -> float:
    symbols = [f"A{index}/USDT:USDT" for index in range(instruments)]

    def work() -> None:
        windows = DictionaryWindows()
        for step in range(UPDATES):
            windows.update("bench", symbols[step % instruments], step, 100.0, 100.1)

    return _elapsed_ns(work, UPDATES)


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

    def work() -> None:
        found: list[tuple[str, str, float]] = []
        for step in range(SCANS):
            asset, venue = f"A{step % ASSETS}", f"venue{step % VENUES}"
            quotes[asset][venue] = (100.0 + step % 7 * 0.001, 100.05 + step % 7 * 0.001)
            _scan_venue(quotes[asset], venue, found)

    return _elapsed_ns(work, SCANS)


def _full_ns() -> float:
    quotes = _quotes()

    def work() -> None:
        found: list[tuple[str, str, float]] = []
        for legs in quotes.values():
            for buy, (_, ask) in legs.items():
                for sell, (bid, _) in legs.items():
                    if buy != sell:
                        _consider(buy, sell, ask, bid, found)

    return _elapsed_ns(work, 1)


WORK: dict[str, Callable[[], float]] = {
    "window_update_uniform_ns": lambda: _dictionary_ns(INSTRUMENTS),
    "window_update_hot_ns": lambda: _dictionary_ns(1),
    "scan_incremental_ns": _incremental_ns,
    "scan_full_ns": _full_ns,
}
