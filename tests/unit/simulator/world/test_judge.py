"""What the judge says of claims, by books of its own."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from crossbook.plumbing.settings import SimulatorSettings
from crossbook.plumbing.timestamps import SECOND_NS
from crossbook.simulator.registry import TRAITS
from crossbook.simulator.simulator import Simulator
from crossbook.simulator.world.books import BookFile
from crossbook.simulator.world.judge import Asked, Books, Claim, ClaimLeg, judge, money, net_percent, paid_ns
from crossbook.simulator.world.world import Instrument

NOW_NS = 1_700_000_000 * SECOND_NS
VENUES = [name for name, traits in TRAITS.items() if traits.relays is None][:2]


@pytest.fixture
def instruments() -> list[Instrument]:
    """One asset on two venues."""
    return Simulator(SimulatorSettings(venues=VENUES, assets=1), 0).world.instruments


@pytest.fixture
def books(instruments: list[Instrument], tmp_path: Path) -> Iterator[Books]:
    """The first venue's book moves down by 1 % a second after the beginning, the other's stands."""
    file = BookFile(tmp_path / "books", instruments)
    for one in instruments:
        file.changed(one, NOW_NS)
    instruments[0].requote([61_800.0 * 0.99], 0.0)
    file.changed(instruments[0], NOW_NS + SECOND_NS)
    file.close()
    made = Books(tmp_path / "books")
    yield made
    made.close()


def claim(books: Books, at_ns: int, *, size: float | None = None) -> Claim:
    """To buy on the first and to sell on the other, with the net that is there at its time."""
    legs = [ClaimLeg(venue, 0.05, at_ns, at_ns) for venue in VENUES]
    lot = max(books.lot(venue, "BTC") for venue in VENUES)
    coins = size or 3 * lot
    asks = books.sides(VENUES[0], "BTC", at_ns, at_ns)[0][1]
    bids = books.sides(VENUES[1], "BTC", at_ns, at_ns)[0][0]
    paid, got = money(asks, coins), money(bids, coins)
    net = net_percent(paid or 1.0, got or 1.0, 0.05, 0.05)
    return Claim("id", "BTC", legs[0], legs[1], 1.0, coins, net, at_ns)


def problems(books: Books, told: Claim, truth: tuple[dict[str, object], ...] = ()) -> list[str]:
    return [problem for _, problem in judge([told], books, truth).wrong]


def test_a_profit_that_the_books_hold_is_there_and_one_from_before_they_moved_is_not(books: Books) -> None:
    """The claim of the moment stands; the same a second before is what the books never held."""
    told = claim(books, NOW_NS + SECOND_NS)
    assert 0.7 < told.net_percent < 1.0
    assert problems(books, told) == []
    early = [replace(leg, from_ns=NOW_NS, to_ns=NOW_NS) for leg in (told.buy, told.sell)]
    (problem,) = problems(books, replace(told, buy=early[0], sell=early[1]))
    assert problem.startswith("nets -")


def test_more_than_the_books_hold_or_than_they_pay_is_not_there(books: Books) -> None:
    """Each in its own words."""
    told = claim(books, NOW_NS + SECOND_NS)
    assert problems(books, replace(told, size=1e9)) == ["a book never held 1000000000 coins"]
    (problem,) = problems(books, replace(told, net_percent=told.net_percent + 0.03))
    assert problem == f"nets {told.net_percent:.4f} %, not {told.net_percent + 0.03:.4f} %"
    (problem,) = problems(books, replace(told, size=told.size * 1.1))
    assert "no whole number of lots" in problem


def test_what_was_told_long_after_a_market_had_halted_is_not_there(books: Books) -> None:
    """A venue has some time to tell it, and a market that trades again is one."""
    told = claim(books, NOW_NS + SECOND_NS)
    halt = {"kind": "fault_started", "id": "f", "venue": VENUES[1], "asset": "BTC", "fault": "halt"}
    long_ago, end = {**halt, "at_ns": NOW_NS - 60 * SECOND_NS}, {"kind": "fault_ended", "id": "f", "at_ns": NOW_NS}
    assert problems(books, told, (long_ago,)) == [f"{VENUES[1]} did not trade"]
    assert problems(books, told, (long_ago, end)) == []
    assert problems(books, told, ({**halt, "at_ns": NOW_NS},)) == []


def test_for_how_long_a_pair_paid_is_by_the_books_as_they_stood(books: Books) -> None:
    """From the change that made it pay on; a price that asks more is never paid."""
    span = (NOW_NS, NOW_NS + 3 * SECOND_NS)
    asked = Asked(100.0, 0.1, dict.fromkeys(VENUES, 0.05))
    there = (VENUES[0], VENUES[1])
    assert paid_ns(books, "BTC", there, span, asked) == 2 * SECOND_NS
    assert paid_ns(books, "BTC", there[::-1], span, asked) == 0
    assert paid_ns(books, "BTC", there, span, replace(asked, net_percent=1.0)) == 0


def test_money_is_level_after_level_and_none_where_they_end() -> None:
    """To the last coin."""
    levels = [(100.0, 1.0), (101.0, 2.0)]
    assert money(levels, 2.0) == 201.0
    assert money(levels, 3.0) == 302.0
    assert money(levels, 3.1) is None
    assert net_percent(100.0, 101.0, 0.0, 0.0) == 1.0


def test_a_line_that_a_kill_has_torn_is_left_out(books: Books, tmp_path: Path) -> None:
    """What is before it counts."""
    path = tmp_path / "books"
    with path.open("a") as file:
        file.write(f"{NOW_NS + 9} 0 1:")
    assert Books(path).changed_within(VENUES[0], "BTC", NOW_NS, NOW_NS + 9 * SECOND_NS) == [NOW_NS, NOW_NS + SECOND_NS]
