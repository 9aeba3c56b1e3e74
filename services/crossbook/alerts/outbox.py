"""Delivers what is due: claims with a lease, tries, and records delivered, to be tried again, or given up.

A claim counts the try and moves the delivery's due time to the end of the lease, so that a crash only delays it. A slow
receiver takes one of the places, never all the time of the others. A try whose end cannot be recorded, because Postgres
is down, keeps its place until it can: the record is worth more than the next try, for without it the receiver gets the
alert twice. What nobody foresaw in a channel is no end of a delivery and takes none of its tries.
"""

import asyncio
from contextlib import suppress

import structlog

from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.outcome import Delivered, Failed, Limited, Outcome, Retry
from crossbook.alerts.channels.registry import send
from crossbook.alerts.counters import Counters
from crossbook.alerts.records import ClaimedDelivery
from crossbook.alerts.store import DELIVERED, FAILED, PENDING, AlertStore
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.retry import backoff

PLACES = 16
POLL_SECONDS = 0.5
RETRY_BASE_SECONDS = 1.0
RETRY_CAP_SECONDS = 300.0
RECORD_CAP_SECONDS = 1.0
RELEASE_SECONDS = 1.0

log = structlog.get_logger()


class Outbox:
    """The delivery loop of one replica."""

    def __init__(self, store: AlertStore, http: HttpSender, counters: Counters, lease_seconds: float) -> None:
        self._store = store
        self._http = http
        self._counters = counters
        self._lease_seconds = lease_seconds
        self._wake = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Something is due now."""
        self._wake.set()

    async def run(self) -> None:
        """Delivers until cancelled; tries under way are cut short and given back."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._wake.clear()
                if await self._take(tasks) == 0:
                    await self._pause()

    async def _take(self, tasks: asyncio.TaskGroup) -> int:
        """Claims as much as there are places."""
        free = PLACES - len(self._running)
        if free == 0:
            return 0
        try:
            claimed = await self._store.claim_deliveries(free, self._lease_seconds)
        except UnavailableError:  # the health watch says so
            return 0
        for delivery in claimed:
            task = tasks.create_task(self._deliver(delivery))
            self._running.add(task)
            task.add_done_callback(self._on_done)
        return len(claimed)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._wake.set()

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self._wake.wait()

    async def _deliver(self, claimed: ClaimedDelivery) -> None:
        try:
            outcome = await self._try(claimed)
        except asyncio.CancelledError:
            with suppress(UnavailableError, TimeoutError):
                await asyncio.wait_for(self._store.release_delivery(claimed), RELEASE_SECONDS)
            raise
        await self._record(claimed, outcome)

    async def _try(self, claimed: ClaimedDelivery) -> Outcome:
        try:
            return await send(claimed.channel, claimed.alert, self._http)
        except Exception as error:
            log.exception("channel_broke", alert=claimed.alert.name, channel=claimed.channel.id)
            reason = f"the channel broke ({type(error).__name__}); the service's log has the details"
            return Retry(reason, is_counted=False)

    async def _record(self, claimed: ClaimedDelivery, outcome: Outcome) -> None:
        state, error, delay = _verdict(claimed, outcome)
        is_counted = isinstance(outcome, Delivered | Failed) or (isinstance(outcome, Retry) and outcome.is_counted)
        attempt = 0
        while True:
            try:
                is_ours = await self._store.finish_delivery(claimed, state, error, delay, is_counted=is_counted)
                break
            except UnavailableError:  # the health watch says so
                await asyncio.sleep(backoff(attempt, 0.1, RECORD_CAP_SECONDS))
                attempt += 1
        if is_ours:
            self._count(claimed, state, error)

    def _count(self, claimed: ClaimedDelivery, state: int, error: str) -> None:
        about = {"alert": claimed.alert.name, "channel": claimed.channel.id, "attempts": claimed.attempts}
        if state == DELIVERED:
            self._counters.delivered += 1
            log.info("alert_delivered", **about)
        elif state == FAILED:
            self._counters.failed += 1
            log.error("delivery_given_up", reason=error, **about)
        else:
            self._counters.retried += 1
            log.warning("delivery_retried", reason=error, **about)


def _verdict(claimed: ClaimedDelivery, outcome: Outcome) -> tuple[pb.DeliveryState.ValueType, str, float]:
    """State, error and seconds until the next try."""
    if isinstance(outcome, Delivered):
        return DELIVERED, "", 0.0
    if isinstance(outcome, Failed):
        return FAILED, outcome.reason, 0.0
    if isinstance(outcome, Limited):
        return PENDING, outcome.reason, outcome.after_seconds
    if claimed.tries_left <= 0 and outcome.is_counted:
        return FAILED, f"{outcome.reason}, at the last of {claimed.attempts} tries", 0.0
    return PENDING, outcome.reason, max(_pause(claimed.attempts), outcome.after_seconds or 0.0)


def _pause(attempts: int) -> float:
    """Half of it is certain: tries are few, and by chance alone all of them could be over within seconds."""
    certain = min(RETRY_CAP_SECONDS, RETRY_BASE_SECONDS * 2.0 ** min(attempts - 1, 32)) / 2
    return certain + backoff(attempts - 1, RETRY_BASE_SECONDS / 2, RETRY_CAP_SECONDS / 2)
