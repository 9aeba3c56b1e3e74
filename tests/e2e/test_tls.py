"""The whole system with TLS on every gRPC port, where each process shows its certificate to each other."""

from pathlib import Path

import grpc
import pytest

from crossbook.pb.v1 import process_pb2
from crossbook.pb.v1.process_pb2_grpc import ProcessServiceStub
from tests.support.local.system import System
from tests.support.servers.authority import Authority, environment

SPEAK_GRPC = {"tracker", "aggregator", "arbitrage", "alerts", "gateway"}


async def test_everything_finds_its_way_over_mutual_tls(tmp_path: Path) -> None:
    """Quotes come to windows and opportunities, the gateway shows them, certificates are renewed meanwhile; a caller
    with the right authority alone is refused by every process.
    """
    authority = Authority(tmp_path)
    own = environment(authority.settings("crossbook", mutual=True))
    async with System(tmp_path / "run", "--duration", "20s", "--window-seconds", "5", **own) as system:
        await system.until(lambda: "open http://127.0.0.1" in system.output(), deadline=180)  # everything runs
        processes = [name for name in system.processes() if name.partition("-")[0] in SPEAK_GRPC]
        assert {name.partition("-")[0] for name in processes} == SPEAK_GRPC
        authority.sign("crossbook")
        for name in processes:
            await _assert_refused(system.address(name), authority)
        assert await system.ended(120) == 0
    assert system.output().count("certificates_read") >= len(processes)
    report = system.summary()
    assert {venue["state"] for venue in report["venues"].values()} == {"LIVE"}
    assert report["windows"]["snapshots_written"] > 0
    assert report["windows"]["incomplete"] == 0
    assert report["opportunities"]["opened"] > 0
    assert sum(process["restarts"] for process in report["processes"].values()) == 0


async def _assert_refused(target: str, authority: Authority) -> None:
    credentials = grpc.ssl_channel_credentials(authority.file.read_bytes())
    async with grpc.aio.secure_channel(target, credentials) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await ProcessServiceStub(channel).Reload(process_pb2.ReloadRequest(), timeout=10)
        assert raised.value.code() == grpc.StatusCode.UNAVAILABLE
