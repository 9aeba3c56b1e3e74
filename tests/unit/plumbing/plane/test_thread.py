"""The plane's thread and its bells, as the event loop has them."""

import threading
from pathlib import Path

import pytest

from crossbook._core import PlaneServer
from crossbook.plumbing.plane.calls import Stream, StreamCall
from crossbook.plumbing.plane.thread import PlaneThread, open_plane
from tests.support.plane import Call, carried
from tests.support.waiting import eventually

METHOD = "/crossbook.v1.Test/Stream"


async def _echo(call: StreamCall) -> None:
    await call.write(call.first)


class Bells:
    """A core whose bells the test rings."""

    def __init__(self) -> None:
        self.rung: list[int] = []

    def take_bells(self) -> list[int]:
        rung, self.rung = self.rung, []
        return rung


def test_a_listener_looks_first_and_then_whenever_its_bell_rings() -> None:
    """Often is once; another's bell, or one that nobody listens to any more, is nothing to it."""
    bells = Bells()
    thread = PlaneThread(bells)  # type: ignore[arg-type]
    with thread.listen(1) as one, thread.listen(2) as other:
        assert one.is_set()
        one.clear()
        other.clear()
        bells.rung = [1, 1]
        thread.hear()
        assert (one.is_set(), other.is_set()) == (True, False)
    one.clear()
    bells.rung = [1]
    thread.hear()
    assert not one.is_set()


def _threads() -> int:
    return sum((task / "comm").read_text() == "crossbook-plane\n" for task in Path("/proc/self/task").iterdir())


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
async def test_the_thread_lives_as_long_as_the_block() -> None:
    """It is none of Python's; closed twice it stays closed."""
    before, ours = _threads(), threading.active_count()
    async with open_plane() as thread:
        await eventually(lambda: _threads() == before + 1)
        assert threading.active_count() == ours
    await eventually(lambda: _threads() == before)
    thread.core.close()


async def test_the_loop_hears_the_bells_by_itself() -> None:
    """A call that comes wakes who decides about it."""
    async with carried({METHOD: Stream(_echo)}) as plane:
        call = Call(plane.channel, METHOD)
        await call.say(b"hello")
        await call.end()
        assert call.told == [b"hello"]


async def test_a_server_outlives_the_closing_of_its_plane() -> None:
    """Asked for what has come and stopped afterwards, it has nothing and does not mind."""
    async with open_plane() as thread:
        server = PlaneServer(
            thread.core,
            "127.0.0.1",
            0,
            Path("/nonexistent"),
            methods=[],
            max_connections=1,
            max_calls_of_connection=1,
            patience_seconds=1.0,
            keepalive_seconds=1.0,
            keepalive_timeout_seconds=1.0,
            max_header_bytes=1_000,
        )
    assert server.take_opened() == []
    server.stop()


async def test_two_planes_do_not_know_each_other() -> None:
    """Each has its bells; a test may open one after another, and two at a time."""
    async with carried({METHOD: Stream(_echo)}) as one, carried({METHOD: Stream(_echo)}) as other:
        calls = [Call(plane.channel, METHOD) for plane in (one, other)]
        for number, call in enumerate(calls):
            await call.say(bytes([number]))
        await eventually(lambda: all(call.is_over for call in calls))
        assert [call.told for call in calls] == [[b"\0"], [b"\1"]]
