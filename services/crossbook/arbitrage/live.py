"""The live scan as the event loop has it: tells the core's what time and people say, and takes what is Python's.

The core's scan (`_core.SharedScan`) holds the scanner, the event log, the watchers' queues, and what waits for
Postgres, the recorder and the log. In the service the plane feeds it with quotes and serves its watchers. Everything
here runs on the event loop's thread and never waits.
"""

import asyncio
import secrets
from collections.abc import Sequence
from typing import TypeAlias

import structlog

from crossbook._core import (
    EVENT_LOG_CAPACITY,
    NEWS,
    UNWRITTEN_LIMIT,
    IdentityPair,
    LifeModel,
    OpportunityEvent,
    SharedScan,
)
from crossbook.arbitrage.event_history import EventHistory
from crossbook.arbitrage.event_writer import EventWriter
from crossbook.arbitrage.messages import reason_name
from crossbook.arbitrage.recorder import (
    NONE_USED,
    RECORD_BYTES,
    BatchRecorder,
    identities_record,
    life_model_record,
)
from crossbook.arbitrage.store.events import EventStore
from crossbook.arbitrage.store.models import RESOURCE, Registered
from crossbook.arbitrage.tuning import ScannerArguments, new_scanner
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.plane.thread import PlaneThread
from crossbook.plumbing.timestamps import SECOND_NS

# Between two wake-ups of the event loop for news: one costs some 80 µs of this process, however much has come.
NEWS_SECONDS = 0.02

log = structlog.get_logger()

Identities: TypeAlias = Sequence[tuple[IdentityPair, int]]


class LiveScan:
    """What the event loop tells the scan, and what it takes from it."""

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
        self._lost_lines = 0
        self.scanner.await_news()

    def on_timer(self) -> None:
        """To be called every 50 ms."""
        self._tell(self.scanner.on_timer(self.clock.now_ns()))

    def on_facts(self, payload: bytes) -> None:
        """Takes a WatchInstrumentFactsResponse."""
        self._tell(self.scanner.on_facts(payload, self.clock.now_ns()))

    @property
    def clock_problem(self) -> str:
        """Why no quote can be used, where that is because of clocks; nothing where it is not."""
        error_ns = self.scanner.clock_error_ns(self.clock.now_ns())
        if not error_ns:
            return ""
        side = "ahead of" if error_ns > 0 else "behind"
        return f"all quotes bear times that are {abs(error_ns) / SECOND_NS:.1f} s {side} this machine's clock"

    def set_identities(self, identities: Identities) -> None:
        """What is known of pairs, all of it: (pair, IdentityState)."""
        self.identities = identities
        record = identities_record(identities) if self._recorder else b""
        self._tell(self.scanner.set_identities(identities, record, self.clock.now_ns()))

    def set_life_model(self, found: Registered | None, reason: str) -> None:
        """What predicts lives from now on, or why nothing does. Raises PayloadError for bytes that are no model."""
        model = LifeModel.decode(found.model) if found else None
        name, used, encoded = (RESOURCE + found.id, found.used, found.model) if found else ("", NONE_USED, b"")
        record = life_model_record(name, used, encoded, reason) if self._recorder else b""
        self.scanner.set_life_model(model, record, self.clock.now_ns(), name=name, used=used, reason=reason)

    def open_ids(self) -> list[str]:
        """Of the opportunities that are open here."""
        return [spread.opportunity_id for spread in self.scanner.open_opportunities()]

    def close(self) -> None:
        """Ends every watcher once it has read what it holds, so that streams end before the server stops."""
        self._tell(self.scanner.close())

    async def hear(self, plane: PlaneThread) -> None:
        """Endless: takes what is Python's whenever the plane says that there is some."""
        bell = plane.core.ring_news(self.scanner)
        with plane.listen(bell) as news:
            while True:
                await news.wait()
                news.clear()
                self._take()
                await asyncio.sleep(NEWS_SECONDS)
                self.take_news()

    def take_news(self) -> None:
        """Asks to be woken, and takes what has come before that."""
        self.scanner.await_news()
        self._take()

    def _take(self) -> None:
        """Once for however much has come. Log lines last: one takes as long as a thousand quotes."""
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
        _, woken = told
        if NEWS in woken:
            asyncio.get_running_loop().call_soon(self.take_news)


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
