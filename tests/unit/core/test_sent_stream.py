"""One stream of a lane as the plane fills it, through the binding, against a server that answers what a test says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest

from crossbook._core import Outbox, OutgoingBatch, SentStream, SequenceError, UplinkState
from crossbook.pb.v1.aggregator_pb2 import Acknowledgement, IngestQuotesResponse, ResumePoint
from crossbook.plumbing.grpc.channel import MAX_MESSAGE_BYTES
from crossbook.plumbing.grpc.server import SERVER_OPTIONS
from crossbook.plumbing.plane.dialing import dial_rules
from crossbook.plumbing.plane.thread import PlaneThread, open_plane
from tests.support.tracker.notes import Notes
from tests.support.tracker.tracking import free_port
from tests.support.waiting import eventually


def resume(next_sequence: int, are_quotes_missing: bool = False) -> bytes:
    point = ResumePoint(next_sequence=next_sequence, are_quotes_missing=are_quotes_missing)
    return IngestQuotesResponse(resume=point).SerializeToString()


def acknowledgement(sequence: int) -> bytes:
    return IngestQuotesResponse(acknowledgement=Acknowledgement(committed_sequence=sequence)).SerializeToString()


class Shard:
    """Keeps what it is told, and answers when a test says so: a message, a status, None for the end."""

    def __init__(self) -> None:
        self.told: list[bytes] = []
        self.is_over = False
        self.answers: asyncio.Queue[bytes | grpc.StatusCode | None] = asyncio.Queue()
        self.target = ""

    def answer(self, *answers: bytes | grpc.StatusCode | None) -> None:
        for one in answers:
            self.answers.put_nowait(one)

    async def serve(self, requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
        hearing = asyncio.create_task(self._hear(requests))
        try:
            while (answer := await self.answers.get()) is not None:
                if isinstance(answer, grpc.StatusCode):
                    await context.abort(answer, "it says so")
                else:
                    yield answer
        finally:
            hearing.cancel()
            self.is_over = True

    async def _hear(self, requests: AsyncIterator[bytes]) -> None:
        async for request in requests:
            self.told.append(request)


@asynccontextmanager
async def listening() -> AsyncIterator[Shard]:
    options = [*dict(SERVER_OPTIONS, **{"grpc.max_send_message_length": -1}).items()]  # the bound is the client's
    shard, server = Shard(), grpc.aio.server(options=options)
    handler = grpc.stream_stream_rpc_method_handler(shard.serve)
    service = grpc.method_handlers_generic_handler("crossbook.v1.AggregatorService", {"IngestQuotes": handler})
    server.add_generic_rpc_handlers((service,))
    shard.target = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    try:
        yield shard
    finally:
        await server.stop(0)


class Line:
    """A lane's sending end."""

    def __init__(self, plane: PlaneThread, first_sequence: int = 1) -> None:
        self.notes = Notes()
        self.outbox = Outbox(1 << 20, self.notes, first_sequence=first_sequence)
        self.state = UplinkState(self.outbox)
        self._plane = plane

    def append(self, payload: bytes) -> None:
        self.outbox.append(OutgoingBatch(self.outbox.next_sequence, 1, payload))

    def send(self, target: str) -> SentStream:
        hello = b"hello from %d" % self.state.begin()
        return self._plane.core.send_quotes(target, hello, self.state, dial_rules())

    async def ended(self, stream: SentStream) -> tuple[int, str]:
        """How. Raises SequenceError."""
        with self._plane.listen(stream.bell) as news:
            while (end := stream.end) is None:
                await news.wait()
                news.clear()
                stream.take_resumed()
        return end


@pytest.fixture
async def plane() -> AsyncIterator[PlaneThread]:
    async with open_plane() as thread:
        yield thread


async def test_a_stream_from_its_hello_to_its_end(plane: PlaneThread) -> None:
    """Health first, then batches, at once whenever there is one; the end is the shard's answer to ours."""
    async with listening() as shard:
        line = Line(plane, first_sequence=5)
        line.append(b"five")
        assert line.state.tell_health(b"health")
        stream = line.send(shard.target)
        await eventually(lambda: shard.told == [b"hello from 5"])
        assert stream.take_resumed() is None
        shard.answer(resume(5, are_quotes_missing=True))
        await eventually(lambda: shard.told[1:] == [b"health", b"five"])
        resumed = stream.take_resumed()
        assert resumed is not None
        assert (resumed.next_sequence, resumed.oldest_sequence, resumed.are_quotes_missing) == (5, 5, True)
        line.append(b"six")
        await eventually(lambda: shard.told[3:] == [b"six"])
        shard.answer(acknowledgement(6))
        await eventually(lambda: len(line.outbox) == 0)
        line.outbox.settle()
        assert (line.notes.appended, line.notes.acknowledged) == ([(5, b"five"), (6, b"six")], [6])
        assert line.state.is_connected
        line.append(b"last")
        line.state.finish()
        await eventually(lambda: shard.told[4:] == [b"last"])
        assert stream.end is None
        shard.answer(None)
        assert await line.ended(stream) == (0, "")
        assert not line.state.is_connected


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (resume(9), "wants 9, but the next is 1"),
        (acknowledgement(1), "no resume point"),
        (b"", "no resume point"),
        (b"\xff", "does not read"),
    ],
)
async def test_an_answer_that_makes_no_sense_ends_the_stream(plane: PlaneThread, answer: bytes, words: str) -> None:
    """As SequenceError: open the stream again and resume."""
    async with listening() as shard:
        line = Line(plane)
        shard.answer(answer)
        with pytest.raises(SequenceError, match=words):
            await line.ended(line.send(shard.target))
        assert not line.state.is_connected
        await eventually(lambda: shard.is_over)


async def test_the_shard_s_status_is_told(plane: PlaneThread) -> None:
    """Before and after its first answer, while there is more to send."""
    for answers in ([], [resume(1)]):
        async with listening() as shard:
            line = Line(plane)
            line.append(bytes(100_000))
            shard.answer(*answers, grpc.StatusCode.FAILED_PRECONDITION)
            code, message = await line.ended(line.send(shard.target))
            assert (code, message) == (grpc.StatusCode.FAILED_PRECONDITION.value[0], "it says so")


async def test_an_answer_beyond_the_bound_ends_the_stream(plane: PlaneThread) -> None:
    """As too large, not as a broken connection."""
    async with listening() as shard:
        line = Line(plane)
        shard.answer(resume(1), bytes(MAX_MESSAGE_BYTES + 1))
        code, _ = await line.ended(line.send(shard.target))
        assert code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]


async def test_a_shard_that_is_gone_is_unavailable(plane: PlaneThread) -> None:
    """Nobody listens, what stands there is no address, or the connection breaks."""
    unavailable = grpc.StatusCode.UNAVAILABLE.value[0]
    line = Line(plane)
    assert (await line.ended(line.send(f"127.0.0.1:{free_port()}")))[0] == unavailable
    assert (await line.ended(line.send("no host of that name:1")))[0] != 0
    async with listening() as shard:
        shard.answer(resume(1))
        stream = line.send(shard.target)
        await eventually(lambda: line.state.is_connected)
    assert (await line.ended(stream))[0] == unavailable


async def test_a_stream_that_is_left_takes_nothing_more(plane: PlaneThread) -> None:
    """What comes later is the next stream's, whatever the old shard says; its connection is closed."""
    async with listening() as old, listening() as new:
        line = Line(plane)
        old.answer(resume(1))
        stream = line.send(old.target)
        await eventually(lambda: line.state.is_connected)
        stream.stop()
        old.answer(acknowledgement(1))
        line.append(b"one")
        new.answer(resume(1))
        line.send(new.target)
        await eventually(lambda: new.told == [b"hello from 1", b"one"] and old.is_over)
        assert old.told == [b"hello from 1"]
        assert (len(line.outbox), line.state.connects) == (1, 2)


async def test_a_batch_out_of_turn_ends_its_feed_and_not_the_plane(plane: PlaneThread) -> None:
    """Whoever appends it hears of it, as a panic of the core; what was whole is sent."""
    async with listening() as shard:
        line = Line(plane)
        shard.answer(resume(1))
        stream = line.send(shard.target)
        await eventually(lambda: line.state.is_connected)
        with pytest.raises(BaseException, match="batches follow one another"):
            line.outbox.append(OutgoingBatch(9, 1, b"nine"))
        line.append(b"one")
        await eventually(lambda: shard.told[1:] == [b"one"])
        assert stream.end is None
