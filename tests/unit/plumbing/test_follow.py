"""Following a stream of a real server, which ends it, refuses it and goes away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest

from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.follow import ENDED, Link, Loss, within
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.retry import without_waits
from tests.support.waiting import eventually

CODE = grpc.StatusCode
METHOD = "/test.Streams/Watch"


class Streams:
    """Sends numbers from the one that is asked for on, up to `until`; how it ends then is the test's to say."""

    def __init__(self) -> None:
        self.until = 0
        self.ending: tuple[grpc.StatusCode, str] | None = None
        self.refusal: tuple[grpc.StatusCode, str] | None = None
        self.end = asyncio.Event()
        self.lives = 0
        self.port = 0
        self._server: grpc.aio.Server | None = None

    async def watch(self, request: bytes, context: "grpc.aio.ServicerContext[bytes, bytes]") -> AsyncIterator[bytes]:
        """The RPC."""
        self.lives += 1
        if self.refusal is not None:
            await context.abort(*self.refusal)
        await context.send_initial_metadata(())
        for number in range(int(request), self.until):
            yield b"%d" % number
        await self.end.wait()
        self.end.clear()
        if self.ending is not None:
            await context.abort(*self.ending)

    async def start(self) -> None:
        """Listens, on the port that it had before."""
        self._server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        method: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_stream_rpc_method_handler(self.watch)
        handler = grpc.method_handlers_generic_handler("test.Streams", {"Watch": method})
        self._server.add_generic_rpc_handlers((handler,))
        self.port = self._server.add_insecure_port(f"127.0.0.1:{self.port}")
        await self._server.start()

    async def stop(self) -> None:
        """Cuts every stream; nobody listens any more."""
        if self._server is not None:
            await self._server.stop(0)


class Follower:
    """Counts on from what it has read, as a caller with a resume token does."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.link = Link(0.1, 3.0)
        self.numbers: list[int] = []
        self.losses: list[Loss] = []
        self.fault: Exception | None = None
        self._watch: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(METHOD)

    @property
    def news(self) -> list[Loss]:
        """What it would have said."""
        return [loss for loss in self.losses if loss.is_news]

    async def run(self) -> None:
        while True:
            self.losses.append(await self.live())
            await self.link.pause()

    async def live(self) -> Loss:
        return await self.link.live(self.read())

    async def read(self) -> Loss | None:
        call = self._watch(b"%d" % len(self.numbers))
        try:
            await call.wait_for_connection()
            self.link.opened()
            async for number in call:
                self.numbers.append(int(number))
                if self.fault is not None:
                    raise self.fault
        finally:
            call.cancel()
        return None


@asynccontextmanager
async def served() -> AsyncIterator[tuple[Streams, Follower]]:
    """The server, and one that does not follow yet, and will not wait."""
    streams = Streams()
    await streams.start()
    try:
        with without_waits():
            async with open_channel(f"127.0.0.1:{streams.port}") as channel:
                yield streams, Follower(channel)
    finally:
        await streams.stop()


@asynccontextmanager
async def following() -> AsyncIterator[tuple[Streams, Follower]]:
    """The same, and it follows."""
    async with served() as (streams, follower):
        task = asyncio.create_task(follower.run())
        try:
            await eventually(lambda: follower.link.is_open)
            yield streams, follower
        finally:
            task.cancel()
            await asyncio.wait([task])


async def test_a_stream_that_ends_is_dialled_again_from_where_it_was() -> None:
    """The caller's own resume point: nothing is read twice, nothing is missed."""
    async with following() as (streams, follower):
        for until in (10, 20, 30):
            streams.until = until
            streams.end.set()
            await eventually(lambda: len(follower.numbers) == streams.until)
        assert follower.numbers == list(range(30))
        assert [(loss.reason, loss.code, loss.was_open) for loss in follower.losses] == [(ENDED.reason, None, True)] * 3


async def test_a_status_that_ends_a_stream_is_its_loss() -> None:
    """With its code, by which a caller may decide, and in words."""
    async with following() as (streams, follower):
        streams.ending = (CODE.RESOURCE_EXHAUSTED, "too many")
        streams.end.set()
        await eventually(lambda: follower.losses)
        assert follower.losses[0] == Loss(
            "RESOURCE_EXHAUSTED: too many", CODE.RESOURCE_EXHAUSTED, was_open=True, is_news=True
        )


async def test_that_it_broke_is_news_once_however_often_dialling_fails() -> None:
    """And again after it was back; meanwhile the link says why it is away."""
    async with following() as (streams, follower):
        for losses in (1, 2):
            await streams.stop()
            await _fail_often(follower)
            assert not follower.link.is_open
            assert follower.link.problem.startswith("UNAVAILABLE: ")
            assert len(follower.news) == losses
            await streams.start()
            await eventually(lambda: follower.link.is_open)
            assert follower.link.problem == ""
        assert [loss.was_open for loss in follower.news] == [True, True]
        assert not any(loss.was_open for loss in follower.losses if not loss.is_news)


async def _fail_often(follower: Follower) -> None:
    enough = len(follower.losses) + 6
    await eventually(lambda: len(follower.losses) >= enough)


async def test_one_that_was_never_reached_is_news_once_too() -> None:
    """It is told apart from one that was lost."""
    async with served() as (streams, follower):
        await streams.stop()
        losses = [await follower.live() for _ in range(5)]
        assert [(loss.is_news, loss.was_open) for loss in losses] == [(True, False)] + [(False, False)] * 4
        assert {loss.code for loss in losses} == {CODE.UNAVAILABLE}


async def test_a_refused_stream_was_never_open() -> None:
    """The server answers, but the stream is none."""
    async with served() as (streams, follower):
        streams.refusal = (CODE.INVALID_ARGUMENT, "no such token")
        loss = await follower.live()
        assert loss == Loss("INVALID_ARGUMENT: no such token", CODE.INVALID_ARGUMENT, is_news=True)


async def test_a_peers_words_are_printable_and_bounded() -> None:
    """Whoever writes them may be hostile."""
    async with following() as (streams, follower):
        streams.ending = (CODE.ABORTED, "\x1b[2J" + "x" * 1000)
        streams.end.set()
        await eventually(lambda: follower.losses)
        assert follower.losses[0].reason.isprintable()
        assert len(follower.losses[0].reason) == 200


async def test_what_nobody_foresaw_is_no_loss() -> None:
    """It is the caller's to see; the link is not open after it."""
    async with served() as (streams, follower):
        streams.until, follower.fault = 1, KeyError("x")
        with pytest.raises(KeyError):
            await follower.live()
        assert follower.numbers == [0]
        assert not follower.link.is_open


async def test_a_cancelled_life_says_nothing() -> None:
    """The link is not open any more; should it be away from then on, that is news."""
    async with served() as (streams, follower):
        life = asyncio.create_task(follower.live())
        await eventually(lambda: follower.link.is_open)
        life.cancel()
        with pytest.raises(asyncio.CancelledError):
            await life
        assert (follower.link.is_open, follower.link.problem) == (False, "")
        await streams.stop()
        assert (await follower.live()).is_news


async def test_of_several_errors_what_a_status_says_is_the_reason() -> None:
    """Where a writer and a reader both find the stream gone."""

    async def fail() -> None:
        raise UnavailableError("cannot be written")

    async with served() as (streams, follower):
        await streams.stop()

        async def both() -> None:
            errors = await asyncio.gather(fail(), follower.read(), return_exceptions=True)
            raise ExceptionGroup("", [ExceptionGroup("", [error for error in errors if isinstance(error, Exception)])])

        assert (await follower.link.live(both())).code is CODE.UNAVAILABLE


async def test_while_it_stays_away_it_is_said_again_now_and_then() -> None:
    """After as long as the link was told."""
    now = 0.0
    link = Link(0.1, 3.0, again_seconds=30.0, clock=lambda: now)

    async def away() -> Loss:
        return Loss("away")

    told = []
    for _ in range(4):
        told.append((await link.live(away())).is_news)
        now += 15.0
    assert told == [True, False, True, False]


async def test_waits_are_longer_each_time_until_a_life_lasted(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Redial has them: that it was open for a moment is not enough."""
    waits: list[float] = []
    monkeypatch.setattr("random.uniform", lambda least, most: waits.append(most) or least)
    now = 0.0
    link = Link(0.1, 3.0, stable_seconds=5.0, clock=lambda: now)

    async def last(seconds: float) -> None:
        nonlocal now
        link.opened()
        now += seconds

    for seconds in (1.0, 1.0, 1.0, 5.0, 1.0):
        await link.live(last(seconds))
        await link.pause()
    assert waits == [0.1, 0.2, 0.4, 0.1, 0.2]


async def test_a_loss_of_ones_own_stays_what_it_is() -> None:
    """The link adds whether the stream was up, and sees no problem in it."""
    link = Link(0.1, 3.0)

    async def leave() -> Loss:
        link.opened()
        return Loss("another is better", is_ours=True)

    assert await link.live(leave()) == Loss("another is better", is_ours=True, was_open=True, is_news=True)
    assert link.problem == ""


async def test_an_answer_that_does_not_come_in_time_is_a_loss() -> None:
    """It is named with the time that it had."""

    async def wait() -> None:
        async with within(0.01):
            await asyncio.Event().wait()

    assert (await Link(0.1, 3.0).live(wait())).reason == "no answer within 0.01 s"
