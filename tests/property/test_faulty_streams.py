"""Whatever goes wrong on the way from a venue: no quote that was not true, and every book whole again in the end."""

from collections.abc import Iterator
from multiprocessing.pool import Pool

import pytest

from crossbook.simulator.registry import TRAITS
from tests.property.judge import judge
from tests.property.many import TOLD, failures, workers
from tests.property.play import Play

SEEDS = 1_000  # `make property` plays ten times as many


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with workers() as running:
        yield running


@pytest.mark.parametrize("venue", sorted(TRAITS))
def test_what_is_quoted_stood_and_books_recover(venue: str, pool: Pool) -> None:
    """Losses, repeats, swaps, spoilt frames, cuts and failed answers never make a LIVE quote that the world denies."""
    failed = failures(pool, venue, 0, SEEDS)
    assert not failed, f"{len(failed)} of {SEEDS} seeds fail:\n" + "\n".join(failed[:TOLD])


def test_the_judge_sees_what_is_not_true() -> None:
    """A quote that never stood, a book that differs and an untouched instrument that left LIVE are each noticed."""
    venue = sorted(TRAITS)[0]
    play = Play(venue, 0, is_calm=True).run()
    symbol, truth = next(iter(play.truth.items()))
    true_books = play.true_books()
    true_books[symbol][0].pop()
    play.truth[symbol] = [(at_ns, (bid, 0.0, ask, 0.0)) for at_ns, (bid, _, ask, _) in truth]
    play.true_books = lambda: true_books  # type: ignore[method-assign]
    play.reconnects.append("no reason")
    found = judge(play)
    for complaint in ("never stood then", "in the end bids", "no reason"):
        assert any(complaint in one for one in found), found
    assert judge(Play(venue, 0, is_calm=True).run()) == []
