"""A channel over TLS whose files change: new calls show what is new, calls that run go on as they began."""

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from crossbook.plumbing.access.certificates import CERTIFICATES, CertificateFiles, Certificates
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.renewed import RenewedChannel
from crossbook.plumbing.grpc.server import grpc_server
from crossbook.plumbing.settings import TlsSettings
from tests.support.servers.authority import Authority

REQUEST = health_pb2.HealthCheckRequest(service="a")


@pytest.fixture(autouse=True)
def own() -> Iterator[None]:
    yield
    CERTIFICATES.take(TlsSettings())


async def test_calls_go_with_the_certificates_of_now(tmp_path: Path) -> None:
    """A stub that was made before goes on with the new ones: also with those that the server no longer believes."""
    authority, health = Authority(tmp_path), ServiceHealth("a", awaits=("part",))
    CERTIFICATES.take(authority.settings("server", mutual=True))
    client = CertificateFiles()
    client.take(authority.settings("client"))
    made: list[Certificates] = []

    def make(found: Certificates) -> grpc.aio.Channel:
        made.append(found)
        assert found.identity is not None
        certificate, key = found.identity
        credentials = grpc.ssl_channel_credentials(found.ca, key, certificate)
        return grpc.aio.secure_channel(f"127.0.0.1:{server.port}", credentials)

    async with grpc_server("127.0.0.1", 0, lambda _: None, health) as server, RenewedChannel(make, client) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        watched = stub.Watch(REQUEST)
        assert (await watched.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        authority.sign("client")
        await stub.Check(REQUEST, timeout=10)
        await stub.Check(REQUEST, timeout=10)
        assert len(made) == 2
        Authority(tmp_path, "other").sign("client")
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await stub.Check(REQUEST, timeout=10)
        assert raised.value.code() == grpc.StatusCode.UNAVAILABLE
        await health.tell("part", "")
        assert (await watched.read()).status == health_pb2.HealthCheckResponse.SERVING
    with pytest.raises((grpc.aio.AioRpcError, grpc.aio.UsageError)):
        await stub.Check(REQUEST, timeout=10)
