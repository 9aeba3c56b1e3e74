"""Follows one arbitrage replica's opportunity events and has them evaluated; misses nothing that is still held.

Each connection resumes from the token before which everything is settled, and forgets what was open: the stream tells
it again, or, when the token is no longer held, begins with all that is open. When a replica is lost, or has no quotes
while another has, the next is followed, from a little before the time that the token bears. Positions are saved in
Postgres (ownership.py), a slot each, because what a slot's owner has settled is settled for all.
"""

import asyncio
from typing import Any, TypeAlias

import grpc
import structlog

from crossbook.alerts.counters import Counters
from crossbook.alerts.evaluation.evaluation import Evaluation
from crossbook.alerts.evaluation.replicas import ArbitrageReplicas, Replica
from crossbook.pb.v1 import arbitrage_pb2, arbitrage_pb2_grpc
from crossbook.plumbing.follow import Link, Loss, within

QUIET_SECONDS = 0.2
PATIENCE_SECONDS = 1.0
OVERSLEPT_SECONDS = 0.1
CONNECT_SECONDS = 3.0
BACKOFF_BASE_SECONDS = 0.1
BACKOFF_CAP_SECONDS = 3.0

log = structlog.get_logger()

Call: TypeAlias = (
    "grpc.aio.UnaryStreamCall[arbitrage_pb2.WatchOpportunitiesRequest, arbitrage_pb2.WatchOpportunitiesResponse]"
)


class OpportunityWatcher:
    """The client side of WatchOpportunities."""

    def __init__(self, replicas: ArbitrageReplicas, evaluation: Evaluation, counters: Counters) -> None:
        self._replicas = replicas
        self._evaluation = evaluation
        self._counters = counters
        self._link = Link(BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS)

    async def run(self) -> None:
        """Follows until cancelled."""
        await self._evaluation.begin()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._look_for_better())
            tasks.create_task(self._follow_for_ever())

    async def _look_for_better(self) -> None:
        while True:
            await asyncio.sleep(PATIENCE_SECONDS)
            if self._counters.is_connected and await self._replicas.leave_idle():
                log.warning("arbitrage_idle", target=self._counters.arbitrage_target)

    async def _follow_for_ever(self) -> None:
        losses = 0
        while True:
            replica = self._replicas.current
            loss = await self._link.live(self._follow(replica))
            if loss.is_news:
                event = "arbitrage_lost" if loss.was_open else "arbitrage_unreachable"
                log.warning(event, target=replica.target, reason=loss.reason)
            is_token_refused = loss.code is grpc.StatusCode.INVALID_ARGUMENT
            if is_token_refused:
                self._evaluation.forget_token()
            is_lost = not loss.is_ours and not is_token_refused
            if is_lost and replica is self._replicas.current:
                self._replicas.move_on()
                losses += 1
            if not is_lost or losses % len(self._replicas) == 0:  # not before each had its turn
                await self._link.pause()

    async def _follow(self, replica: Replica) -> Loss | None:
        """One stream from its opening to its end."""
        token = self._evaluation.restart()
        stub = arbitrage_pb2_grpc.ArbitrageServiceStub(replica.channel)
        call = stub.WatchOpportunities(arbitrage_pb2.WatchOpportunitiesRequest(resume_token=token))
        try:
            async with within(CONNECT_SECONDS):
                await call.wait_for_connection()
            self._set_connected(replica)
            return await self._read(replica, call)
        finally:
            call.cancel()
            self._counters.is_connected = False

    def _set_connected(self, replica: Replica) -> None:
        self._link.opened()
        self._counters.is_connected = True
        self._counters.arbitrage_target = replica.target
        log.info("arbitrage_connected", target=replica.target)

    async def _read(self, replica: Replica, call: Call) -> Loss | None:
        """To the end. A read is never cancelled for a timer: that would end the call."""
        while True:
            reading = asyncio.ensure_future(call.read())
            try:
                while not await self._comes(reading):
                    if replica is not self._replicas.current:
                        return Loss("another replica has quotes", is_ours=True)
            finally:
                if not reading.done():
                    reading.cancel()
                    await asyncio.wait((reading,))
            message = reading.result()
            if not isinstance(message, arbitrage_pb2.WatchOpportunitiesResponse):
                return None
            if message.dropped_events:
                reason = f"arbitrage dropped {message.dropped_events} events; resuming before them"
                return Loss(reason, is_ours=True)
            for event in message.events:
                await self._evaluation.on_event(event)
            if message.is_caught_up:
                await self._evaluation.on_caught_up()

    async def _comes(self, reading: "asyncio.Future[Any]") -> bool:
        """False when nothing came for a while. We may have slept and heard nothing: then it was not quiet."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._patience()
        done, _ = await asyncio.wait((reading,), timeout=until - loop.time())
        if not done and loop.time() < until + OVERSLEPT_SECONDS:
            await self._evaluation.on_quiet()
        return bool(done)

    def _patience(self) -> float:
        """Seconds of quiet after which the wall clock decides about rules that wait."""
        return min(max(QUIET_SECONDS, self._evaluation.seconds_to_due()), PATIENCE_SECONDS)
