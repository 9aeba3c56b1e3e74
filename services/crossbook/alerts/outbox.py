"""Delivers what is due: claims with a lease, tries, and records delivered, to be tried again, or given up.

A claim counts the try and moves the delivery's due time to the end of the lease, so that a crash only delays it. Each
destination has a few places and a bucket (pacing.py), so a slow receiver takes only its own; where much is due at one
for people it goes out as one message. One that has lately limited us gets one thing at a time; one that says for how
long is left alone until then, and what it turned away was no try. A try whose end cannot be recorded, because Postgres
is down, keeps its place until it can: the record is worth more than the next try, for without it the receiver gets the
message twice. What nobody foresaw in a channel is no end of a delivery and no try.
"""

import asyncio
from collections import Counter
from contextlib import suppress
from functools import partial

import structlog

from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.outcome import Delivered, Failed, Limited, Outcome, Retry
from crossbook.alerts.channels.registry import is_keyed, send, send_digest
from crossbook.alerts.closings import Closings
from crossbook.alerts.counters import Counters
from crossbook.alerts.pacing import PLACES_EACH, plan
from crossbook.alerts.records import DELIVERED, FAILED, PENDING, Aftermath, ClaimedDelivery, Ending
from crossbook.alerts.store.deliveries import DeliveryStore
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.retry import backoff
from crossbook.plumbing.tasks import set_within
from crossbook.plumbing.timestamps import SECOND_NS, from_timestamp, to_timestamp

PLACES = 128
LIMITED_SECONDS = 60.0  # for which one that has limited us gets one thing at a time
POLL_SECONDS = 0.25
RETRY_BASE_SECONDS = 1.0
RETRY_CAP_SECONDS = 900.0
RECORD_CAP_SECONDS = 1.0
RELEASE_SECONDS = 1.0

log = structlog.get_logger()


class Outbox:
    """The delivery loop of one replica."""

    def __init__(
        self,
        store: DeliveryStore,
        http: HttpSender,
        closings: Closings,
        counters: Counters,
        lease_seconds: float,
        clock: Clock,
        ack_base: str = "",
    ) -> None:
        self._store = store
        self._http = http
        self._closings = closings
        self._counters = counters
        self._lease_seconds = lease_seconds
        self._clock = clock
        self._ack_base = ack_base
        self._wake = asyncio.Event()
        self._running: Counter[str] = Counter()  # by destination
        self._limited: dict[str, float] = {}  # destination to the end of its time of one place

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
        free = PLACES - self._running.total()
        if free <= 0:
            return 0
        try:
            batches = await self._store.claim(partial(plan, taken=self._taken(), free=free), self._lease_seconds)
        except UnavailableError:  # the health watch says so
            return 0
        for batch in batches:
            self._running[batch[0].destination] += 1
            task = tasks.create_task(self._deliver(batch))
            task.add_done_callback(partial(self._on_done, batch[0].destination))
        return len(batches)

    def _taken(self) -> dict[str, int]:
        """Places that a destination does not have: those in use, and all but one while it is known to limit."""
        now = self._clock.passed_seconds()
        self._limited = {destination: until for destination, until in self._limited.items() if until > now}
        taken = dict(self._running)
        for destination in self._limited:
            taken[destination] = taken.get(destination, 0) + PLACES_EACH - 1
        return taken

    def _on_done(self, destination: str, _: asyncio.Task[None]) -> None:
        self._running[destination] -= 1
        if self._running[destination] <= 0:
            del self._running[destination]
        self._wake.set()

    async def _pause(self) -> None:
        await set_within(self._wake, POLL_SECONDS)

    async def _deliver(self, batch: list[ClaimedDelivery]) -> None:
        destination = batch[0].destination
        try:
            outcome = await self._try(batch)
        except asyncio.CancelledError:
            with suppress(UnavailableError, TimeoutError):
                await asyncio.wait_for(self._release(batch), RELEASE_SECONDS)
            raise
        if isinstance(outcome, Limited):
            self._limited[destination] = self._clock.passed_seconds() + outcome.after_seconds + LIMITED_SECONDS
        endings = [(claimed, ending_of(claimed, outcome)) for claimed in batch]
        await self._record(endings, aftermath_of(outcome, is_digest=len(batch) > 1))

    async def _release(self, batch: list[ClaimedDelivery]) -> None:
        for claimed in batch:
            await self._store.release(claimed)

    async def _try(self, batch: list[ClaimedDelivery]) -> Outcome:
        newest = batch[-1]
        for claimed in batch:
            self._note_closing(claimed.message)
        try:
            if len(batch) > 1:
                return await send_digest(newest.channel, [claimed.message for claimed in batch], self._http)
            return await send(newest.channel, newest.message, self._http, newest.shown, self._ack_base)
        except Exception as error:
            log.exception("channel_broke", message=newest.message.name, channel=newest.channel.id)
            reason = f"the channel broke ({type(error).__name__}); the service's log has the details"
            return Retry(reason, is_counted=False)

    def _note_closing(self, message: pb.AlertMessage) -> None:
        closed_ns = self._closings.closed_ns(message.alert.opportunity.id) if message.HasField("alert") else None
        if closed_ns is not None:
            message.alert.close_time.CopyFrom(to_timestamp(closed_ns))

    async def _record(self, endings: list[tuple[ClaimedDelivery, Ending]], after: Aftermath) -> None:
        attempt = 0
        while True:
            try:
                are_ours = await self._store.finish(endings, after)
                break
            except UnavailableError:  # the health watch says so
                await asyncio.sleep(backoff(attempt, 0.1, RECORD_CAP_SECONDS))
                attempt += 1
        self._counters.digests += len(endings) > 1 and endings[0][1].state == DELIVERED
        for (claimed, ending), is_ours in zip(endings, are_ours, strict=True):
            if is_ours:
                self._count(claimed, ending, after)
        if any(are_ours):
            _tell(endings, after)

    def _count(self, claimed: ClaimedDelivery, ending: Ending, after: Aftermath) -> None:
        if ending.state == DELIVERED:
            self._counters.delivered += 1
            seconds = (self._clock.now_ns() - from_timestamp(claimed.message.create_time)) / SECOND_NS
            self._counters.times.add(claimed.destination.partition(":")[0], seconds)
        elif ending.state == FAILED:
            self._counters.failed += 1
        elif after.pause_seconds > 0:
            self._counters.limited += 1
        else:
            self._counters.retried += 1


def _tell(endings: list[tuple[ClaimedDelivery, Ending]], after: Aftermath) -> None:
    """In the log: one line a try, with the newest message of a digest."""
    claimed, ending = endings[-1]
    about = {"message": claimed.message.name, "channel": claimed.channel.id, "attempts": claimed.attempts}
    if len(endings) > 1:
        about["messages"] = len(endings)
    if ending.state == DELIVERED:
        log.info("alert_delivered", **about)
    elif ending.state == FAILED:
        log.error("delivery_given_up", reason=ending.error, **about)
    elif after.pause_seconds > 0:
        log.warning("destination_paused", reason=ending.error, seconds=round(after.pause_seconds, 3), **about)
    else:
        log.warning("delivery_retried", reason=ending.error, **about)


def ending_of(claimed: ClaimedDelivery, outcome: Outcome) -> Ending:
    """What becomes of the delivery."""
    if isinstance(outcome, Delivered):
        return Ending(DELIVERED, supersedes=is_keyed(claimed.destination.partition(":")[0]))
    if isinstance(outcome, Failed):
        return Ending(FAILED, outcome.reason)
    if isinstance(outcome, Limited):
        return Ending(PENDING, outcome.reason, outcome.after_seconds, is_counted=False, keeps_place=True)
    if claimed.is_last_try and outcome.is_counted:
        return Ending(FAILED, f"{outcome.reason}, at the last of {claimed.attempts} tries")
    delay = max(_pause_seconds(claimed.attempts), outcome.after_seconds or 0.0)
    return Ending(PENDING, outcome.reason, delay, is_counted=outcome.is_counted)


def aftermath_of(outcome: Outcome, *, is_digest: bool = False) -> Aftermath:
    """What it says of the destination; what a digest shows is of no key."""
    shown = None if is_digest else outcome.shown
    parts = max(1, len(outcome.shown.ids)) if outcome.shown else 1
    if isinstance(outcome, Delivered):
        return Aftermath(True, outcome.rest_seconds, shown=shown, parts=parts)
    if isinstance(outcome, Limited):
        return Aftermath(True, outcome.after_seconds, outcome.is_of_kind, shown, parts=parts)
    if isinstance(outcome, Failed):
        return Aftermath(True if outcome.http_status else None, shown=shown, parts=parts)
    return Aftermath(False if outcome.is_counted else None, shown=shown, reason=outcome.reason, parts=parts)


def _pause_seconds(attempts: int) -> float:
    """Half of it is certain: tries are few, and by chance alone all of them could be over within seconds."""
    certain = min(RETRY_CAP_SECONDS, RETRY_BASE_SECONDS * 2.0 ** min(attempts - 1, 32)) / 2
    return certain + backoff(attempts - 1, RETRY_BASE_SECONDS / 2, RETRY_CAP_SECONDS / 2)
