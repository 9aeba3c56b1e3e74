"""What must hold after a play, whatever went wrong in it."""

from bisect import bisect_left
from functools import cache
from itertools import zip_longest

from crossbook._core import LIVE
from crossbook.simulator.world.world import TICK_NS, TICKS_PER_UPDATE
from tests.property.play import HEALED_TICKS, START_NS, Play, Quote, Side

DEPTH_INTERVAL_NS = TICKS_PER_UPDATE * TICK_NS
TOLD = 6  # complaints about one play
NEAR = 1e-12  # contract sizes multiply: the last bit may differ


def complaints(venue: str, seed: int) -> list[str]:
    """Everything that a play with this seed shows to be wrong."""
    play = Play(venue, seed).run()
    found = judge(play, _depth_told(venue))
    return [*found[:TOLD], f"faults: {play.faults.happened}", *play.reports[-8:]] if found else []


def judge(play: Play, depth: int | None = None) -> list[str]:
    """What is wrong with a play of a venue that tells so many levels a side."""
    found = [f"the feed gave the connection up: {reason}" for reason in play.reconnects]
    if play.has_recovered:
        found += _about_books(play, depth)
    else:
        found.append(f"does not recover, states are {play.states()}")
    return found + _about_quotes(play)


def _about_books(play: Play, depth: int | None) -> list[str]:
    """In the end every book is the world's, as deep as the venue tells it."""
    true = play.true_books()
    return [
        f"in the end {name} of {symbol} differ, held and true: {_difference(held, wanted[:depth])}"
        for symbol, sides in play.books().items()
        for name, held, wanted in zip(("bids", "asks"), sides, true[symbol], strict=True)
        if not _is_same(held, wanted[:depth])
    ]


def _about_quotes(play: Play) -> list[str]:
    """A LIVE quote is what stood then; an instrument without faults is LIVE for as long as its connection."""
    found, was_live, excuses = [], set(), Excuses(play)
    quotes = play.quotes()
    last = {(quote.symbol, quote.at_ns): quote for quote in quotes}
    for quote in quotes:
        if not play.is_change_atomic and last[quote.symbol, quote.at_ns] is not quote:
            continue  # between two frames of one change
        if quote.state == LIVE:
            was_live.add(quote.symbol)
            if not excuses.quoting(quote) and not _stood(play, quote, excuses.lag_ns(quote)):
                found.append(f"{quote.symbol} was quoted {quote.top} {_when(quote)}, which never stood then")
        elif quote.symbol in was_live:
            was_live.discard(quote.symbol)
            if not excuses.leaving(quote):
                found.append(f"{quote.symbol} had no faults and left LIVE {_when(quote)}")
    return found


class Excuses:
    """What a feed cannot know. Where lost frames show, that is next to nothing."""

    def __init__(self, play: Play) -> None:
        self._play = play
        self._faulty = play.faulty_symbols()
        self._unheard = play.unheard_symbols()
        self._fault_times = play.fault_times()
        self._spoilt_ns = {at_ns for kind, _, at_ns in play.faults.happened if kind == "corrupt"}
        self._healed_ns = max((at_ns for *_, at_ns in play.faults.happened), default=0) + HEALED_TICKS * TICK_NS

    def quoting(self, quote: Quote) -> bool:
        """A gap that does not show until the venue has told the whole book again, and a change told in part."""
        if not self._play.is_change_atomic and (quote.symbol, quote.at_ns) in self._fault_times:
            return True
        return not self._play.is_gap_visible and quote.symbol in self._faulty and quote.at_ns <= self._healed_ns

    def leaving(self, quote: Quote) -> bool:
        """Faults, cuts, and an unreadable frame of a venue that hides gaps: it may have been anybody's."""
        is_anybodys = not self._play.is_gap_visible and quote.at_ns in self._spoilt_ns
        return quote.symbol in self._faulty or quote.at_ns in self._play.cut_ns or is_anybodys

    def lag_ns(self, quote: Quote) -> int:
        """A best bid and ask that was lost is known with the next change of the book, a book as of its last frame."""
        lost_ns = DEPTH_INTERVAL_NS if quote.symbol in self._unheard else 0
        return max(lost_ns, self._play.frame_ns)


def _stood(play: Play, quote: Quote, within_ns: int) -> bool:
    truth = play.truth[quote.symbol]
    first = max(0, bisect_left(truth, (quote.at_ns - within_ns,)) - 1)
    return any(_is_near(quote.top, top) for at_ns, top in truth[first:] if at_ns <= quote.at_ns)


def _when(quote: Quote) -> str:
    return f"after {(quote.at_ns - START_NS) // 1_000_000} ms"


def _is_same(held: Side, wanted: Side) -> bool:
    return len(held) == len(wanted) and all(_is_near(one, other) for one, other in zip(held, wanted, strict=True))


def _difference(held: Side, wanted: Side) -> list[tuple[tuple[float, float] | None, tuple[float, float] | None]]:
    """The first few places where they differ."""
    return [pair for pair in zip_longest(held, wanted) if None in pair or not _is_near(*pair)][:4]


def _is_near(numbers: tuple[float, ...], others: tuple[float, ...]) -> bool:
    return all(abs(one - other) <= NEAR * other for one, other in zip(numbers, others, strict=True))


@cache
def _depth_told(venue: str) -> int | None:
    """Levels a side that the venue's channel tells, seen in a play without faults; None when it tells all."""
    calm = Play(venue, 0, is_calm=True).run()
    true, books = calm.true_books(), calm.books()
    if all(_is_same(held, wanted) for s in books for held, wanted in zip(books[s], true[s], strict=True)):
        return None
    return min(len(side) for sides in books.values() for side in sides)
