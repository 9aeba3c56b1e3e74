"""What arbitrage knows of venues and of doubted identities, asked for again and again.

While it does not answer, what was known stands for STALE_SECONDS; then nothing is known, and nothing is inhibited.
"""

import asyncio
import math
from collections.abc import Sequence
from contextlib import suppress

import grpc

from crossbook.alerts.evaluation.replicas import ArbitrageReplicas
from crossbook.alerts.holding.hold_back import NOTHING_KNOWN
from crossbook.alerts.holding.inhibitions import Domain
from crossbook.pb.v1 import arbitrage_pb2, arbitrage_pb2_grpc
from crossbook.plumbing.clock import Clock

INTERVAL_SECONDS = 1.0
FINDINGS_EVERY = 10  # rounds
ANSWER_SECONDS = 2.0
STALE_SECONDS = 15.0
MAX_FINDINGS = 1000


class Feeds:
    """Of the replica of arbitrage that is followed."""

    def __init__(self, replicas: ArbitrageReplicas, clock: Clock) -> None:
        self._replicas = replicas
        self._clock = clock
        self._domain = NOTHING_KNOWN
        self._known_at = -math.inf
        self.stats: arbitrage_pb2.GetArbitrageStatsResponse | None = None  # as told last; None when it did not answer

    def domain(self) -> Domain:
        """What is known now."""
        is_stale = self._clock.passed_seconds() - self._known_at > STALE_SECONDS
        return NOTHING_KNOWN if is_stale else self._domain

    async def run(self) -> None:
        """Until cancelled."""
        rounds = 0
        while True:
            await self.look(with_findings=rounds % FINDINGS_EVERY == 0)
            rounds += 1
            await asyncio.sleep(INTERVAL_SECONDS)

    async def look(self, *, with_findings: bool = True) -> None:
        """Asks once."""
        stub = arbitrage_pb2_grpc.ArbitrageServiceStub(self._replicas.current.channel)
        try:
            stats = await stub.GetArbitrageStats(arbitrage_pb2.GetArbitrageStatsRequest(), timeout=ANSWER_SECONDS)
        except grpc.aio.AioRpcError:
            self.stats = None
            return
        suspects = self._domain.suspects
        if with_findings:
            with suppress(grpc.aio.AioRpcError):
                suspects = _suspects((await stub.ListIdentityFindings(_UNDECIDED, timeout=ANSWER_SECONDS)).findings)
        self.stats = stats
        self._domain = Domain({one.venue: one for one in stats.venues}, suspects)
        self._known_at = self._clock.passed_seconds()


_UNDECIDED = arbitrage_pb2.ListIdentityFindingsRequest(
    states=[arbitrage_pb2.IDENTITY_STATE_SUSPECT], page_size=MAX_FINDINGS
)


def _suspects(findings: Sequence[arbitrage_pb2.IdentityFinding]) -> frozenset[tuple[str, str]]:
    """Of a finding both venues: nobody knows which of them bears the name wrongly."""
    return frozenset((one.asset, market.venue) for one in findings for market in (one.first, one.second))
