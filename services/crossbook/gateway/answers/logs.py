"""The latest lines of every process's log, put in the order of their times."""

import asyncio
from collections.abc import Sequence

import grpc

from crossbook.gateway.answers.processes import Known
from crossbook.gateway.rest.backends import Backends
from crossbook.pb.v1 import gateway_pb2 as pb
from crossbook.pb.v1 import process_pb2
from crossbook.plumbing.timestamps import from_timestamp

DEADLINE_SECONDS = 3.0


async def collect(backends: Backends, known: Sequence[Known], request: pb.ListLogRequest) -> pb.ListLogResponse:
    """Of those that answer; a process that does not has no lines here."""
    asked = process_pb2.WatchLogRequest(
        min_level=request.min_level, contains=request.contains, lines=request.limit, is_bounded=True
    )
    found = await asyncio.gather(*(_lines(backends, one, asked) for one in known))
    lines = sorted((line for own in found for line in own), key=lambda line: from_timestamp(line.time))
    return pb.ListLogResponse(lines=lines)


async def _lines(backends: Backends, one: Known, asked: process_pb2.WatchLogRequest) -> list[process_pb2.LogLine]:
    call = backends.channel(one.service, one.target).unary_stream(
        "/crossbook.v1.ProcessService/WatchLog",
        request_serializer=process_pb2.WatchLogRequest.SerializeToString,
        response_deserializer=process_pb2.WatchLogResponse.FromString,
    )(asked, timeout=DEADLINE_SECONDS)
    found: list[process_pb2.LogLine] = []
    try:
        async for message in call:
            found.extend(message.lines)
    except grpc.aio.AioRpcError as error:
        if error.code() == grpc.StatusCode.INVALID_ARGUMENT:
            raise
    return found
