"""ProcessService over a real port: files read again, and the log."""

import grpc
import pytest

from crossbook.pb.v1 import process_pb2 as pb
from crossbook.pb.v1.process_pb2_grpc import ProcessServiceStub
from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.process import ProcessService
from crossbook.plumbing.grpc.server import grpc_server
from crossbook.plumbing.log_tail import LogTail


async def test_every_server_reads_its_files_again_when_it_is_asked() -> None:
    """As at SIGHUP; what does not read changes nothing, and its caller is told."""
    answers = [["shards"], SettingsError("setting x: no file")]

    def reload() -> list[str]:
        answer = answers.pop(0)
        if isinstance(answer, SettingsError):
            raise answer
        return answer

    async with (
        grpc_server("127.0.0.1", 0, lambda _: None, ServiceHealth(), reload=reload) as server,
        open_channel(f"127.0.0.1:{server.port}") as channel,
    ):
        stub = ProcessServiceStub(channel)
        assert (await stub.Reload(pb.ReloadRequest())).reloaded == ["shards"]
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.Reload(pb.ReloadRequest())
        assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION
        with pytest.raises(grpc.aio.AioRpcError) as wrong:
            await anext(aiter(stub.WatchLog(pb.WatchLogRequest(lines=1_001))))
        assert wrong.value.code() == grpc.StatusCode.INVALID_ARGUMENT


async def test_the_log_begins_with_the_latest_lines_and_goes_on() -> None:
    """In the order in which they were written; a bounded one ends there."""
    tail = LogTail()
    for number in range(5):
        tail.processor(None, "info", {"event": str(number), "level": "info"})
    service = ProcessService(list, tail)
    bounded = [message async for message in service.WatchLog(pb.WatchLogRequest(lines=2, is_bounded=True), None)]  # type: ignore[arg-type]
    assert [line.event for message in bounded for line in message.lines] == ["3", "4"]
    following = service.WatchLog(pb.WatchLogRequest(contains="new"), None)  # type: ignore[arg-type]
    assert list((await anext(following)).lines) == []
    tail.processor(None, "info", {"event": "old", "level": "info"})
    tail.processor(None, "info", {"event": "new", "level": "info"})
    assert [line.event for line in (await anext(following)).lines] == ["new"]
    await following.aclose()  # type: ignore[attr-defined]
