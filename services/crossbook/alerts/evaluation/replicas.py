"""The arbitrage replicas: one is followed, the others stand by. Each computes the same from the same quotes."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from crossbook.pb.v1 import arbitrage_pb2, arbitrage_pb2_grpc
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.grpc.channel import UNARY_DEADLINE_SECONDS, open_channel

HEALTH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Replica:
    """One of them."""

    target: str
    channel: grpc.aio.Channel

    async def is_serving(self) -> bool:
        """Whether it says that it has quotes."""
        stub = health_pb2_grpc.HealthStub(self.channel)
        try:
            answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=HEALTH_SECONDS)
        except grpc.aio.AioRpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


class ArbitrageReplicas:
    """All of them, in the order of the settings, and which is the present one."""

    def __init__(self, replicas: Sequence[Replica]) -> None:
        self._replicas = replicas
        self._index = 0

    def __len__(self) -> int:
        return len(self._replicas)

    @property
    def current(self) -> Replica:
        """The one to ask and to follow."""
        return self._replicas[self._index]

    def move_on(self) -> None:
        """The present one is lost: the next takes its place."""
        self._index = (self._index + 1) % len(self._replicas)

    async def leave_idle(self) -> bool:
        """Whether another became the present one, because that one serves and the one before does not."""
        if len(self) == 1 or await self.current.is_serving():
            return False
        for index, other in enumerate(self._replicas):
            if index != self._index and await other.is_serving():
                self._index = index
                return True
        return False

    async def list_opportunities(
        self, request: arbitrage_pb2.ListOpportunitiesRequest
    ) -> arbitrage_pb2.ListOpportunitiesResponse:
        """Asks the present one, then the others. Raises UnavailableError when none answers."""
        start, reason = self._index, ""
        for offset in range(len(self)):
            replica = self._replicas[(start + offset) % len(self)]
            try:
                stub = arbitrage_pb2_grpc.ArbitrageServiceStub(replica.channel)
                return await stub.ListOpportunities(request, timeout=UNARY_DEADLINE_SECONDS)
            except grpc.aio.AioRpcError as error:
                reason = error.code().name
        raise UnavailableError(f"arbitrage does not answer ({reason})")


@asynccontextmanager
async def open_replicas(targets: Sequence[str]) -> AsyncIterator[ArbitrageReplicas]:
    """Channels to all, until the end of the block."""
    async with AsyncExitStack() as stack:
        yield ArbitrageReplicas(
            [Replica(target, await stack.enter_async_context(open_channel(target))) for target in targets]
        )
