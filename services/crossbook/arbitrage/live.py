"""The live scan: the scanner with all that listens to it: recording, event log, its writer, subscribers, latencies.

Everything here runs on the event loop's thread and never waits.
"""

import asyncio
from collections.abc import Sequence
from typing import TypeAlias

import structlog

from crossbook._core import IdentityPair, OpportunityEvent
from crossbook.arbitrage.event_history import EventHistory
from crossbook.arbitrage.event_log import EventLog, LoggedEvent
from crossbook.arbitrage.event_writer import EventWriter
from crossbook.arbitrage.messages import reason_name, to_event
from crossbook.arbitrage.recorder import (
    ANSWER,
    BATCH,
    DISCONNECTED,
    IDENTITIES,
    TIMER,
    BatchRecorder,
    identities_record,
)
from crossbook.arbitrage.store.events import EventStore
from crossbook.arbitrage.tuning import ScannerArguments, new_scanner
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.broadcast import Broadcast
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.latency import LatencyHistogram

log = structlog.get_logger()

Identities: TypeAlias = Sequence[tuple[IdentityPair, int]]


class LiveScan:
    """Feeds the scanner and publishes what it says."""

    def __init__(
        self,
        arguments: ScannerArguments,
        recorder: BatchRecorder | None = None,
        store: EventStore | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.scanner = new_scanner(arguments)
        self.events = EventLog()
        # Neither where there is no Postgres: then events end with this process.
        self.writer = EventWriter(store, self.events.log_id, self.clock) if store else None
        self.history = EventHistory(store, self.writer, self.events, self.clock) if store and self.writer else None
        self.broadcast: Broadcast[LoggedEvent] = Broadcast()
        self.frame_to_opportunity = LatencyHistogram()
        self.identities: Identities = ()
        self._told: set[int] = set()  # sources that have sent a batch since they connected
        self.stats = self.scanner.stats()
        self._recorder = recorder

    def on_batch(self, payload: bytes, source: int = 0) -> None:
        """Takes a SubscribeQuoteBatchesResponse of a source, the stream of one shard. Raises PayloadError."""
        now = self.clock.now_ns()
        self._record(BATCH, now, payload, source)
        events = self.scanner.on_batch(payload, now, source)
        is_first = source not in self._told
        self._told.add(source)
        if events:
            self._publish(events)
            if not is_first:  # it holds what was known before we came
                self._measure(events, self.clock.now_ns())

    def on_timer(self) -> None:
        """To be called every 50 ms. Readers in other threads see the counters as they were here."""
        now = self.clock.now_ns()
        self._record(TIMER, now)
        self._publish(self.scanner.on_timer(now))
        self.stats = self.scanner.stats()

    def on_disconnected(self, source: int = 0) -> None:
        """The source is gone."""
        now = self.clock.now_ns()
        self._told.discard(source)
        self._record(DISCONNECTED, now, source=source)
        self._publish(self.scanner.on_disconnected(now, source))

    def set_identities(self, identities: Identities) -> None:
        """What is known of pairs, all of it: (pair, IdentityState)."""
        now = self.clock.now_ns()
        self.identities = identities
        self._record(IDENTITIES, now, identities_record(identities))
        self._publish(self.scanner.set_identities(identities, now))

    def _record(self, kind: int, now: int, payload: bytes = b"", source: int = 0) -> None:
        if self._recorder is not None:
            self._recorder.append(kind, now, payload, source)

    def _publish(self, events: list[OpportunityEvent]) -> None:
        for event in events:
            logged = self.events.append(event)
            self.broadcast.publish(logged)
            if self.writer is not None:
                self.writer.put(logged)
            if self._recorder is not None:
                self._recorder.append(ANSWER, event.event_ns, to_event(event).SerializeToString())
        # After the subscribers, who have been woken above: a line of log takes as long as a thousand quotes.
        if events:
            asyncio.get_running_loop().call_soon(_log, events)

    def _measure(self, events: list[OpportunityEvent], published: int) -> None:
        """From the receipt of the frame to here; events that time caused have no frame and are not measured."""
        for event in events:
            self.frame_to_opportunity.add((published - event.cause_ns) / 1000)


def _log(events: list[OpportunityEvent]) -> None:
    for event in events:
        if event.kind != pb.OPPORTUNITY_EVENT_KIND_UPDATED:
            _log_one(event)


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
