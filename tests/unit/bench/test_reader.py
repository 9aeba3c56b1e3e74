"""The client that only counts frames."""

import pytest

from crossbook.simulator.wire.session import encode_frame
from tests.bench.reader import count_frames


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_whole_frames_are_counted_whatever_their_length(size: int) -> None:
    """And what is left of the next one is told, at every place where it may be cut."""
    frame = encode_frame(b"x" * size, is_text=True)
    assert count_frames(frame * 3) == (3, 3 * len(frame))
    for cut in {1, 2, 3, len(frame) // 2, len(frame) - 1} & set(range(len(frame))):
        assert count_frames(frame + frame[:cut]) == (1, len(frame))
