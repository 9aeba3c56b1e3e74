"""ProcessService, which every process serves: its files read again, and its log."""

from collections.abc import AsyncIterator, Callable
from itertools import islice
from typing import Any, TypeAlias

import grpc

from crossbook.pb.v1 import process_pb2 as pb
from crossbook.pb.v1 import process_pb2_grpc
from crossbook.plumbing.errors import InvalidRequestError
from crossbook.plumbing.log_tail import KEPT_LINES, TAIL, LogTail, is_wanted

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"

SERVICE_NAME = pb.DESCRIPTOR.services_by_name["ProcessService"].full_name
DEFAULT_LINES = 100
WAITING_LINES = 1_000  # of one caller
LINES_OF_MESSAGE = 100
MAX_CONTAINS = 200


class ProcessService(process_pb2_grpc.ProcessServiceServicer):
    """`reload` reads the files again and says what it read; it raises SettingsError, and then nothing has changed."""

    def __init__(self, reload: Callable[[], list[str]], tail: LogTail = TAIL) -> None:
        self._reload = reload
        self._tail = tail

    async def Reload(self, request: pb.ReloadRequest, context: Context) -> pb.ReloadResponse:
        """See process.proto; so is the other."""
        return pb.ReloadResponse(reloaded=self._reload())

    async def WatchLog(self, request: pb.WatchLogRequest, context: Context) -> AsyncIterator[pb.WatchLogResponse]:
        if not 0 <= request.lines <= KEPT_LINES:
            raise InvalidRequestError.of("lines", f"must be 1 to {KEPT_LINES}, or 0 for {DEFAULT_LINES}")
        if len(request.contains) > MAX_CONTAINS:
            raise InvalidRequestError.of("contains", f"must not be longer than {MAX_CONTAINS} characters")
        async with self._tail.news.subscribe(WAITING_LINES) as news:
            wanted = (line for line in reversed(self._tail.kept) if is_wanted(line, request))
            before = list(islice(wanted, request.lines or DEFAULT_LINES))[::-1]
            yield pb.WatchLogResponse(lines=before)
            if request.is_bounded:
                return
            async for line in news:
                lines = [one for one in (line, *news.take(LINES_OF_MESSAGE - 1)) if is_wanted(one, request)]
                if lines:
                    yield pb.WatchLogResponse(lines=lines, dropped_lines=news.dropped)
