"""A small real gRPC server in place of a tracker and of a shard: it answers what a test wants them to say."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from crossbook.pb.v1 import aggregator_pb2, aggregator_pb2_grpc, facts_pb2, market_pb2, tracker_pb2, tracker_pb2_grpc
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server


class StandInParts(aggregator_pb2_grpc.AggregatorServiceServicer, tracker_pb2_grpc.TrackerServiceServicer):
    """Both services on one port."""

    def __init__(self) -> None:
        self.port = 0
        self.tracker = tracker_pb2.GetTrackerStatsResponse()
        self.shard = aggregator_pb2.GetAggregatorStatsResponse(database_available=True)
        self.quotes: list[market_pb2.Quote] = []
        self.facts: list[facts_pb2.InstrumentFacts] = []
        self.asked: list[str] = []

    @property
    def target(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    async def GetTrackerStats(self, request: Any, context: Any) -> Any:
        self.asked.append("tracker")
        return self.tracker

    async def GetAggregatorStats(self, request: Any, context: Any) -> Any:
        self.asked.append("shard")
        return self.shard

    async def ListLatestQuotes(self, request: Any, context: Any) -> Any:
        self.asked.append("quotes")
        return aggregator_pb2.ListLatestQuotesResponse(quotes=self.quotes)

    async def ListInstrumentFacts(self, request: aggregator_pb2.ListInstrumentFactsRequest, context: Any) -> Any:
        """A page has one instrument."""
        self.asked.append("facts")
        at = int(request.page_token or 0)
        token = str(at + 1) if at + 1 < len(self.facts) else ""
        return aggregator_pb2.ListInstrumentFactsResponse(instruments=self.facts[at : at + 1], next_page_token=token)


@asynccontextmanager
async def stand_in_parts(port: int = 0) -> AsyncIterator[StandInParts]:
    """Serves until the end of the block."""
    parts = StandInParts()

    def add(server: Any) -> None:
        aggregator_pb2_grpc.add_AggregatorServiceServicer_to_server(parts, server)
        tracker_pb2_grpc.add_TrackerServiceServicer_to_server(parts, server)

    async with grpc_server("127.0.0.1", port, add, ServiceHealth("crossbook.v1.AggregatorService")) as server:
        parts.port = server.port
        yield parts
