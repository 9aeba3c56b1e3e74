"""The two lanes of quotes: ten times a second all sockets that are due and read are given what is new to them.

One call into the core for all of them: readers that want the same and know the same get one frame, encoded once.
"""

import asyncio
import time
from collections.abc import Callable, Iterable

from crossbook._core import BoardReader, QuoteBoard
from crossbook.gateway.sockets.socket import Socket
from crossbook.gateway.sockets.subscription import Subscription
from crossbook.pb.v1 import gateway_pb2 as pb

TICK_SECONDS = 0.1
LANES = (pb.CHANNEL_QUOTES, pb.CHANNEL_RANK)


def reader_of(board: QuoteBoard, asked: pb.Subscribe) -> BoardReader:
    """What a subscription sees of the board."""
    if asked.channel == pb.CHANNEL_RANK:
        return board.reader()
    if asked.instruments:
        return board.reader(instruments=[(one.venue, one.symbol) for one in asked.instruments])
    chosen = asked.filter
    return board.reader(list(chosen.venues), list(chosen.symbols), list(chosen.assets))


class QuoteLanes:
    """Of all sockets."""

    def __init__(
        self, board: QuoteBoard, sockets: Callable[[], Iterable[Socket]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._board = board
        self._sockets = sockets
        self._clock = clock

    async def run(self) -> None:
        """Ticks until cancelled."""
        while True:
            started = self._clock()
            self.tick(started)
            await asyncio.sleep(max(0.001, TICK_SECONDS - (self._clock() - started)))

    def tick(self, now: float) -> None:
        """Gives what is new to those that are due and have nothing waiting."""
        due: list[tuple[Socket, Subscription, BoardReader]] = []
        for socket in self._sockets():
            for subscription in () if socket.is_paused else socket.subscriptions.values():
                reader = subscription.reader
                if reader is None or subscription.ready is not None or now < subscription.next_at:
                    continue
                subscription.next_at = now + 1 / subscription.hz - TICK_SECONDS / 2
                if subscription.is_beginning:
                    self._begin(socket, subscription, reader)
                else:
                    due.append((socket, subscription, reader))
        frames = self._board.deltas([reader for _, _, reader in due])
        for (socket, subscription, reader), frame in zip(due, frames, strict=True):
            if frame is not None:
                _put(socket, subscription, reader, frame)

    def _begin(self, socket: Socket, subscription: Subscription, reader: BoardReader) -> None:
        _put(socket, subscription, reader, reader.snapshot())


def _put(socket: Socket, subscription: Subscription, reader: BoardReader, frame: bytes) -> None:
    is_in_snapshot = subscription.is_beginning or subscription.is_in_snapshot
    subscription.put_state("quotes", frame, is_last=not is_in_snapshot or reader.lag == 0)
    if subscription.is_in_snapshot:
        subscription.next_at = 0.0  # its parts follow each other
    socket.wake()
