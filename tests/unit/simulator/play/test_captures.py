"""Reading captures of real venues."""

import base64
import gzip
import json
from pathlib import Path

import pytest

from crossbook.plumbing.errors import SettingsError
from crossbook.simulator.play.captures import Frame, read_capture
from crossbook.simulator.registry import FACES


def test_hftbacktest_lines_are_frames_and_one_snapshot(tmp_path: Path) -> None:
    """The bare REST answer is recognised and belongs to the symbol of the frames."""
    event = json.dumps({"stream": "btcusdt@trade", "data": {"e": "trade", "s": "BTCUSDT"}})
    (tmp_path / "a.txt").write_text(f'5 {event}\n6 {{"lastUpdateId":7}}\n')
    recording = read_capture(tmp_path / "a.txt")
    assert recording.venue == "binance"
    assert recording.frames == [Frame(5, event.encode()), Frame(6, b'{"lastUpdateId":7}', snapshot_of="BTCUSDT")]


def test_cryptofeed_lines_are_received_frames_only(tmp_path: Path) -> None:
    """What was sent and when it connected is left out; snapshots come from the file beside it."""
    ws = 'wss://fstream.binance.com/stream?streams=x <-> 1.0\n2.5: {"a":1}\nwss://fstream.binance.com <- 3.0: {}\n'
    http = 'https://fapi.binance.com/fapi/v1/depth?symbol=AKROUSDT&limit=1000 -> 2.0: {"lastUpdateId":1}\n'
    (tmp_path / "feed_X.ws.1.0").write_text(ws)
    (tmp_path / "feed_X.http.0.0").write_text(http)
    recording = read_capture(tmp_path / "feed_X.ws.1.0")
    assert [(frame.at_ns, frame.snapshot_of) for frame in recording.frames] == [
        (2 * 10**9, "AKROUSDT"),
        (25 * 10**8, None),
    ]


def test_json_lines_hold_text_and_binary(tmp_path: Path) -> None:
    """Binary frames are base64."""
    lines = [
        {"t_ns": 1, "opcode": "text", "text": "{}\n"},
        {"t_ns": 2, "opcode": "binary", "b64": base64.b64encode(b"\x01\x02").decode()},
    ]
    (tmp_path / "p.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    assert read_capture(tmp_path / "p.jsonl").frames == [Frame(1, b"{}\n"), Frame(2, b"\x01\x02", is_text=False)]


RECORDED = gzip.compress(b'5 {"data": {"s": "BTCUSDT"}}\n' * 1000)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not gzip",
        RECORDED[:-20],
        RECORDED[:30] + b"\xff\xff\xff" + RECORDED[33:],
        gzip.compress(b"hello"),
        gzip.compress(b"\xff\xfe"),
        gzip.compress(b"5 [1]"),
        gzip.compress(b'{"opcode": 1}'),
        gzip.compress(b'{"t_ns": 1, "opcode": "binary", "b64": 7}'),
    ],
)
def test_rubbish_is_a_clear_error(tmp_path: Path, content: bytes) -> None:
    """Cut short, damaged or something else: the message names the setting and the file."""
    (tmp_path / "x.gz").write_bytes(content)
    with pytest.raises(SettingsError, match=r"simulator\.play.*x\.gz"):
        read_capture(tmp_path / "x.gz")


@pytest.mark.parametrize(
    ("first_line", "venue"),
    [
        ('5 {"stream": "btcusdt@trade"}', "binance"),
        ("wss://fstream.binance.com/stream?streams=x <-> 1.0", "binance"),
        ("wss://ws.bitmex.com/realtime <-> 1.0", "bitmex"),
        ("wss://ws.okx.com:8443/ws/v5/public <-> 1.0", "okx"),
        ('{"t_ns": 1, "opcode": "text", "text": "{}"}', "paradex"),
        ("wss://unknown.example/ <-> 1.0", None),
        ("", None),
    ],
)
def test_a_capture_is_known_by_one_face_at_most(first_line: str, venue: str | None) -> None:
    """Each says for itself what is its own."""
    knowing = [name for name, face in FACES.items() if face.is_captured(first_line)]
    assert knowing == ([venue] if venue else [])
