"""The stream to the aggregator, against a real gRPC server that is cut, slow or wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from crossbook._core import Outbox, OutgoingBatch
from crossbook.pb.v1.aggregator_pb2 import IngestHello, IngestQuotesRequest
from crossbook.pb.v1.market_pb2 import QuoteBatch
from crossbook.plumbing.plane.thread import PlaneThread, open_plane
from crossbook.tracker.outgoing.uplink import Uplink
from tests.support.tracker.ingest_server import IngestServer, ingest_server
from tests.support.waiting import eventually


class Source:
    """Makes batches as a feed would."""

    def __init__(self, plane: PlaneThread, port: int, max_bytes: int = 1 << 20) -> None:
        self.outbox = Outbox(max_bytes)
        self.requotes = 0
        self.uplink = Uplink("v", "main", self.outbox, plane, self._hello, self._requote)
        self._target = f"127.0.0.1:{port}"

    async def run(self) -> None:
        await self.uplink.run(self._target)

    def _requote(self) -> None:
        self.requotes += 1

    def emit(self, count: int = 1, size: int = 0) -> None:
        for _ in range(count):
            sequence = self.outbox.next_sequence
            batch = QuoteBatch(venue="v", stream_id="s", sequence=sequence, state=bytes(size))
            self.outbox.append(OutgoingBatch(sequence, 1, IngestQuotesRequest(batch=batch).SerializeToString()))

    @staticmethod
    def _hello(oldest_sequence: int) -> bytes:
        hello = IngestHello(venue="v", stream_id="s", oldest_sequence=oldest_sequence)
        return IngestQuotesRequest(hello=hello).SerializeToString()


@asynccontextmanager
async def connected(max_bytes: int = 1 << 20) -> AsyncIterator[tuple[IngestServer, Source]]:
    async with ingest_server() as server, open_plane() as plane:
        source = Source(plane, server.port, max_bytes)
        run = asyncio.create_task(source.run())
        try:
            await eventually(lambda: source.uplink.state.is_connected)
            yield server, source
        finally:
            run.cancel()
            await asyncio.wait((run,))


async def test_batches_arrive_in_order_and_leave_the_buffer_when_acknowledged() -> None:
    """What is committed is forgotten here."""
    async with connected() as (server, source):
        source.emit(100)
        await eventually(lambda: len(source.outbox) == 0)
        assert server.streams["v"].sequences == list(range(1, 101))


async def test_a_cut_loses_and_doubles_nothing() -> None:
    """The aggregator goes away in mid-stream and comes back: what it has not taken is sent again, once."""
    async with connected() as (server, source):
        server.acknowledges = False
        for _ in range(3):
            source.emit(50)
            await eventually(lambda: len(server.streams["v"].batches) >= source.outbox.next_sequence - 1)
            await server.stop()
            source.emit(50)
            await server.start()
        await eventually(lambda: len(server.streams["v"].batches) == 300)
        server.acknowledges = True
        source.emit()
        await eventually(lambda: len(source.outbox) == 0)
        assert server.streams["v"].sequences == list(range(1, 302))
        assert len({hello.stream_id for hello in server.streams["v"].hellos}) == 1
        assert source.requotes == 0


async def test_what_an_aggregator_took_but_did_not_commit_can_be_sent_again() -> None:
    """A resume point is no acknowledgement: killed afterwards, the aggregator wants the older batches after all."""
    async with connected() as (server, source):
        server.acknowledges = False
        source.emit(50)
        await eventually(lambda: len(server.streams["v"].batches) == 50)
        await server.stop()
        await server.start()
        source.emit(50)
        await eventually(lambda: len(server.streams["v"].batches) == 100)
        await server.stop()
        server.streams.clear()
        await server.start()
        await eventually(lambda: "v" in server.streams and len(server.streams["v"].batches) == 100)
        assert server.streams["v"].sequences == list(range(1, 101))


async def test_an_overflow_drops_the_oldest_and_the_hello_says_so() -> None:
    """While the aggregator is away more comes than fits: the newest are kept, contiguous, and the loss is declared."""
    async with connected(max_bytes=20_000) as (server, source):
        source.emit(2)
        await eventually(lambda: len(source.outbox) == 0)
        await server.stop()
        await eventually(lambda: not source.uplink.state.is_connected)
        source.emit(100, size=1000)
        await server.start()
        await eventually(lambda: len(source.outbox) == 0)
        hello, sequences = server.streams["v"].hellos[-1], server.streams["v"].sequences
        assert source.outbox.dropped_batches == source.outbox.dropped_rows > 80
        assert hello.oldest_sequence == source.outbox.dropped_batches + 3
        assert sequences == [1, 2, *range(hello.oldest_sequence, 103)]
        assert source.requotes == 1  # what is in force now: those that were dropped had said it


async def test_an_overflow_in_an_open_stream_opens_it_again() -> None:
    """A batch dropped before it could be sent never makes a silent hole: a new hello declares it."""
    async with connected(max_bytes=1_000_000) as (server, source):
        source.emit(2_000, size=50_000)  # more than the connection takes without the server, which is in this loop
        await eventually(lambda: server.streams["v"].sequences[-1:] == [2_000])
        oldest = server.streams["v"].hellos[-1].oldest_sequence
        taken = server.streams["v"].sequences.index(oldest)
        assert taken < oldest - 1 == source.outbox.dropped_batches
        assert server.streams["v"].sequences == [*range(1, taken + 1), *range(oldest, 2_001)]
        assert source.requotes == 1


async def test_a_stream_resumes_while_the_buffer_overflows() -> None:
    """Batches keep coming while it is opened: the one agreed on is still there when it is to be sent."""
    async with connected(max_bytes=400_000) as (server, source), asyncio.TaskGroup() as tasks:
        traffic = tasks.create_task(_emit_for_ever(source))
        await server.stop()
        await eventually(lambda: source.outbox.dropped_batches > 100)
        await server.start()
        await eventually(lambda: [0, *server.streams["v"].sequences][-1] > source.outbox.dropped_batches + 1000)
        traffic.cancel()


async def _emit_for_ever(source: Source) -> None:
    while True:
        source.emit(size=1000)
        await asyncio.sleep(0.005)


async def test_finish_sends_what_is_left_and_ends() -> None:
    """Everything emitted before is delivered; then the stream ends properly on both sides."""
    async with ingest_server() as server, open_plane() as plane:
        source = Source(plane, server.port)
        source.emit(20)
        source.uplink.state.finish()
        async with asyncio.timeout(60):
            await source.run()
        assert server.streams["v"].sequences == list(range(1, 21))
        assert len(source.outbox) == 0
        assert not server.streams["v"].is_connected


async def test_an_aggregator_that_comes_late_gets_everything() -> None:
    """Nobody listens at first; the uplink goes on dialling."""
    async with ingest_server() as server, open_plane() as plane:
        await server.stop()
        source = Source(plane, server.port)
        run = asyncio.create_task(source.run())
        source.emit(10)
        await asyncio.sleep(0.3)
        await server.start()
        await eventually(lambda: len(source.outbox) == 0)
        assert server.streams["v"].sequences == list(range(1, 11))
        run.cancel()
        await asyncio.wait((run,))
