"""Follows arbitrage's opportunity events and puts what matches into the firing line; misses nothing that is still held.

Each connection resumes from the token before which everything is settled, and forgets what was open: the stream tells
it again, or, when the token is no longer held, begins with all that is open. The token is saved in Postgres, one for
all replicas, because what one has settled is settled for all.
"""

import asyncio
import time
from typing import TypeAlias

import grpc
import structlog

from crossbook.alerts.counters import Counters
from crossbook.alerts.evaluate import Evaluator
from crossbook.alerts.firing import FiringLine
from crossbook.alerts.progress import Progress
from crossbook.alerts.rulebook import Rulebook
from crossbook.alerts.store import AlertStore
from crossbook.pb.v1 import arbitrage_pb2, arbitrage_pb2_grpc
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.grpc_channel import open_channel
from crossbook.plumbing.retry import Redial, backoff

POSITION = "opportunities"
SAVE_SECONDS = 0.5
QUIET_SECONDS = 0.2
BACKOFF_BASE_SECONDS = 0.1
BACKOFF_CAP_SECONDS = 3.0

log = structlog.get_logger()

Call: TypeAlias = (
    "grpc.aio.UnaryStreamCall[arbitrage_pb2.WatchOpportunitiesRequest, arbitrage_pb2.WatchOpportunitiesResponse]"
)


class OpportunityWatcher:
    """The client side of WatchOpportunities."""

    def __init__(
        self, target: str, store: AlertStore, rulebook: Rulebook, line: FiringLine, counters: Counters
    ) -> None:
        self._target = target
        self._store = store
        self._rulebook = rulebook
        self._line = line
        self._counters = counters
        self._evaluator = Evaluator(rulebook.rules)
        self._progress = Progress()
        self._redial = Redial(BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS)
        self._is_known_lost = False

    async def run(self) -> None:
        """Follows until cancelled."""
        await self._rulebook.is_read.wait()
        saved = await self._load()
        self._progress.restart(saved)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._save(saved))
            tasks.create_task(self._follow_for_ever())

    async def _load(self) -> str:
        attempt = 0
        while True:
            try:
                return await self._store.load_position(POSITION)
            except UnavailableError:
                await asyncio.sleep(backoff(attempt, BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS))
                attempt += 1

    async def _save(self, saved: str) -> None:
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            token = self._progress.token
            if token == saved:
                continue
            try:
                await self._store.save_position(POSITION, token)
                saved = token
            except UnavailableError:  # the next round tries again
                continue

    async def _follow_for_ever(self) -> None:
        async with open_channel(self._target) as channel:
            while True:
                await self._follow(channel)
                await asyncio.sleep(self._redial.wait_seconds())

    async def _follow(self, channel: grpc.aio.Channel) -> None:
        """One stream from its opening to its loss."""
        self._progress.restart(self._progress.token)
        self._evaluator.reset()
        stub = arbitrage_pb2_grpc.ArbitrageServiceStub(channel)
        request = arbitrage_pb2.WatchOpportunitiesRequest(resume_token=self._progress.token)
        call = stub.WatchOpportunities(request)
        try:
            await call.wait_for_connection()
            self._set_connected()
            reason = await self._read(call)
        except grpc.aio.AioRpcError as error:
            reason = f"{error.code().name}: {error.details()}"
            if error.code() == grpc.StatusCode.INVALID_ARGUMENT:
                self._progress.restart("")  # a token that the service does not take starts with what is open
        finally:
            call.cancel()
            is_lost, self._counters.is_connected = self._counters.is_connected, False
        if is_lost or not self._is_known_lost:
            log.warning("arbitrage_lost" if is_lost else "arbitrage_unreachable", target=self._target, reason=reason)
        self._is_known_lost = True

    def _set_connected(self) -> None:
        self._redial.opened()
        self._is_known_lost = False
        self._counters.is_connected = True
        log.info("arbitrage_connected", target=self._target)

    async def _read(self, call: Call) -> str:
        """Reads to the end; a read is never cancelled for a timer, which would end the call."""
        while True:
            reading = asyncio.ensure_future(call.read())
            try:
                while not (await asyncio.wait((reading,), timeout=self._patience()))[0]:
                    await self._line.put(self._evaluator.on_time(time.time_ns()))
            except BaseException:
                reading.cancel()
                await asyncio.wait((reading,))
                raise
            event = reading.result()
            if not isinstance(event, arbitrage_pb2.WatchOpportunitiesResponse):
                return "arbitrage ended the stream"
            if event.dropped_events:
                return f"arbitrage dropped {event.dropped_events} events; resuming before them"
            step = self._progress.step(event.resume_token)
            await self._line.put(self._evaluator.on_event(event, step))

    def _patience(self) -> float | None:
        """Seconds of quiet after which the wall clock decides about rules that wait; None when none does."""
        due_ns = self._evaluator.next_due_ns
        return None if due_ns is None else max(QUIET_SECONDS, (due_ns - time.time_ns()) / 1e9)
