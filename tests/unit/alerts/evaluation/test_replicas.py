"""The arbitrage replicas: which one is asked, and what happens when it does not answer."""

from collections.abc import AsyncIterator

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from crossbook.alerts.evaluation.replicas import ArbitrageReplicas, open_replicas
from crossbook.pb.v1 import arbitrage_pb2, arbitrage_pb2_grpc
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server
from tests.support.alerts.stand_in_arbitrage import SERVICE_NAME, StandInArbitrage, opportunity


class Served:
    """Two servers in place of arbitrage, each with its health."""

    def __init__(self) -> None:
        self.services = [StandInArbitrage(), StandInArbitrage()]
        self.health = [ServiceHealth(SERVICE_NAME, awaits=("quotes",)) for _ in self.services]
        self.targets: list[str] = []


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    found = Served()
    add = arbitrage_pb2_grpc.add_ArbitrageServiceServicer_to_server
    first, second = found.services
    async with (
        grpc_server("127.0.0.1", 0, lambda server: add(first, server), found.health[0]) as one,
        grpc_server("127.0.0.1", 0, lambda server: add(second, server), found.health[1]) as other,
    ):
        found.targets = [f"127.0.0.1:{server.port}" for server in (one, other)]
        yield found


def index_of(replicas: ArbitrageReplicas, served: Served) -> int:
    return served.targets.index(replicas.current.target)


async def test_the_next_takes_the_place_of_one_that_is_lost(served: Served) -> None:
    """In the order of the settings, and after the last the first."""
    async with open_replicas(served.targets) as replicas:
        places = []
        for _ in range(3):
            places.append(index_of(replicas, served))
            replicas.move_on()
        assert (len(replicas), places) == (2, [0, 1, 0])


async def test_an_idle_one_is_left_for_one_that_serves(served: Served) -> None:
    """Not for one that is as idle, and never one that serves."""
    async with open_replicas(served.targets) as replicas:
        assert not await replicas.leave_idle()
        await served.health[1].tell("quotes", "")
        assert await replicas.leave_idle()
        assert index_of(replicas, served) == 1
        await served.health[0].tell("quotes", "")
        assert not await replicas.leave_idle()
        assert index_of(replicas, served) == 1


async def test_one_alone_is_never_left(free_port: int) -> None:
    """Though it does not even answer."""
    async with open_replicas([f"127.0.0.1:{free_port}"]) as replicas:
        assert not await replicas.current.is_serving()
        assert not await replicas.leave_idle()


async def test_a_list_comes_from_whichever_answers(served: Served, free_port: int) -> None:
    """The present one first, and it stays the present one."""
    served.services[0].listed = [opportunity("from-first")]
    async with open_replicas([f"127.0.0.1:{free_port}", *served.targets]) as replicas:
        found = await replicas.list_opportunities(arbitrage_pb2.ListOpportunitiesRequest(limit=3))
        assert [one.id for one in found.opportunities] == ["from-first"]
        assert (served.services[0].list_requests[0].limit, served.services[1].list_requests) == (3, [])
        assert replicas.current.target == f"127.0.0.1:{free_port}"


async def test_when_none_answers_the_reason_says_what_grpc_said(free_port: int) -> None:
    """And nothing of addresses."""
    async with open_replicas([f"127.0.0.1:{free_port}"]) as replicas:
        with pytest.raises(UnavailableError, match=r"^arbitrage does not answer \(UNAVAILABLE\)$"):
            await replicas.list_opportunities(arbitrage_pb2.ListOpportunitiesRequest())


async def test_serving_is_what_the_server_says(served: Served) -> None:
    """As any health checker hears it."""
    async with open_replicas(served.targets) as replicas, grpc.aio.insecure_channel(served.targets[0]) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        for reason in ("no shard's stream is up", ""):
            await served.health[0].tell("quotes", reason)
            answer = await stub.Check(health_pb2.HealthCheckRequest())
            assert await replicas.current.is_serving() == (answer.status == health_pb2.HealthCheckResponse.SERVING)
            assert await replicas.current.is_serving() == (not reason)
