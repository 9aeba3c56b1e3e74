"""Recorded frames as a script for the native source: those that show another price, over and over, at any rate.

Prices, sizes and every other byte are as recorded; the sequence and the times are of the moment, so that no client
takes a frame of the second turn for an old one.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

NUMBERS = re.compile(r'(?<="[uTE]":)\d+')
TIME, SEQUENCE = {"unit_ns": 1_000_000, "offset": 0}, {"unit_ns": 0, "offset": 0}
KEY_AT = -3  # of the letter before a number: `"u":`


def recorded_topic(texts: Iterable[str], *, port: int, venue: str, asset: str, sequence: int) -> dict[str, Any]:
    """The topic of one client. Of frames with one price only the first is in it, so that its price tells a frame."""
    states, tops, known = [], [], set()
    for text in texts:
        data = json.loads(text)["data"]
        top = (float(data["b"]), float(data["a"]))
        if top[0] in known:
            continue
        known.add(top[0])
        states += [_state(text)] * 2  # a source goes on by two: it is told that every frame is a move
        tops += [top] * 2
    return {"port": port, "venue": venue, "asset": asset, "sequence": sequence, "tops": tops, "states": states}


def _state(text: str) -> dict[str, Any]:
    found = list(NUMBERS.finditer(text))
    ends = [0, *(number.end() for number in found)]
    starts = [*(number.start() for number in found), len(text)]
    return {
        "pieces": [text[end:start] for end, start in zip(ends, starts, strict=True)],
        "holes": [SEQUENCE if text[number.start() + KEY_AT] == "u" else TIME for number in found],
    }
