"""Crossbook's rounds beside a peer's."""

from typing import Any

from tests.bench.pairs import compare
from tests.bench.peers.__main__ import pairs_of


def round_of(bbo_us: float) -> dict[str, Any]:
    return {"median_us": {"bbo": bbo_us, "depth": 1_000.0}}


def test_a_round_is_a_pair() -> None:
    """The ratio is the median of the rounds' ratios: a busy round hits both and changes nothing."""
    ours, peers = [round_of(1.0), round_of(10.0), round_of(2.0)], [round_of(6.0), round_of(60.0), round_of(8.0)]
    pairs = pairs_of(ours, peers, "bbo")
    assert pairs == [(1.0, 6.0), (10.0, 60.0), (2.0, 8.0)]
    ratio = compare(pairs, is_higher_better=False).ratio
    assert ratio is not None
    assert ratio.median == 6.0
