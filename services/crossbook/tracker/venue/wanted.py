"""What of a venue's market list is tracked, and what a new list or a new choice changes about it: only the difference.

A market list is a foreign word and may be wrong. One that is empty, or that misses more than half of the markets of the
last good one, changes nothing. A market that a good list leaves out with a reason (halted, settling, of another kind)
is given up at once; one that it merely misses, when the next good list misses it too. Whatever is chosen comes back
with the list that has it again.

SuspiciousListingError   the list is not believed: keep what there is, report it, ask again at the next turn
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from crossbook._core import Instrument
from crossbook.pb.v1.market_pb2 import AssetClass
from crossbook.plumbing.settings import Fees
from crossbook.tracker.venue.markets import Selection, select

# A list that holds less than this share of the markets of the one before is not believed.
CREDIBLE_SHARE = 0.5
MISSES_BEFORE_DELISTED = 2


class SuspiciousListingError(Exception):
    """See the module."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Symbols and assets to track; everything when neither names any."""

    symbols: Sequence[str]
    assets: Sequence[str]


@dataclass(frozen=True, slots=True)
class Change:
    """What to stop, and then what to start; a market whose terms have changed is in both."""

    stopped: list[str] = field(default_factory=list)
    started: list[Instrument] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)  # what has changed about which market, in words

    def __bool__(self) -> bool:
        return bool(self.stopped or self.started)


class Wanted:
    """What is tracked of one venue; `take` says that a change has been carried out."""

    def __init__(self, choice: Choice, asset_classes: Sequence[str] = ("coin",), fees: Fees | None = None) -> None:
        self._fees = fees
        self.choice = choice
        self._classes = frozenset(map(_class_number, asset_classes))
        self.instruments: dict[str, Instrument] = {}
        self._listed: list[Instrument] = []
        self._misses: dict[str, int] = {}  # of tracked symbols, in a row; no more than are tracked
        self._left_alone: set[str] = set()  # listed symbols that somebody has stopped; no more than are listed
        self._follows_listings = True

    def offered(self, listed: Sequence[Instrument]) -> list[Instrument]:
        """Those of the asset classes that are looked at, with our own fees where there are some."""
        kept = [one for one in listed if one.asset_class in self._classes]
        return [with_fees(one, self._fees) for one in kept] if self._fees else kept

    def begin(self, listed: Sequence[Instrument]) -> Selection:
        """The first list."""
        self._listed = self.offered(listed)
        selection = select(self._listed, self.choice.symbols, self.choice.assets)
        self.instruments = {one.symbol: one for one in selection.instruments}
        return selection

    def relist(self, listed: Sequence[Instrument], left_out: Collection[str] = ()) -> Change:
        """A later list, and the names that it leaves out with a reason. Raises SuspiciousListingError."""
        listed = self.offered(listed)
        told = len(listed) + sum(_is_named(one, left_out) for one in self._listed)
        if told < max(1, CREDIBLE_SHARE * len(self._listed)):
            raise SuspiciousListingError(f"it holds {told} markets, the one before held {len(self._listed)}")
        self._listed = listed
        by_symbol = {one.symbol: one for one in listed}
        self._left_alone &= by_symbol.keys()
        gone, changed, altered = [], [], []
        for symbol, instrument in self.instruments.items():
            if symbol in by_symbol:
                self._misses.pop(symbol, None)
                if differences := _differences(instrument, by_symbol[symbol]):
                    changed.append(symbol)
                    altered.append(f"{symbol}: {', '.join(differences)}")
            elif _is_named(instrument, left_out) or self._count_miss(symbol) >= MISSES_BEFORE_DELISTED:
                gone.append(symbol)
        return Change([*gone, *changed], [*(by_symbol[symbol] for symbol in changed), *self._news()], altered)

    def choose(self, choice: Choice) -> Change:
        """Another choice: what only the old one named stops, what only the new one names starts."""
        old = select(self._listed, self.choice.symbols, self.choice.assets).instruments
        new = select(self._listed, choice.symbols, choice.assets).instruments
        kept = {one.symbol for one in new}
        stopped = [one.symbol for one in old if one.symbol not in kept and one.symbol in self.instruments]
        before = {one.symbol for one in old}
        started = [one for one in new if one.symbol not in before and one.symbol not in self.instruments]
        self.choice = choice
        return Change(stopped, started)

    def take(self, change: Change) -> None:
        """It is done."""
        for symbol in change.stopped:
            self.instruments.pop(symbol, None)
            self._misses.pop(symbol, None)
        self.instruments.update((one.symbol, one) for one in change.started)

    def started_by_hand(self, instruments: Sequence[Instrument], *, is_whole_choice: bool) -> None:
        """Somebody has asked for these."""
        self._left_alone -= {one.symbol for one in instruments}
        self._follows_listings |= is_whole_choice
        self.take(Change([], list(instruments)))

    def stopped_by_hand(self, symbols: Sequence[str], *, are_all: bool) -> None:
        """Somebody does not want these; no list brings them back."""
        self._left_alone |= set(symbols)
        self._follows_listings &= not are_all
        self.take(Change(list(symbols), []))

    def _news(self) -> list[Instrument]:
        if not self._follows_listings:
            return []
        chosen = select(self._listed, self.choice.symbols, self.choice.assets).instruments
        return [one for one in chosen if one.symbol not in self.instruments and one.symbol not in self._left_alone]

    def _count_miss(self, symbol: str) -> int:
        self._misses[symbol] = self._misses.get(symbol, 0) + 1
        return self._misses[symbol]


def with_fees(instrument: Instrument, fees: Fees) -> Instrument:
    """The instrument at what we pay."""
    own = {"taker_fee_percent": fees.taker_percent, "maker_fee_percent": fees.maker_percent}
    facts = zip(Instrument.COLUMNS, instrument.row(), strict=True)
    return Instrument.from_row([value if own.get(name) is None else own[name] for name, value in facts])


def _is_named(instrument: Instrument, names: Collection[str]) -> bool:
    """By its native symbol; where that is a mere number, the venue's own lists say the base."""
    return instrument.native_symbol in names or (
        instrument.native_symbol.isdecimal() and instrument.symbol.partition("/")[0] in names
    )


def _class_number(name: str) -> int:
    return AssetClass.Value(f"ASSET_CLASS_{name.upper().replace('-', '_')}")


# Neither its quotes nor what is made of them depend on these; a change of anything else begins it afresh.
UNHEEDED = frozenset({"tick_size", "lot_size"})


def _differences(before: Instrument, after: Instrument) -> list[str]:
    """The terms that are others now, in words."""
    if before == after:
        return []
    facts = zip(Instrument.COLUMNS, before.row(), after.row(), strict=True)
    return [f"{name} {old} -> {new}" for name, old, new in facts if old != new and name not in UNHEEDED]
