"""A client of paradex that checks its sequences; see base.py."""

import struct
from decimal import Decimal

from tests.support.simulator.clients.base import BookClient, Levels


class ParadexBook(BookClient):
    """Package 0 is the snapshot; then every frame's seq is the last one plus one, empty frames too."""

    def feed(self, message: str | bytes) -> bool:
        if isinstance(message, str) or struct.unpack_from("<H", message, 2)[0] != 3:
            return False
        block, _, schema, _ = struct.unpack_from("<HHHH", message)
        assert schema == 1
        _, sequence, package = struct.unpack_from("<qqB", message, 8)
        at = 8 + block
        sides: list[Levels] = []
        for _ in range(2):
            entry, count = struct.unpack_from("<HH", message, at)
            at += 4
            mantissas = [struct.unpack_from("<qq", message, at + i * entry) for i in range(count)]
            sides.append([(Decimal(p).scaleb(-8), Decimal(s).scaleb(-8)) for p, s in mantissas])
            at += entry * count
        if message[at + 1 : at + 1 + message[at]].decode() != self.symbol:
            return False
        if package == 0:
            self.load(sides[0], sides[1], sequence)
        else:
            self.apply(sides[0], sides[1], sequence - 1, sequence)
        return True


def read_bbo(frame: bytes) -> tuple[int, tuple[Decimal, ...], str]:
    """Sequence, (bid, bid size, ask, ask size) and market of a Paradex best-bid-ask frame."""
    _, template, _, _ = struct.unpack_from("<HHHH", frame)
    assert template == 2
    _, sequence, *mantissas = struct.unpack_from("<qqqqqq", frame, 8)
    return sequence, tuple(Decimal(m).scaleb(-8) for m in mantissas), frame[57 : 57 + frame[56]].decode()
