"""Closes members of groups whose opportunity is over though nobody here was told so.

A closing that is told while every replica is down for longer than arbitrage keeps events is never told again, and one
that was told but not yet written dies with the replica. So arbitrage is asked now and then what is open; a member that
is not, twice in a row, has closed. Each replica looks after the slots that it has.
"""

import asyncio
from contextlib import suppress

import grpc
import structlog

from crossbook.alerts.closings import Closings
from crossbook.alerts.evaluation.owned_slots import OwnedSlots
from crossbook.alerts.evaluation.replicas import ArbitrageReplicas
from crossbook.alerts.store.groups import GroupStore
from crossbook.pb.v1 import arbitrage_pb2, arbitrage_pb2_grpc
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.follow import within

INTERVAL_SECONDS = 10.0
YOUNG_SECONDS = 10.0  # of which none is doubted
LIMIT = 1_000  # looked at in one round, the oldest first
ANSWER_SECONDS = 5.0

log = structlog.get_logger()


class LostClosings:
    """Two looks in a row decide."""

    def __init__(
        self, store: GroupStore, slots: OwnedSlots, replicas: ArbitrageReplicas, closings: Closings, clock: Clock
    ) -> None:
        self._store = store
        self._slots = slots
        self._replicas = replicas
        self._closings = closings
        self._clock = clock
        self._doubted: set[str] = set()

    async def run(self) -> None:
        """Until cancelled; what cannot be asked now is asked later."""
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            with suppress(UnavailableError, TimeoutError, grpc.aio.AioRpcError):
                await self.look()

    async def look(self) -> None:
        """Once. Raises UnavailableError, TimeoutError, AioRpcError."""
        members = await self._store.open_members(YOUNG_SECONDS, LIMIT)
        own = {cause for rule, cause, asset in members if self._slots.owns(rule, asset)}
        gone = own - await self._open_now() if own else set()
        for cause in gone & self._doubted:
            log.warning("closing_was_lost", cause=cause)
            self._closings.close(cause, self._clock.now_ns())
        self._doubted = gone

    async def _open_now(self) -> set[str]:
        """By a stream of its own, which begins with all that is open."""
        stub = arbitrage_pb2_grpc.ArbitrageServiceStub(self._replicas.current.channel)
        call = stub.WatchOpportunities(arbitrage_pb2.WatchOpportunitiesRequest())
        found: set[str] = set()
        try:
            async with within(ANSWER_SECONDS):
                await call.wait_for_connection()
                while isinstance(message := await call.read(), arbitrage_pb2.WatchOpportunitiesResponse):
                    for event in message.events:
                        _apply(found, event)
                    if message.is_caught_up:
                        return found
        finally:
            call.cancel()
        raise UnavailableError("arbitrage ended the stream before it had told what is open")


def _apply(found: set[str], event: arbitrage_pb2.OpportunityEvent) -> None:
    if event.kind == arbitrage_pb2.OPPORTUNITY_EVENT_KIND_CLOSED:
        found.discard(event.opportunity.id)
    else:
        found.add(event.opportunity.id)
