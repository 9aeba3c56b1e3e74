"""Recorded frames as a script."""

from typing import Any

from tests.bench.peers.played import recorded_topic

DATA = '"e":"bookTicker","u":{u},"s":"BTC","b":"{b}","B":"2.5","a":"{a}","T":{t},"E":{t}'
FORM = f'{{{{"stream":"btc@bookTicker","data":{{{{{DATA}}}}}}}}}'
NOW_MS, SEQUENCE = 1_800_000_000_123, 42


def recorded(bid: str, ask: str = "99.5") -> str:
    return FORM.format(u=5_123_107_839_020, b=bid, a=ask, t=1_723_161_256_313)


def topic(*texts: str) -> dict[str, Any]:
    return recorded_topic(texts, port=7, venue="lisbon", asset="BTC", sequence=SEQUENCE)


def played(state: dict[str, Any]) -> str:
    """As a source fills it."""
    numbers = [NOW_MS * 1_000_000 // hole["unit_ns"] if hole["unit_ns"] else SEQUENCE for hole in state["holes"]]
    return "".join(f"{piece}{number}" for piece, number in zip(state["pieces"], [*numbers, ""], strict=True))


def test_a_frame_is_as_recorded_but_for_its_sequence_and_times() -> None:
    """The prices' own digits are left alone."""
    assert played(topic(recorded("61800.20"))["states"][0]) == FORM.format(u=SEQUENCE, b="61800.20", a="99.5", t=NOW_MS)


def test_every_frame_stands_twice_for_a_source_goes_on_by_two() -> None:
    """With its price each time."""
    found = topic(recorded("1.0"), recorded("2.0"))
    assert found["tops"] == [(1.0, 99.5), (1.0, 99.5), (2.0, 99.5), (2.0, 99.5)]
    assert [played(state) for state in found["states"][::2]] == [played(state) for state in found["states"][1::2]]


def test_a_price_that_was_there_is_left_out() -> None:
    """Else two frames could be taken for each other."""
    assert topic(recorded("1.0"), recorded("1.0", "98.0"), recorded("2.0"))["tops"][::2] == [(1.0, 99.5), (2.0, 99.5)]
