"""Simple Binary Encoding of Paradex's public events, schema 1 version 1, written from the schema's field tables.

Little endian; decimals are int64 mantissas of 10^-8; an absent value is the smallest int64.
"""

import struct
from collections.abc import Sequence

SCHEMA_ID = 1
VERSION = 1
BBO, BOOK, HEARTBEAT = 2, 3, 40
SNAPSHOT, DELTA = 0, 1
EXPONENT = 8
NULL = -(2**63)

_HEADER = struct.Struct("<HHHH")
_BBO = struct.Struct("<qqqqqq")
_BOOK = struct.Struct("<qqB9q")
_GROUP = struct.Struct("<HH")
_ENTRY = struct.Struct("<qq")
_HEARTBEAT = struct.Struct("<qq")
_NO_BEST = (NULL,) * 9

Mantissas = Sequence[tuple[int, int]]


def encode_bbo(time_us: int, sequence: int, bid: int, bid_size: int, ask: int, ask_size: int, market: str) -> bytes:
    """Template 2."""
    header = _HEADER.pack(_BBO.size, BBO, SCHEMA_ID, VERSION)
    return header + _BBO.pack(time_us, sequence, bid, bid_size, ask, ask_size) + _text(market)


def encode_book(time_us: int, sequence: int, package: int, bids: Mantissas, asks: Mantissas, market: str) -> bytes:
    """Template 3; plain book frames carry no best prices in the root block."""
    parts = [_HEADER.pack(_BOOK.size, BOOK, SCHEMA_ID, VERSION), _BOOK.pack(time_us, sequence, package, *_NO_BEST)]
    for side in (bids, asks):
        parts.append(_GROUP.pack(_ENTRY.size, len(side)))
        parts.extend(_ENTRY.pack(price, size) for price, size in side)
    return b"".join([*parts, _text(market)])


def encode_heartbeat(time_us: int, sequence: int) -> bytes:
    """Template 40."""
    return _HEADER.pack(_HEARTBEAT.size, HEARTBEAT, SCHEMA_ID, VERSION) + _HEARTBEAT.pack(time_us, sequence)


def template_of(frame: bytes) -> int:
    """The template id in a frame's header."""
    return int(_HEADER.unpack_from(frame)[1])


def market_of(frame: bytes) -> str:
    """The market at the end of a BBO or book frame."""
    block, template, _, _ = _HEADER.unpack_from(frame)
    at = _HEADER.size + block
    for _ in range(2 if template == BOOK else 0):
        entry, count = _GROUP.unpack_from(frame, at)
        at += _GROUP.size + entry * count
    return frame[at + 1 : at + 1 + frame[at]].decode()


def spoil(frame: bytes, variant: str) -> bytes:
    """A corrupted copy of a book frame: never one that a careful decoder takes for a whole one."""
    if variant == "truncated":
        return frame[: len(frame) // 2]
    spoiled = bytearray(frame)
    first_price = _HEADER.size + _BOOK.size + _GROUP.size
    has_bid = struct.unpack_from("<H", frame, first_price - 2)[0] > 0
    if not has_bid:
        first_price += _GROUP.size
    has_level = has_bid or struct.unpack_from("<H", frame, first_price - 2)[0] > 0
    if variant == "nan" and has_level:
        struct.pack_into("<q", spoiled, first_price, NULL)
    elif variant == "negative" and has_level:
        struct.pack_into("<q", spoiled, first_price, -150_000_000)
    elif variant == "types":
        struct.pack_into("<H", spoiled, 0, 0xFFFF)  # a root block longer than the frame
    else:
        struct.pack_into("<H", spoiled, 4, 0xBEEF)  # a schema nobody knows
    return bytes(spoiled)


def _text(value: str) -> bytes:
    encoded = value.encode()
    return bytes((len(encoded),)) + encoded
