"""A client of the board, which knows no more than the frames of one reader say."""

from dataclasses import dataclass, field

from crossbook._core import BoardReader
from crossbook.pb.v1.aggregator_pb2 import SubscribeQuoteBatchesResponse
from crossbook.pb.v1.market_pb2 import QuoteBatch

Name = tuple[str, str]
Row = tuple[int, float, float, int]
"""State, bid, ask, receive time in nanoseconds."""


def batch_of(frame: bytes) -> QuoteBatch:
    """What a frame holds."""
    return SubscribeQuoteBatchesResponse.FromString(frame).batch


@dataclass
class BoardClient:
    """`rows` are the newest by venue and symbol."""

    reader: BoardReader
    rows: dict[Name, Row] = field(default_factory=dict)
    frames: int = 0
    _names: dict[int, Name] = field(default_factory=dict)

    def pull(self) -> "BoardClient":
        """Takes everything that is new."""
        while frame := self.reader.delta():
            self.take(frame)
        return self

    def take(self, frame: bytes) -> None:
        """Takes one frame of the reader."""
        self.frames += 1
        batch = batch_of(frame)
        self._names |= {entry.index: (entry.instrument.venue, entry.instrument.symbol) for entry in batch.symbols}
        columns = (batch.symbol_index, batch.state, batch.bid, batch.ask, batch.receive_ns)
        self.rows |= {self._names[number]: tuple(row) for number, *row in zip(*columns, strict=True)}  # type: ignore[misc]

    @property
    def states(self) -> list[int]:
        """Of all instruments."""
        return [row[0] for row in self.rows.values()]
