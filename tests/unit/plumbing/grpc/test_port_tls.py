"""TLS of a port, alone and behind a plane: who is let in, and what changes when its files do."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from crossbook.pb.v1 import process_pb2
from crossbook.pb.v1.process_pb2_grpc import ProcessServiceStub
from crossbook.plumbing.access.certificates import CERTIFICATES
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server
from crossbook.plumbing.plane.thread import open_plane
from crossbook.plumbing.settings import TlsSettings
from tests.support.servers.authority import Authority
from tests.support.waiting import eventually


@pytest.fixture(autouse=True)
def own() -> Iterator[None]:
    """What the process shows is nobody else's business."""
    yield
    CERTIFICATES.take(TlsSettings())


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture(params=["alone", "behind a plane"])
def is_behind(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "behind a plane")


@asynccontextmanager
async def port(settings: TlsSettings, *, is_behind: bool, health: ServiceHealth | None = None) -> AsyncIterator[int]:
    """A server that shows what the settings say."""
    CERTIFICATES.take(settings)
    health = health or ServiceHealth()
    async with (
        open_plane() if is_behind else nullcontext() as plane,
        grpc_server("127.0.0.1", 0, lambda _: None, health, plane=plane) as server,
    ):
        yield server.port


async def ask(channel: grpc.aio.Channel) -> list[str]:
    answer = await ProcessServiceStub(channel).Reload(process_pb2.ReloadRequest(), timeout=10)
    return list(answer.reloaded)


async def refused(channel: grpc.aio.Channel) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await ask(channel)
    return raised.value.code()


def dialled(target: int, ca: Path, *identity: Path) -> grpc.aio.Channel:
    """One that believes whom it is told to believe."""
    certificate, key = (path.read_bytes() for path in identity) if identity else (None, None)
    return grpc.aio.secure_channel(
        f"127.0.0.1:{target}", grpc.ssl_channel_credentials(ca.read_bytes(), key, certificate)
    )


async def test_who_believes_the_authority_is_served_and_nobody_else(
    authority: Authority, tmp_path: Path, is_behind: bool
) -> None:
    """Neither one who believes another, nor one who speaks no TLS; nobody has to show anything."""
    async with port(authority.settings("server"), is_behind=is_behind) as number:
        async with open_channel(f"127.0.0.1:{number}") as channel:
            assert await ask(channel) == []
        async with dialled(number, authority.file) as channel:
            assert await ask(channel) == []
        async with dialled(number, Authority(tmp_path, "other").file) as channel:
            assert await refused(channel) == grpc.StatusCode.UNAVAILABLE
        async with grpc.aio.insecure_channel(f"127.0.0.1:{number}") as channel:
            assert await refused(channel) == grpc.StatusCode.UNAVAILABLE


async def test_a_port_that_wants_to_see_certificates_lets_in_those_of_its_authority(
    authority: Authority, tmp_path: Path, is_behind: bool
) -> None:
    """Our own channel shows one; who shows none, or a stranger's, is not served."""
    async with port(authority.settings("server", mutual=True), is_behind=is_behind) as number:
        async with open_channel(f"127.0.0.1:{number}") as channel:
            assert await ask(channel) == []
        async with dialled(number, authority.file) as channel:
            assert await refused(channel) == grpc.StatusCode.UNAVAILABLE
        async with dialled(number, authority.file, *Authority(tmp_path, "other").sign("foreign")) as channel:
            assert await refused(channel) == grpc.StatusCode.UNAVAILABLE
        async with dialled(number, authority.file, *authority.sign("client")) as channel:
            assert await ask(channel) == []


async def test_new_files_hold_for_new_connections_and_streams_live_on(
    authority: Authority, tmp_path: Path, is_behind: bool
) -> None:
    """A certificate of another authority, then one that makes no sense, which changes nothing."""
    health = ServiceHealth("a", awaits=("part",))
    async with (
        port(authority.settings("server"), is_behind=is_behind, health=health) as number,
        dialled(number, authority.file) as channel,
    ):
        watched = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service="a"))
        assert (await watched.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        before = await _shown(number)
        Authority(tmp_path, "other").sign("server")
        await eventually(lambda: _differs(number, before))
        now = await _shown(number)
        async with dialled(number, authority.file) as late:
            assert await refused(late) == grpc.StatusCode.UNAVAILABLE
        async with dialled(number, tmp_path / "other.pem") as late:
            assert await ask(late) == []
        (tmp_path / "server.crt").write_text("no certificate")
        assert await _shown(number) == now
        assert await ask(channel) == []
        await health.tell("part", "")
        assert (await watched.read()).status == health_pb2.HealthCheckResponse.SERVING


async def test_old_versions_of_tls_are_refused_and_http2_is_agreed_on(authority: Authority, is_behind: bool) -> None:
    """As a client of another library sees it."""
    async with port(authority.settings("server"), is_behind=is_behind) as number:
        assert "ALPN protocol: h2" in await _openssl(number, authority.file, "-tls1_3")
        assert "Verification: OK" in await _openssl(number, authority.file, "-tls1_2")
        assert "Cipher is (NONE)" in await _openssl(number, authority.file, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")


async def _openssl(number: int, ca: Path, *options: str) -> str:
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{number}", "-CAfile", str(ca), "-alpn", "h2", *options]
    run = partial(subprocess.run, input="", capture_output=True, text=True, errors="replace", timeout=30, check=False)
    return str((await asyncio.to_thread(run, command)).stdout)


async def _shown(number: int) -> str:
    return await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", number))


async def _differs(number: int, before: str) -> bool:
    return await _shown(number) != before
