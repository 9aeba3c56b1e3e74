"""The fast lane against websockets' own server side: the same messages, however the bytes are cut."""

from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN, State
from websockets.uri import parse_uri

from crossbook.transport.frames import FrameLane

LIMIT = 100_000
Message = tuple[bytes, bool, int]


class Lane:
    """A lane that stands open, and what came out of it."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.messages: list[Message] = []
        self.pongs: list[bytes] = []
        self.protocol = ClientProtocol(parse_uri("ws://localhost/"), state=OPEN, max_size=limit)
        self.lane = FrameLane(self.protocol, lambda *message: self.messages.append(message), self.pongs.append, limit)

    def feed(self, data: bytes, step: int = 1 << 30) -> "Lane":
        for at in range(0, len(data), step):
            self.lane.feed(data[at : at + step], 7)
        return self

    @property
    def sent(self) -> bytes:
        return b"".join(self.protocol.data_to_send())


def frame(payload: bytes, opcode: Opcode = Opcode.TEXT, *, fin: bool = True, mask: bool = False) -> bytes:
    return Frame(opcode, payload, fin).serialize(mask=mask)


def test_a_pong_is_told_after_the_messages_before_it() -> None:
    """However the bytes are cut."""
    for step in (1, 3, 1000):
        lane = Lane()
        messages = lane.messages
        lane.lane._on_pong = lambda payload, messages=messages: messages.append((payload, False, 0))
        lane.feed(frame(b"before") + frame(b"question", Opcode.PONG) + frame(b"after"), step)
        assert [message[0] for message in lane.messages] == [b"before", b"question", b"after"]


@given(
    st.lists(st.tuples(st.integers(0, 70_000) | st.integers(0, 300), st.booleans(), st.integers(1, 3)), max_size=6),
    st.integers(1, 100_000),
)
def test_messages_come_out_as_they_went_in(messages: list[tuple[int, bool, int]], step: int) -> None:
    """Any sizes, whole or in fragments with pings between, cut anywhere, give each message once and in order."""
    stream, expected = b"", []
    for size, is_text, fragments in messages:
        payload = bytes(index % 251 for index in range(size))
        cut = -(-size // fragments) or 1
        parts = [payload[at : at + cut] for at in range(0, size, cut)] or [b""]
        for index, part in enumerate(parts):
            opcode = Opcode.CONT if index else Opcode.TEXT if is_text else Opcode.BINARY
            stream += frame(part, opcode, fin=index == len(parts) - 1) + frame(b"", Opcode.PING)
        expected.append((payload, is_text, 7))
    assert Lane().feed(stream, step).messages == expected


def test_bytes_that_come_one_by_one_are_enough() -> None:
    """Every header length survives being cut after each byte."""
    stream = b"".join(frame(b"x" * size, Opcode.BINARY) for size in (0, 1, 125, 126, 300, 65_535, 65_536))
    sizes = [len(payload) for payload, _, _ in Lane().feed(stream, 1).messages]
    assert sizes == [0, 1, 125, 126, 300, 65_535, 65_536]


def test_a_ping_is_answered_with_its_own_payload() -> None:
    """The library answers control frames."""
    pong = Lane().feed(frame(b"are you there", Opcode.PING)).sent
    assert pong[0] == 0x80 | Opcode.PONG
    assert len(pong) == 2 + 4 + len(b"are you there")


def test_what_follows_a_close_is_not_handed_on() -> None:
    """After the close frame nothing is a message any longer."""
    lane = Lane().feed(frame(b"a") + frame(b"\x03\xe8", Opcode.CLOSE) + frame(b"b")).feed(frame(b"c"))
    assert [payload for payload, _, _ in lane.messages] == [b"a"]
    assert lane.protocol.state is State.CLOSING


def test_a_message_beyond_the_limit_fails_the_connection_with_1009() -> None:
    """Its first bytes are enough: the rest is not waited for, and what came before is kept."""
    lane = Lane(limit=1000).feed(frame(b"a") + frame(bytes(1001), Opcode.BINARY)[:10])
    assert [payload for payload, _, _ in lane.messages] == [b"a"]
    assert lane.protocol.close_sent is not None
    assert lane.protocol.close_sent.code == 1009


def test_fragments_that_add_up_beyond_the_limit_fail_the_connection() -> None:
    """The limit is on the message, not on the frame."""
    lane = Lane(limit=1000).feed(frame(bytes(800), fin=False) + frame(bytes(800), Opcode.CONT))
    assert lane.messages == []
    assert lane.protocol.close_sent is not None
    assert lane.protocol.close_sent.code == 1009


def test_a_masked_frame_is_a_protocol_error() -> None:
    """Servers must not mask (RFC 6455, 5.1)."""
    lane = Lane().feed(frame(b"masked", mask=True))
    assert lane.messages == []
    assert lane.protocol.close_sent is not None
    assert lane.protocol.close_sent.code == 1002


def test_a_whole_message_within_a_fragmented_one_is_a_protocol_error() -> None:
    """The fast lane does not let it pass."""
    lane = Lane().feed(frame(b"begins", fin=False) + frame(b"intrudes"))
    assert lane.messages == []
    assert lane.protocol.close_sent is not None
    assert lane.protocol.close_sent.code == 1002


@given(st.binary(max_size=400), st.integers(1, 400))
def test_garbage_never_raises(data: bytes, step: int) -> None:
    """Whatever the bytes, the worst is a failed connection."""
    Lane().feed(data, step)
