"""Frames encoded beforehand."""

import pytest

from crossbook.simulator.wire.session import encode_frame
from tests.bench.templates import UnplayableError, learn

SECOND_NS = 1_000_000_000
START_NS = 1_800_000_000 * SECOND_NS
TIMES_NS = [START_NS + number * SECOND_NS for number in range(4)]
LATER_NS = START_NS + 12_345_000_000


def payloads(form: str) -> list[bytes]:
    """Four frames: {ms} {us} {ns} are times, {seq} rises, {size} goes up and down."""
    return [
        form.format(
            ms=at_ns // 1_000_000 - 4,
            us=at_ns // 1_000,
            ns=at_ns,
            seq=512_310_783 + 17 * number * number,
            other=900_000_000 + number,
            size=(7, 3, 9, 5)[number],
        ).encode()
        for number, at_ns in enumerate(TIMES_NS)
    ]


def test_times_and_the_sequence_are_filled_in() -> None:
    """Everything else stays as it was, in each frame's own way."""
    form = learn(payloads('{{"E":{ms},"T":"{us}","n":{ns},"u":{seq},"b":"1.50","B":{size}}}'), TIMES_NS)
    filled = form.templates[2].fill(LATER_NS, 600_000_000)
    ms, us = LATER_NS // 1_000_000 - 4, LATER_NS // 1_000
    expected = f'{{"E":{ms},"T":"{us}","n":{LATER_NS},"u":600000000,"b":"1.50","B":9}}'
    assert filled == encode_frame(expected.encode(), is_text=True)


def test_a_sequence_may_stand_twice() -> None:
    """The same number in two places is no chain."""
    form = learn(payloads('{{"u":{seq},"U":{seq},"B":{size}}}'), TIMES_NS)
    expected = b'{"u":600000000,"U":600000000,"B":7}'
    assert form.templates[0].fill(LATER_NS, 600_000_000) == encode_frame(expected, is_text=True)


def test_the_sequence_is_read_from_a_frame() -> None:
    """So that what is played follows what the face says of itself; 0 where there is none."""
    form = learn(payloads('{{"E":{ms},"u":{seq},"B":{size}}}'), TIMES_NS)
    assert form.sequence_of(b'{"E":1,"u":77,"B":9}') == 77
    assert learn(payloads('{{"E":{ms},"B":{size}}}'), TIMES_NS).sequence_of(b'{"E":1,"B":9}') == 0


def test_a_percent_sign_is_no_format() -> None:
    """Nor is one in the header, whose length may be the very byte."""
    filler = "x" * (37 - len(f'{{"u":{512_310_783}%""}}'))
    frames = payloads('{{"u":{seq}%"' + filler + '"}}')
    assert {len(frame) for frame in frames} == {ord("%")}
    form = learn(frames, TIMES_NS)
    assert form.templates[0].fill(LATER_NS, 512_310_783) == encode_frame(frames[0], is_text=True)


def test_chained_frames_are_refused() -> None:
    """Two sequences may be this frame's and the one before: filled in alike, they would break the chain."""
    with pytest.raises(UnplayableError, match="several sequences"):
        learn(payloads('{{"u":{seq},"pu":{other},"B":{size}}}'), TIMES_NS)


def test_frames_of_different_forms_are_refused() -> None:
    """Levels that come and go cannot be holes."""
    frames = payloads('{{"u":{seq},"B":{size}}}')
    frames[1] = b'{"u":512310800,"B":[1,2]}'
    with pytest.raises(UnplayableError, match="differ in form"):
        learn(frames, TIMES_NS)
