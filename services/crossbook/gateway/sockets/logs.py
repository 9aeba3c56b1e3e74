"""Log lines of every process for one subscription: a stream from each, dialled again for as long as it lasts."""

import asyncio

from crossbook.gateway.answers.processes import Known
from crossbook.gateway.rest.backends import Backends
from crossbook.gateway.sockets.socket import Socket
from crossbook.gateway.sockets.subscription import Event, Subscription
from crossbook.pb.v1 import process_pb2
from crossbook.plumbing.follow import Link

BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS = 0.5, 5.0


async def follow(backends: Backends, known: list[Known], socket: Socket, subscription: Subscription) -> None:
    """Until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        for one in known:
            tasks.create_task(_follow(backends, one, socket, subscription))


async def _follow(backends: Backends, one: Known, socket: Socket, subscription: Subscription) -> None:
    link = Link(BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS)
    while True:
        await link.live(_read(backends, one, socket, subscription, link))
        await link.pause()


async def _read(backends: Backends, one: Known, socket: Socket, subscription: Subscription, link: Link) -> None:
    call = backends.channel(one.service, one.target).unary_stream(
        "/crossbook.v1.ProcessService/WatchLog",
        request_serializer=process_pb2.WatchLogRequest.SerializeToString,
        response_deserializer=process_pb2.WatchLogResponse.FromString,
    )(subscription.asked.log)
    try:
        async for message in call:
            link.opened()
            if message.lines:
                subscription.put_event(Event("log", message.SerializeToString()))
                socket.wake()
    finally:
        call.cancel()
