"""What a simulated venue says of an instrument besides its book: funding, mark, index, open interest, volume.

All of it follows from the instrument, its book and the time, so that whoever asks twice is told the same.
"""

import random
from dataclasses import dataclass

from crossbook.simulator.world.world import Instrument

SECOND_NS = 1_000_000_000
MOST_FUNDING = 0.0003  # of the notional, in one interval of eight hours
EIGHT_HOURS = 28_800
DAY_TURNS = (0.5, 8.0)  # what is traded in a day, as a multiple of what is open
OPEN_MONEY = (2e6, 4e8)  # quote currency


@dataclass(frozen=True, slots=True)
class Facts:
    """Rates are shares of the notional for one interval; prices and sizes as the venue lists the instrument."""

    rate: float
    predicted: float
    interval_seconds: int
    next_seconds: int  # since the epoch
    mark: float
    index: float
    open_interest: float  # base units
    open_money: float  # the same in quote currency
    volume: float  # of a day, quote currency


def facts_of(instrument: Instrument, interval_seconds: int, now_ns: int) -> Facts:
    """As they are now."""
    listing = instrument.listing
    bid, _, ask, _ = instrument.book.top()
    mark = round((bid + ask) / 2) / 10**listing.price_decimals
    past = now_ns // SECOND_NS // interval_seconds
    fixed = random.Random(f"{instrument.moves_with}:{instrument.asset}:facts")
    money = fixed.uniform(*OPEN_MONEY)
    return Facts(
        rate=_rate(instrument, interval_seconds, past),
        predicted=_rate(instrument, interval_seconds, past + 1),
        interval_seconds=interval_seconds,
        next_seconds=(past + 1) * interval_seconds,
        mark=mark,
        index=mark * (1 + fixed.uniform(-2e-5, 2e-5)),
        open_interest=money / mark,
        open_money=money,
        volume=money * fixed.uniform(*DAY_TURNS),
    )


def _rate(instrument: Instrument, interval_seconds: int, interval: int) -> float:
    drawn = random.Random(f"{instrument.moves_with}:{instrument.asset}:{interval_seconds}:{interval}")
    return round(drawn.uniform(-0.3, 1.0) * MOST_FUNDING * interval_seconds / EIGHT_HOURS, 10)
