"""The simulator's own SBE encoder, against bytes captured from the venue."""

import base64
import json
import struct
from pathlib import Path

import pytest

from crossbook.simulator.faces import sbe

RECORDINGS = Path(__file__).parents[5] / "shared" / "recordings" / "paradex"


def _captured(name: str) -> list[bytes]:
    path = RECORDINGS / name
    if not path.exists():
        pytest.skip(f"no recording at {path}")
    records = [json.loads(line) for line in path.read_text().splitlines()]
    return [base64.b64decode(record["b64"]) for record in records if record["opcode"] == "binary"]


def test_bbo_frames_are_byte_for_byte_the_venues() -> None:
    """Fields of captured frames, encoded again, give the captured bytes."""
    frames = _captured("btc-bbo-2026-10-08.excerpt.jsonl")
    for frame in frames:
        assert sbe.encode_bbo(*struct.unpack_from("<qqqqqq", frame, 8), "BTC-USD-PERP") == frame
    assert len(frames) == 12


def test_book_frames_are_byte_for_byte_the_venues() -> None:
    """The snapshot and the deltas, too."""
    frames = _captured("btc-order-book-deltas-2026-10-08.head31.jsonl")
    for frame in frames:
        time_us, sequence, package = struct.unpack_from("<qqB", frame, 8)
        sides, at = [], 8 + 89
        for _ in range(2):
            count = struct.unpack_from("<H", frame, at + 2)[0]
            sides.append([struct.unpack_from("<qq", frame, at + 4 + 16 * i) for i in range(count)])
            at += 4 + 16 * count
        assert sbe.encode_book(time_us, sequence, package, sides[0], sides[1], "BTC-USD-PERP") == frame
        assert sbe.market_of(frame) == "BTC-USD-PERP"
    assert len(frames) == 30


@pytest.mark.parametrize("variant", ["garbled", "truncated", "types", "nan", "negative"])
@pytest.mark.parametrize("levels", [([], []), ([(5, 5)], []), ([], [(6, 6)])])
def test_spoiled_frames_differ_and_keep_no_false_price(variant: str, levels: tuple[list[tuple[int, int]], ...]) -> None:
    """Every variant changes the frame, for books with and without levels."""
    frame = sbe.encode_book(1, 2, sbe.DELTA, levels[0], levels[1], "X-USD-PERP")
    spoiled = sbe.spoil(frame, variant)
    assert spoiled != frame
    if variant == "nan" and any(levels):
        assert struct.pack("<q", sbe.NULL) in spoiled[8 + 89 :]
