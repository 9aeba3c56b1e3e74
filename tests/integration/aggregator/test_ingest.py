"""IngestQuotes over real gRPC: who may feed a venue, what is refused, and that nothing else stops."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import grpc
import psycopg
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from crossbook.aggregator import feeding, greeting, venues
from crossbook.pb.v1.aggregator_pb2 import IngestQuotesResponse
from crossbook.pb.v1.market_pb2 import QuoteBatch
from crossbook.plumbing.plane import streams
from tests.support.aggregator.aggregator_process import aggregator_settings, get_stats, running_aggregator
from tests.support.aggregator.buffering_tracker import METHOD
from tests.support.aggregator.quote_stream import SECOND_NS, QuoteStream, batch_request, hello_request
from tests.support.waiting import eventually


@pytest.fixture
async def channel(postgres_dsn: str, free_port: int) -> AsyncIterator[grpc.aio.Channel]:
    async with running_aggregator(aggregator_settings(postgres_dsn, free_port)) as channel:
        yield channel


def _open(channel: grpc.aio.Channel) -> Any:
    return channel.stream_stream(METHOD, response_deserializer=IngestQuotesResponse.FromString)(timeout=60)


async def _begin(channel: grpc.aio.Channel, stream: QuoteStream, oldest: int = 1) -> tuple[Any, int]:
    call = _open(channel)
    await call.write(hello_request(stream.hello(oldest)))
    answer = await call.read()
    return call, answer.resume.next_sequence


async def _end(call: Any) -> grpc.aio.AioRpcError:
    """How the aggregator ended the stream."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await _read_all(call)
    return caught.value


async def _read_all(call: Any) -> None:
    while await call.read() is not grpc.aio.EOF:
        pass


def _fields(error: grpc.aio.AioRpcError) -> list[str]:
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    bad_request = error_details_pb2.BadRequest()
    assert status.details[0].Unpack(bad_request)
    return [violation.field for violation in bad_request.field_violations]


async def test_a_stream_that_is_alive_keeps_its_turn(channel: grpc.aio.Channel) -> None:
    """Whoever comes meanwhile hears ABORTED and what to do; the venue's own stream goes on, whatever id they bear."""
    stream = QuoteStream("alpha")
    call, _ = await _begin(channel, stream)
    for other in (QuoteStream("alpha", seed=2), stream):
        stranger = _open(channel)
        await stranger.write(hello_request(other.hello(1)))
        ending = asyncio.create_task(_end(stranger))
        while not ending.done():
            await call.write(batch_request(stream.next_batch(rows=5)))
            await asyncio.sleep(0.2)
        error = await ending
        assert error.code() == grpc.StatusCode.ABORTED
        assert "another tracker feeds alpha" in (error.details() or "")
    await eventually(lambda: _received(channel, stream.sequence))


async def test_a_silent_stream_is_taken_over(channel: grpc.aio.Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tracker is gone without the network having said so: it hears ABORTED, the newer one resumes where it was."""
    stream = QuoteStream("alpha")
    first, _ = await _begin(channel, stream)
    await first.write(batch_request(stream.next_batch(rows=5)))
    await eventually(lambda: _received(channel, 1))
    monkeypatch.setattr(feeding, "SILENT_SECONDS", 0.0)
    second, next_sequence = await _begin(channel, stream)
    assert (await _end(first)).code() == grpc.StatusCode.ABORTED
    assert next_sequence == 2
    await second.write(batch_request(stream.next_batch(rows=5)))
    await eventually(lambda: _received(channel, 2))


async def test_a_restarted_tracker_is_back_at_once(channel: grpc.aio.Channel) -> None:
    """The end of its old connection frees the venue: its first hello is answered, although the old stream was alive."""
    old, new = QuoteStream("alpha", seed=1), QuoteStream("alpha", seed=2)
    call, _ = await _begin(channel, old)
    await call.write(batch_request(old.next_batch(rows=5)))
    await eventually(lambda: _received(channel, 1))
    call.cancel()
    _, next_sequence = await _begin(channel, new)
    assert next_sequence == 1


async def test_an_unknown_venue_leaves_nothing_behind(channel: grpc.aio.Channel, postgres_dsn: str) -> None:
    """It hears which setting would let it in, and there is no partition of its name."""
    call = _open(channel)
    await call.write(hello_request(QuoteStream("nobody").hello(1)))
    error = await _end(call)
    assert (error.code(), _fields(error)) == (grpc.StatusCode.INVALID_ARGUMENT, ["hello.venue"])
    assert "CROSSBOOK_AGGREGATOR__EXTRA_VENUES" in (error.details() or "")
    async with await psycopg.AsyncConnection.connect(postgres_dsn) as connection:
        tables = await (await connection.execute("SELECT count(*) FROM pg_class WHERE relname ~ 'nobody'")).fetchone()
    assert tables == (0,)


async def test_a_call_that_says_nothing_ends(
    postgres_dsn: str, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It hears that its hello is late."""
    monkeypatch.setattr(streams, "PATIENCE_SECONDS", 0.1)
    async with running_aggregator(aggregator_settings(postgres_dsn, free_port)) as channel:
        error = await _end(_open(channel))
    assert (error.code(), _fields(error)) == (grpc.StatusCode.INVALID_ARGUMENT, ["hello"])


async def test_silent_calls_keep_no_tracker_out(channel: grpc.aio.Channel) -> None:
    """However many there are, a hello is answered; the silent ones that were there longest go."""
    silent = [_open(channel) for _ in range(300)]
    ended = [asyncio.create_task(_end(call)) for call in silent]
    call, next_sequence = await _begin(channel, QuoteStream("alpha"))
    assert next_sequence == 1
    await eventually(lambda: sum(one.done() for one in ended) >= 300 - greeting.MAX_SILENT_CALLS)
    assert {(await one).code() for one in ended if one.done()} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
    for one in (call, *silent):
        one.cancel()
    await asyncio.gather(*ended, return_exceptions=True)


async def test_a_stream_for_another_shard_is_sent_away(channel: grpc.aio.Channel) -> None:
    """The answer names both shards and what to set; a stream that names this one, or none, is taken."""
    call = _open(channel)
    await call.write(hello_request(QuoteStream("alpha", shard="b").hello(1)))
    error = await _end(call)
    assert error.code() == grpc.StatusCode.FAILED_PRECONDITION
    details = error.details() or ""
    assert all(word in details for word in ("'main'", "'b'", "tracker.shards", "aggregator.shard"))
    stats = await get_stats(channel)
    assert (stats.shard, len(stats.streams)) == ("main", 0)
    for shard in ("", "main"):
        call, next_sequence = await _begin(channel, QuoteStream("alpha", shard=shard))
        assert next_sequence == 1
        call.cancel()


async def test_of_a_crowd_of_streams_one_feeds(channel: grpc.aio.Channel) -> None:
    """However many come at once, one is taken and the others hear ABORTED."""
    stream = QuoteStream("alpha")
    calls = [_open(channel) for _ in range(5)]
    for call in calls:
        await call.write(hello_request(stream.hello(1)))
    endings = [asyncio.create_task(_end(call)) for call in calls]
    await eventually(lambda: sum(ending.done() for ending in endings) == 4)
    assert {(await ending).code() for ending in endings if ending.done()} == {grpc.StatusCode.ABORTED}
    (survivor,) = (call for call, ending in zip(calls, endings, strict=True) if not ending.done())
    await survivor.write(batch_request(stream.next_batch(rows=5)))
    await eventually(lambda: _received(channel, 1))
    survivor.cancel()
    await asyncio.wait(endings)


async def test_venues_beyond_the_limit_are_refused(channel: grpc.aio.Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when many come at once; those that are open go on and can be resumed."""
    monkeypatch.setattr(venues, "MAX_VENUES", 3)
    monkeypatch.setattr(feeding, "SILENT_SECONDS", 0.0)
    streams = [QuoteStream(f"venue-{number}") for number in range(9)]
    calls = [_open(channel) for _ in streams]
    await asyncio.gather(
        *(call.write(hello_request(stream.hello(1))) for call, stream in zip(calls, streams, strict=True))
    )
    answers = await asyncio.gather(*(call.read() for call in calls), return_exceptions=True)
    refusals = [answer for answer in answers if isinstance(answer, grpc.aio.AioRpcError)]
    assert {refusal.code() for refusal in refusals} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert 6 <= len(refusals) <= 9
    opened = [stream for stream, answer in zip(streams, answers, strict=True) if answer not in refusals]
    while len(opened) < 3:
        opened.append(QuoteStream(f"late-{len(opened)}"))
        await _begin(channel, opened[-1])
    late = _open(channel)
    await late.write(hello_request(QuoteStream("later").hello(1)))
    assert (await _end(late)).code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    for stream in opened:
        await _begin(channel, stream)


async def test_a_batch_out_of_sequence_ends_its_stream_only(channel: grpc.aio.Channel) -> None:
    """It hears ABORTED, is counted, and resumes from the batch that is missing; another venue does not notice."""
    broken, other = QuoteStream("alpha", seed=1), QuoteStream("beta", seed=2)
    bystander, _ = await _begin(channel, other)
    call, _ = await _begin(channel, broken)
    missing, early = broken.next_batch(rows=5), broken.next_batch(rows=5)
    await call.write(batch_request(early))
    assert (await _end(call)).code() == grpc.StatusCode.ABORTED
    call, next_sequence = await _begin(channel, broken)
    assert next_sequence == missing.sequence
    for batch in (missing, early):
        await call.write(batch_request(batch))
    await bystander.write(batch_request(other.next_batch(rows=5)))
    await eventually(lambda: _quotes(channel, 15))
    stats = await get_stats(channel)
    assert stats.batches_refused == 1
    assert [(entry.venue, entry.connected) for entry in stats.streams] == [("alpha", True), ("beta", True)]


async def test_a_batch_that_does_not_decode_ends_its_stream_only(channel: grpc.aio.Channel) -> None:
    """It hears INVALID_ARGUMENT naming the batch, is counted, and goes on with the next one."""
    stream = QuoteStream("alpha")
    call, _ = await _begin(channel, stream)
    await call.write(batch_request(stream.next_batch(rows=5)))
    whole = batch_request(stream.next_batch(rows=5))
    await call.write(whole[: len(whole) // 2])
    error = await _end(call)
    assert (error.code(), _fields(error)) == (grpc.StatusCode.INVALID_ARGUMENT, ["batch"])
    call, next_sequence = await _begin(channel, stream)
    assert next_sequence == 3
    await call.write(batch_request(stream.next_batch(rows=5)))
    await eventually(lambda: _quotes(channel, 10))
    assert (await get_stats(channel)).batches_refused == 1


async def test_a_batch_from_the_future_is_refused_until_its_time_has_come(channel: grpc.aio.Channel) -> None:
    """A tracker whose clock is wrong hears so, is counted and closes no window; once set right it goes on."""
    stream = QuoteStream("alpha")
    wrong = QuoteStream("alpha")
    call, _ = await _begin(channel, stream)
    await call.write(batch_request(stream.next_batch(rows=5)))
    await call.write(batch_request(_second_of(wrong, time.time_ns() + 3600 * SECOND_NS)))
    error = await _end(call)
    assert error.code() == grpc.StatusCode.UNAVAILABLE
    assert "clock" in str(error.details())
    assert (await get_stats(channel)).batches_refused == 1
    call, next_sequence = await _begin(channel, stream)
    assert next_sequence == 2
    await call.write(batch_request(stream.heartbeat(stream.now_ns + 30 * SECOND_NS)))
    await eventually(lambda: _received(channel, 2))
    await eventually(lambda: _written(channel))
    assert (await get_stats(channel)).incomplete_snapshots == 0


def _second_of(stream: QuoteStream, watermark_ns: int) -> QuoteBatch:
    stream.next_batch(rows=5)
    return stream.heartbeat(watermark_ns)


async def _written(channel: grpc.aio.Channel) -> int:
    return (await get_stats(channel)).snapshots_written


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (b"\xff\xff", "hello"),
        (batch_request(QuoteStream("alpha").next_batch(rows=1)), "hello"),
        (hello_request(QuoteStream("No Venue").hello(1)), "hello.venue"),
    ],
)
async def test_a_bad_hello_names_its_field(channel: grpc.aio.Channel, payload: bytes, field: str) -> None:
    """Garbage, a batch before the hello, and a name that no venue can have."""
    call = _open(channel)
    await call.write(payload)
    error = await _end(call)
    assert (error.code(), _fields(error)) == (grpc.StatusCode.INVALID_ARGUMENT, [field])


async def test_a_tracker_that_leaves_hears_of_its_last_commit(channel: grpc.aio.Channel) -> None:
    """After its last batch it half-closes; the stream ends once every closed window is committed and told, once."""
    stream = QuoteStream("alpha")
    call, _ = await _begin(channel, stream)
    await call.write(batch_request(stream.next_batch(rows=50)))
    await call.write(batch_request(stream.heartbeat(stream.now_ns + 30_000_000_000)))
    await call.done_writing()
    answers = []
    while (answer := await call.read()) is not grpc.aio.EOF:
        answers.append(answer)
    told = [answer.acknowledgement.committed_sequence for answer in answers]
    assert told[-1] >= 1
    assert told == sorted(set(told))
    assert await call.code() == grpc.StatusCode.OK


async def test_quotes_are_closed_while_their_tracker_is_away(channel: grpc.aio.Channel) -> None:
    """The stream's loss makes its instruments CLOSED for every reader; a resume brings them back."""
    stream = QuoteStream("alpha", instruments=1)
    call, _ = await _begin(channel, stream)
    await call.write(batch_request(stream.next_batch(rows=5)))
    await eventually(lambda: _received(channel, 1))
    assert (await get_stats(channel)).streams[0].live_instruments == 1
    call.cancel()
    await eventually(lambda: _is_connected(channel, False))
    assert (await get_stats(channel)).streams[0].live_instruments == 0
    call, _ = await _begin(channel, stream)
    assert (await get_stats(channel)).streams[0].live_instruments == 1
    call.cancel()


async def _received(channel: grpc.aio.Channel, sequence: int) -> bool:
    streams = (await get_stats(channel)).streams
    return bool(streams) and streams[0].received_sequence >= sequence


async def _quotes(channel: grpc.aio.Channel, number: int) -> bool:
    return (await get_stats(channel)).quotes_ingested >= number


async def _is_connected(channel: grpc.aio.Channel, wanted: bool) -> bool:
    return (await get_stats(channel)).streams[0].connected is wanted
