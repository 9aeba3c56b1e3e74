"""A client that is no more is noticed, whether or not it was written to; one that asks whether we are is answered."""

import asyncio
import os
import signal
import sys

import pytest

from crossbook.plumbing.plane.calls import Stream, StreamCall
from tests.support.http2 import PING, PREFACE, Visitor, call, frame, message, settings
from tests.support.plane import Call, carried
from tests.support.waiting import DEADLINE_SECONDS, eventually

METHOD = "/crossbook.v1.Test/Stream"
READER = """
import sys
from crossbook.plumbing.grpc.channel import CHANNEL_OPTIONS
import grpc

for answer in grpc.insecure_channel(sys.argv[1], options=CHANNEL_OPTIONS).stream_stream(sys.argv[2])(iter([b"hello"])):
    pass
"""


class Talker:
    """Serves until the client leaves; says so much all the time."""

    def __init__(self, size: int) -> None:
        self.running = 0
        self.said = 0
        self._message = bytes(size)

    async def serve(self, call: StreamCall) -> None:
        self.running += 1
        try:
            await call.write(b"welcome")
            while self._message:
                await call.write(self._message)
                self.said += 1
                await asyncio.sleep(0)
            await call.gone()
        finally:
            self.running -= 1


@pytest.mark.parametrize("size", [0, 100_000], ids=["idle", "busy"])
async def test_a_client_whose_process_is_stopped_is_noticed_and_its_place_free(size: int) -> None:
    """Its system still takes packets, as long as it has room for them, but nobody answers."""
    talker = Talker(size)
    async with carried({METHOD: Stream(talker.serve)}, places=1) as plane:
        client = await asyncio.create_subprocess_exec(sys.executable, "-c", READER, plane.target, METHOD)
        try:
            await eventually(lambda: talker.running == 1 and (talker.said > 100 or not size))
            os.kill(client.pid, signal.SIGSTOP)
            await eventually(lambda: talker.running == 0)
            other = Call(plane.channel, METHOD)
            await other.say(b"hello")
            await eventually(lambda: other.told)
            other.cancel()
        finally:
            client.kill()
            await client.wait()


async def test_a_client_that_pings_as_often_as_it_likes_is_answered_each_time() -> None:
    """grpcio hangs up on the third ping within two seconds; here a call goes on however many there were."""
    async with carried({METHOD: Stream(Talker(0).serve)}) as plane, Visitor(plane.target) as visitor:
        await visitor.say(PREFACE, settings(), call(1, METHOD), message(1, b"hello"))
        await visitor.say(*(frame(PING, 0, 0, number.to_bytes(8)) for number in range(1_000)))
        async with asyncio.timeout(DEADLINE_SECONDS):
            assert await visitor.pongs(1_000) == list(range(1_000))
        await visitor.say(call(3, METHOD), message(3, b"hello"))
        async with asyncio.timeout(DEADLINE_SECONDS):
            assert b"welcome" in await visitor.data(3)
