"""How the venues behind the quotes are doing, asked of the aggregators now and then: to be shown, not to decide by."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

import grpc

from crossbook.pb.v1.aggregator_pb2 import GetAggregatorStatsRequest, GetAggregatorStatsResponse
from crossbook.pb.v1.aggregator_pb2_grpc import AggregatorServiceStub
from crossbook.pb.v1.market_pb2 import (
    VENUE_STATE_DEGRADED,
    VENUE_STATE_DOWN,
    VENUE_STATE_LIVE,
    VENUE_STATE_STARTING,
    VenueHealth,
)
from crossbook.plumbing.grpc.channel import open_channel

ASK_SECONDS = 2.0
DEADLINE_SECONDS = 2.0
BEST_FIRST = (VENUE_STATE_LIVE, VENUE_STATE_STARTING, VENUE_STATE_DEGRADED, VENUE_STATE_DOWN)


class VenueHealths:
    """What one shard's aggregator said last; nothing while it does not answer."""

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


def merged(by_shard: Mapping[str, Sequence[VenueHealth]]) -> list[VenueHealth]:
    """One health for each venue: the worst that a shard tells; of several shards, the reasons say whose they are."""
    told: dict[str, dict[str, VenueHealth]] = defaultdict(dict)
    for shard, healths in sorted(by_shard.items()):
        for health in healths:
            told[health.venue][shard] = health
    return [_worst(told[venue], len(by_shard) > 1) for venue in sorted(told)]


def _worst(of_shard: Mapping[str, VenueHealth], are_shards_named: bool) -> VenueHealth:
    worst = VenueHealth()
    worst.CopyFrom(max(of_shard.values(), key=_badness))
    if are_shards_named:
        worst.reason = _reasons(of_shard)
    return worst


def _badness(health: VenueHealth) -> int:
    return BEST_FIRST.index(health.state) if health.state in BEST_FIRST else -1


def _reasons(of_shard: Mapping[str, VenueHealth]) -> str:
    shards: dict[str, list[str]] = defaultdict(list)
    for shard, health in of_shard.items():
        if health.reason:
            shards[health.reason].append(shard)
    return "; ".join(f"shard {', '.join(names)}: {reason}" for reason, names in shards.items())
