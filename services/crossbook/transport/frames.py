"""Cuts a websocket's byte stream into messages: the usual frame in a fast lane, every other one by the library.

Nearly all frames of a market data stream are whole, unmasked and uncompressed. Those are cut out here, at a fifth of
the library's cost. Control frames, fragments and everything wrong go to `websockets`' ClientProtocol one whole frame
at a time, so that it judges them and answers; once it says that the connection is over, it gets all that follows.
"""

from collections.abc import Callable

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN

WHOLE_TEXT = 0x81
WHOLE_BINARY = 0x82
_DATA_OPCODES = 2

OnMessage = Callable[[bytes, bool, int], None]
OnPong = Callable[[bytes], None]


class FrameLane:
    """Takes what the socket gives after the handshake and calls `on_message(payload, is_text, now_ns)` per message.

    `on_pong(payload)` is called per pong, after all messages before it.
    """

    def __init__(
        self, protocol: ClientProtocol, on_message: OnMessage, on_pong: OnPong, max_message_bytes: int
    ) -> None:
        self._protocol = protocol
        self._on_message = on_message
        self._on_pong = on_pong
        self._max_message_bytes = max_message_bytes
        self._held = bytearray()  # the beginning of a frame; bounded by max_message_bytes
        self._needed = 0
        self._fragments: list[bytes] = []  # of one message; the protocol bounds their sum
        self._is_text_fragmented = False
        self._is_over = False

    def feed(self, data: bytes, now_ns: int) -> None:
        """Takes the bytes of one read."""
        if self._held:
            self._held += data
            if len(self._held) < self._needed:
                return
            data = bytes(self._held)
            self._held.clear()
        rest = self._cut(data, now_ns)
        if rest < len(data):
            self._held += memoryview(data)[rest:]

    def _cut(self, data: bytes, now_ns: int) -> int:
        """Hands on every whole frame; returns where the unfinished rest begins. The hot loop, hence one piece."""
        on_message, limit, size, at = self._on_message, self._max_message_bytes, len(data), 0
        while not self._is_over and size - at >= 2:
            head, length, start = data[at], data[at + 1], at + 2
            if length > 127:  # masked: only clients may
                break
            if length > 125:
                start += 2 if length == 126 else 8
                if start > size:
                    self._needed = start - at
                    return at
                length = int.from_bytes(data[at + 2 : start], "big")
            if length > limit:
                break
            end = start + length
            if end > size:
                self._needed = end - at
                return at
            if head == WHOLE_TEXT and not self._fragments:
                on_message(data[start:end], True, now_ns)
            elif head == WHOLE_BINARY and not self._fragments:
                on_message(data[start:end], False, now_ns)
            else:
                self._hand_over(data[at:end], now_ns)
            at = end
        if size - at >= 2 or (self._is_over and at < size):
            self._hand_over(data[at:], now_ns)
            return size
        self._needed = 2
        return at

    def _hand_over(self, data: bytes, now_ns: int) -> None:
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode <= _DATA_OPCODES:
                self._join(event, now_ns)
            elif isinstance(event, Frame) and event.opcode == Opcode.PONG:
                self._on_pong(bytes(event.data))
        self._is_over = self._protocol.state is not OPEN

    def _join(self, frame: Frame, now_ns: int) -> None:
        if frame.opcode != Opcode.CONT:
            self._is_text_fragmented = frame.opcode == Opcode.TEXT
        self._fragments.append(bytes(frame.data))
        if frame.fin:
            message = b"".join(self._fragments)
            self._fragments.clear()
            self._on_message(message, self._is_text_fragmented, now_ns)
