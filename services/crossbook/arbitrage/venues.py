"""How the venues behind the quotes are doing, asked of the aggregator now and then: to be shown, not to decide by."""

import asyncio

import grpc

from crossbook.pb.v1.aggregator_pb2 import GetAggregatorStatsRequest, GetAggregatorStatsResponse
from crossbook.pb.v1.aggregator_pb2_grpc import AggregatorServiceStub
from crossbook.pb.v1.market_pb2 import VenueHealth
from crossbook.plumbing.grpc_channel import open_channel

ASK_SECONDS = 2.0
DEADLINE_SECONDS = 2.0


class VenueStates:
    """What the aggregator said last; nothing while it does not answer."""

    def __init__(self, target: str) -> None:
        self.healths: list[VenueHealth] = []
        self._target = target

    async def run(self) -> None:
        """Asks until cancelled."""
        async with open_channel(self._target) as channel:
            stub = AggregatorServiceStub(channel)
            while True:
                try:
                    answer: GetAggregatorStatsResponse = await stub.GetAggregatorStats(
                        GetAggregatorStatsRequest(), timeout=DEADLINE_SECONDS
                    )
                    self.healths = [stream.health for stream in answer.streams if stream.HasField("health")]
                except grpc.aio.AioRpcError:
                    self.healths = []
                await asyncio.sleep(ASK_SECONDS)
