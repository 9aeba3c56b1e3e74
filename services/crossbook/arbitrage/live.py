"""The live scan as the event loop has it: feeds the core's, wakes those who wait, and takes what is Python's.

The core's scan (`_core.SharedScan`) holds the scanner, the event log, the watchers' queues, and what waits for
Postgres, the recorder and the log; it says who is to be woken. Everything here runs on the event loop's thread and
never waits. No event becomes a Python object on its way to a watcher.
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Sequence
from typing import TypeAlias

import structlog

from crossbook._core import (
    EVENT_LOG_CAPACITY,
    NEWS,
    UNWRITTEN_LIMIT,
    IdentityPair,
    OpportunityEvent,
    OpportunityWatching,
    SharedScan,
)
from crossbook.arbitrage.event_history import EventHistory
from crossbook.arbitrage.event_writer import EventWriter
from crossbook.arbitrage.messages import reason_name
from crossbook.arbitrage.recorder import RECORD_BYTES, BatchRecorder, identities_record
from crossbook.arbitrage.store.events import EventStore
from crossbook.arbitrage.tuning import ScannerArguments, new_scanner
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.clock import Clock

log = structlog.get_logger()

Identities: TypeAlias = Sequence[tuple[IdentityPair, int]]


class LiveScan:
    """Feeds the scanner and wakes those whom it has something to tell."""

    def __init__(
        self,
        arguments: ScannerArguments,
        recorder: BatchRecorder | None = None,
        store: EventStore | None = None,
        clock: Clock | None = None,
        *,
        capacity: int = EVENT_LOG_CAPACITY,
        unwritten_limit: int = UNWRITTEN_LIMIT,
    ) -> None:
        self.clock = clock or Clock()
        self.scanner = SharedScan(
            new_scanner(arguments),
            secrets.token_hex(8),
            capacity=capacity,
            unwritten_limit=unwritten_limit if store else None,
            record_bytes=RECORD_BYTES if recorder else 0,
        )
        # Neither where there is no Postgres: then events end with this process.
        self.writer = EventWriter(store, self.scanner, self.clock) if store else None
        self.history = EventHistory(store, self.scanner, self.clock) if store else None
        self.identities: Identities = ()
        self._recorder = recorder
        self._bells: dict[int, asyncio.Event] = {}  # by the watcher's number
        self._lost_lines = 0
        self.scanner.await_news()

    def on_batch(self, payload: bytes, source: int = 0) -> None:
        """Takes a SubscribeQuoteBatchesResponse of a source, the stream of one shard. Raises PayloadError."""
        self._tell(self.scanner.on_batch(payload, self.clock.now_ns(), source))

    def on_timer(self) -> None:
        """To be called every 50 ms."""
        self._tell(self.scanner.on_timer(self.clock.now_ns()))

    def on_disconnected(self, source: int = 0) -> None:
        """The source is gone."""
        self._tell(self.scanner.on_disconnected(self.clock.now_ns(), source))

    def set_identities(self, identities: Identities) -> None:
        """What is known of pairs, all of it: (pair, IdentityState)."""
        self.identities = identities
        record = identities_record(identities) if self._recorder else b""
        self._tell(self.scanner.set_identities(identities, record, self.clock.now_ns()))

    def close(self) -> None:
        """Ends every watcher once it has read what it holds, so that streams end before the server stops."""
        self._tell(self.scanner.close())

    async def messages(self, watching: OpportunityWatching) -> AsyncGenerator[bytes, None]:
        """What the watcher is told, WatchOpportunitiesResponses, until its end."""
        bell = self._bells[watching.number] = asyncio.Event()
        try:
            while (message := watching.take()) != b"":
                if message is None:
                    await bell.wait()
                    bell.clear()
                else:
                    yield message
        finally:
            del self._bells[watching.number]
            watching.close()

    def take_news(self) -> None:
        """Once for however much has come. Log lines last: one takes as long as a thousand quotes."""
        self.scanner.await_news()
        if self._recorder is not None:
            self._recorder.take(self.scanner)
        if self.writer is not None:
            self.writer.on_news()
        changes, lost = self.scanner.take_changes()
        for event in changes:
            _log_one(event)
        if lost > self._lost_lines:
            log.warning("opportunities_not_logged", opportunities=lost - self._lost_lines)
            self._lost_lines = lost

    def _tell(self, told: tuple[int, list[int]]) -> None:
        events, woken = told
        for number in woken:
            if number == NEWS:
                asyncio.get_running_loop().call_soon(self.take_news)
            elif (bell := self._bells.get(number)) is not None:
                bell.set()
        if events:
            self.scanner.on_published(self.clock.now_ns())


def _log_one(event: OpportunityEvent) -> None:
    is_open = event.kind == pb.OPPORTUNITY_EVENT_KIND_OPENED
    log.info(
        "opportunity_opened" if is_open else "opportunity_closed",
        id=event.opportunity_id,
        asset=event.asset,
        buy=event.buy_venue,
        sell=event.sell_venue,
        net_percent=round(event.net_percent, 4),
        **(
            {}
            if is_open
            else {"reason": reason_name(event.close_reason), "duration_ms": event.duration_ns // 1_000_000}
        ),
    )
