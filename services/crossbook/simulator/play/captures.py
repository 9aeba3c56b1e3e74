"""Reads captures of real venues, by whomever: what came over the socket and when, and what REST answered of books.

Formats: hftbacktest (`<receive ns> <frame>`, gzip, one bare REST snapshot among the frames), cryptofeed
(`<unix seconds>: <frame>`, REST answers in a neighbouring .http file) and JSON lines of {t_ns, opcode, text or b64}.
"""

import base64
import gzip
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.timestamps import SECOND_NS
from crossbook.simulator.registry import FACES

_CRYPTOFEED_FRAME = re.compile(r"(\d+\.\d+): (.*)", re.DOTALL)
_CRYPTOFEED_ANSWER = re.compile(r"(https?://\S+) -> (\d+\.\d+): (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Frame:
    """One received frame, or a REST snapshot of `snapshot_of` that was answered at that point."""

    at_ns: int
    payload: bytes
    is_text: bool = True
    snapshot_of: str | None = None


@dataclass(frozen=True, slots=True)
class Capture:
    """All of one file, in order."""

    venue: str
    frames: list[Frame]


def read_capture(path: Path) -> Capture:
    """Raises SettingsError when there is no such file or nothing knows its format."""
    try:
        lines = _lines(path)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise SettingsError(f"setting simulator.play: cannot read {path}: {error}") from error
    first = lines[0] if lines else ""
    try:
        venue = next((venue for venue, face in FACES.items() if face.is_captured(first)), None)
        if venue is not None:
            return Capture(venue, list(_frames(path, lines)))
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"setting simulator.play: {path} does not read: {error}") from error
    raise SettingsError(f"setting simulator.play: {path} is no capture of a known form")


def _frames(path: Path, lines: list[str]) -> Iterator[Frame]:
    """By the form of the first line."""
    if lines[0].startswith("{"):
        return _json_lines(lines)
    if lines[0].split(" ", 1)[0].isdigit():
        return _hftbacktest(lines)
    return iter(sorted(_cryptofeed(path, lines), key=lambda frame: frame.at_ns))


def _lines(path: Path) -> list[str]:
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return file.read().splitlines()
    return path.read_text(encoding="utf-8").splitlines()


def _json_lines(lines: list[str]) -> Iterator[Frame]:
    for line in lines:
        record = json.loads(line)
        is_text = record["opcode"] == "text"
        payload = record["text"].encode() if is_text else base64.b64decode(record["b64"])
        yield Frame(record["t_ns"], payload, is_text)


def _hftbacktest(lines: list[str]) -> Iterator[Frame]:
    """The bare snapshot does not say its symbol: it is the one of the frames around it."""
    symbol = None
    for line in lines:
        at, _, text = line.partition(" ")
        if text.startswith('{"lastUpdateId"'):
            yield Frame(int(at), text.encode(), snapshot_of=symbol)
        else:
            if symbol is None:
                symbol = json.loads(text)["data"]["s"]
            yield Frame(int(at), text.encode())


def _cryptofeed(path: Path, lines: list[str]) -> Iterator[Frame]:
    for line in lines:
        match = _CRYPTOFEED_FRAME.fullmatch(line)
        if match is not None:
            yield Frame(int(float(match[1]) * SECOND_NS), match[2].encode())
    answers = path.with_name(re.sub(r"\.ws\.\d+\.\d+$", ".http.0.0", path.name))
    if answers != path and answers.exists():
        for line in _lines(answers):
            match = _CRYPTOFEED_ANSWER.fullmatch(line)
            if match is not None and "lastUpdateId" in match[3][:40]:
                symbol = parse_qs(urlsplit(match[1]).query)["symbol"][0]
                yield Frame(int(float(match[2]) * SECOND_NS), match[3].encode(), snapshot_of=symbol)
