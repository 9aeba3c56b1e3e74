"""Whether a call may be made: over a real port, by what the caller shows and what the method's option needs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import product

import grpc
import pytest

from crossbook.pb.v1 import access_pb2, process_pb2
from crossbook.pb.v1.process_pb2_grpc import ProcessServiceStub
from crossbook.plumbing.access.methods import access_to, methods
from crossbook.plumbing.access.ring import Ring
from crossbook.plumbing.access.roles import Caller
from crossbook.plumbing.access.tokens import Signer, new_key
from crossbook.plumbing.errors import ForbiddenError, SettingsError, UnauthenticatedError
from crossbook.plumbing.grpc.access import AccessCheck, access_check, address_of, caller_now, check_feeding
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server
from crossbook.plumbing.settings import AccessSettings

SIGNER = Signer.of(new_key())
VIEWER, TRADER, OPERATOR, ADMIN, TRACKER = (
    access_pb2.ROLE_VIEWER,
    access_pb2.ROLE_TRADER,
    access_pb2.ROLE_OPERATOR,
    access_pb2.ROLE_ADMIN,
    access_pb2.ROLE_TRACKER,
)
INCLUDES = {
    VIEWER: {VIEWER},
    TRADER: {VIEWER, TRADER},
    OPERATOR: {VIEWER, OPERATOR},
    ADMIN: {VIEWER, TRADER, OPERATOR, ADMIN},
    TRACKER: {TRACKER},
}


class Rings:
    """The ring, as it is now."""

    def __init__(self) -> None:
        self.now = Ring([SIGNER.public_pem])

    def __call__(self) -> Ring:
        return self.now


def shown(role: int, seconds: float = 86_400, session: str = "sessions/1") -> tuple[tuple[str, str], ...]:
    token = SIGNER.token(Caller("users/ann", role, session), seconds)  # type: ignore[arg-type]
    return (("authorization", f"Bearer {token}"),)


@asynccontextmanager
async def served(check: AccessCheck) -> AsyncIterator[ProcessServiceStub]:
    async with (
        grpc_server("127.0.0.1", 0, lambda _: None, ServiceHealth(), access=check) as server,
        open_channel(f"127.0.0.1:{server.port}") as channel,
    ):
        yield ProcessServiceStub(channel)


def test_every_method_is_for_whom_its_option_says() -> None:
    """The whole matrix: each method, each role, and strangers."""
    check = AccessCheck(Rings(), access_pb2.ROLE_UNSPECIFIED)
    assert len(methods()) > 50
    for method, role in product(methods(), INCLUDES):
        needed = access_to(method).role
        may = needed == access_pb2.ROLE_PUBLIC or needed in INCLUDES[role]
        try:
            check.caller(f"/{method}", shown(role))
            did = True
        except ForbiddenError:
            did = False
        assert did is may, (method, role)
    for method in methods():
        try:
            check.caller(f"/{method}", ())
            assert access_to(method).role == access_pb2.ROLE_PUBLIC, method
        except UnauthenticatedError:
            assert access_to(method).role != access_pb2.ROLE_PUBLIC, method


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ((), grpc.StatusCode.UNAUTHENTICATED),
        ((("authorization", "Bearer x"),), grpc.StatusCode.UNAUTHENTICATED),
        ((("authorization", "Basic eDp5"),), grpc.StatusCode.UNAUTHENTICATED),
        (shown(OPERATOR, -10), grpc.StatusCode.UNAUTHENTICATED),
        (shown(VIEWER), grpc.StatusCode.PERMISSION_DENIED),
        (shown(OPERATOR), grpc.StatusCode.OK),
    ],
)
async def test_a_call_is_answered_by_what_it_shows(
    metadata: tuple[tuple[str, str], ...], code: grpc.StatusCode
) -> None:
    """Where strangers may do nothing."""
    async with served(AccessCheck(Rings(), access_pb2.ROLE_UNSPECIFIED)) as stub:
        try:
            await stub.Reload(process_pb2.ReloadRequest(), metadata=metadata)
            got = grpc.StatusCode.OK
        except grpc.aio.AioRpcError as error:
            got = error.code()
        assert got is code


async def test_on_a_machine_of_ones_own_strangers_may_and_what_is_wrong_is_refused_all_the_same() -> None:
    """A key that is shown means to be checked."""
    async with served(AccessCheck(Rings())) as stub:
        await stub.Reload(process_pb2.ReloadRequest())
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.Reload(process_pb2.ReloadRequest(), metadata=shown(VIEWER))
        assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_health_is_for_anybody() -> None:
    """A load balancer shows nothing."""
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    check = AccessCheck(Rings(), access_pb2.ROLE_UNSPECIFIED)
    async with (
        grpc_server("127.0.0.1", 0, lambda _: None, ServiceHealth(), access=check) as server,
        open_channel(f"127.0.0.1:{server.port}") as channel,
    ):
        await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())


async def test_a_stream_ends_when_what_its_caller_showed_is_no_longer_good() -> None:
    """Within seconds, though nothing is sent on it."""
    rings = Rings()
    async with served(AccessCheck(rings, access_pb2.ROLE_UNSPECIFIED)) as stub:
        call = stub.WatchLog(process_pb2.WatchLogRequest(), metadata=shown(OPERATOR))
        following = aiter(call)
        await anext(following)
        rings.now = Ring([SIGNER.public_pem], (), frozenset({"sessions/1"}))
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await _to_its_end(following)
        assert ended.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def _to_its_end(following: AsyncIterator[process_pb2.WatchLogResponse]) -> None:
    async with asyncio.timeout(30):
        async for _ in following:
            pass


def test_a_tracker_feeds_the_venues_that_its_key_names() -> None:
    """And one whose key names none feeds any."""
    token = caller_now.set(Caller("keys/1", TRACKER, "keys/1", venues=frozenset({"v"})))
    try:
        check_feeding("v")
        with pytest.raises(ForbiddenError):
            check_feeding("w")
    finally:
        caller_now.reset(token)
    check_feeding("w")


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("ipv4:1.2.3.4:5", "1.2.3.4"),
        ("ipv6:%5B::1%5D:5", "::1"),
        ("ipv6:[::1]:5", "::1"),
        ("unix:", ""),
        ("1.2.3.4:5", "1.2.3.4"),
    ],
)
def test_a_peer_has_an_address(peer: str, address: str) -> None:
    """As grpc and the plane write it."""
    assert address_of(peer) == address


def test_a_server_that_asks_for_keys_and_knows_none_is_a_wrong_setting() -> None:
    """It would let everybody do everything, as if nothing had been said."""
    with pytest.raises(SettingsError, match=r"access\.ring_file"):
        access_check(AccessSettings(is_required=True))
