"""The RPC face of the aggregator. Its streams are carried by the plane: only the core encodes and decodes quotes."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import grpc

from crossbook.aggregator.counters import Counters
from crossbook.aggregator.facts.calls import FactCalls
from crossbook.aggregator.fanout import Fanout
from crossbook.aggregator.greeting import MAX_SILENT_CALLS
from crossbook.aggregator.intake import Intake
from crossbook.aggregator.queries import check_filter, list_minutes, list_snapshots, to_quote
from crossbook.aggregator.row_counts import RowCounts
from crossbook.aggregator.store.reads import Reads
from crossbook.aggregator.venue import Venue
from crossbook.pb.v1 import aggregator_pb2 as messages
from crossbook.pb.v1.aggregator_pb2_grpc import (
    AggregatorServiceServicer,
    add_AggregatorServiceServicer_to_server,
)
from crossbook.plumbing.plane.calls import Stream, StreamCall
from crossbook.plumbing.timestamps import to_timestamp

SERVICE_NAME = messages.DESCRIPTOR.services_by_name["AggregatorService"].full_name

Context = grpc.aio.ServicerContext[Any, Any]


class AggregatorService(AggregatorServiceServicer):
    """Thin: every method hands over to what does it."""

    def __init__(self, intake: Intake, fanout: Fanout, reads: Reads, counters: Counters, facts: FactCalls) -> None:
        self._intake = intake
        self._venues = intake.venues.opened
        self._fanout = fanout
        self._reads = reads
        self._counters = counters
        self._facts = facts
        self._row_counts = RowCounts(reads)

    def register(self, server: grpc.aio.Server) -> None:
        """What is not a stream."""
        add_AggregatorServiceServicer_to_server(self, server)

    @property
    def streams(self) -> Mapping[str, Stream]:
        """What the plane carries, by the methods' paths."""
        return {
            f"/{SERVICE_NAME}/IngestQuotes": Stream(self._intake.ingest, "hello", MAX_SILENT_CALLS),
            f"/{SERVICE_NAME}/SubscribeQuoteBatches": Stream(self._subscribe_batches),
            f"/{SERVICE_NAME}/WatchQuotes": Stream(self._watch_quotes),
        }

    async def _subscribe_batches(self, call: StreamCall) -> None:
        request = call.request(messages.SubscribeQuoteBatchesRequest)
        check_filter(request.filter, self._venues)
        await self._fanout.send_batches(request, call)

    async def _watch_quotes(self, call: StreamCall) -> None:
        request = call.request(messages.WatchQuotesRequest)
        check_filter(request.filter, self._venues)
        await self._fanout.send_rows(request, call)

    async def ListLatestQuotes(
        self, request: messages.ListLatestQuotesRequest, context: Context
    ) -> messages.ListLatestQuotesResponse:
        check_filter(request.filter, self._venues)
        rows = sorted(self._fanout.latest(request.filter), key=lambda row: (row.venue, row.symbol))
        return messages.ListLatestQuotesResponse(quotes=[to_quote(row) for row in rows])

    async def ListSnapshots(
        self, request: messages.ListSnapshotsRequest, context: Context
    ) -> messages.ListSnapshotsResponse:
        return await list_snapshots(self._reads, request, self._venues)

    async def ListMinutes(self, request: messages.ListMinutesRequest, context: Context) -> messages.ListMinutesResponse:
        return await list_minutes(self._reads, request, self._venues)

    async def IngestFacts(
        self, request_iterator: AsyncIterator[messages.IngestFactsRequest], context: Context
    ) -> AsyncIterator[messages.IngestFactsResponse]:
        async for response in self._facts.ingest(request_iterator):
            yield response

    async def ListInstrumentFacts(
        self, request: messages.ListInstrumentFactsRequest, context: Context
    ) -> messages.ListInstrumentFactsResponse:
        return self._facts.list(request)

    async def WatchInstrumentFacts(
        self, request: messages.WatchInstrumentFactsRequest, context: Context
    ) -> AsyncIterator[messages.WatchInstrumentFactsResponse]:
        async for response in self._facts.watch(request):
            yield response

    async def CountRows(self, request: messages.CountRowsRequest, context: Context) -> messages.CountRowsResponse:
        return messages.CountRowsResponse(venues=await self._row_counts.venues())

    async def GetAggregatorStats(
        self, request: messages.GetAggregatorStatsRequest, context: Context
    ) -> messages.GetAggregatorStatsResponse:
        venues = self._venues
        return messages.GetAggregatorStatsResponse(
            streams=[_stream_stats(venues[name]) for name in sorted(venues)],
            snapshots_written=self._counters.snapshots_written,
            minutes_written=self._counters.minutes_written,
            incomplete_snapshots=self._counters.incomplete_snapshots,
            quotes_ingested=sum(venue.windows.quotes for venue in venues.values()),
            batches_refused=self._counters.batches_refused,
            subscribers=self._fanout.subscribers,
            database_available=self._counters.is_database_available,
            shard=self._intake.shard,
            contested_snapshots=self._counters.contested_snapshots,
            lost_windows=self._counters.lost_windows,
            max_waiting_windows=self._intake.max_waiting_windows,
            batch_transit_p50_us=self._intake.rules.transit.quantile_us(0.5),
            batch_transit_p99_us=self._intake.rules.transit.quantile_us(0.99),
            window_update_p50_us=self._intake.rules.update.quantile_us(0.5),
            window_update_p99_us=self._intake.rules.update.quantile_us(0.99),
        )


def _stream_stats(venue: Venue) -> messages.IngestStreamStats:
    windows = venue.windows
    return messages.IngestStreamStats(
        venue=venue.name,
        stream_id=windows.stream_id,
        connected=venue.is_connected,
        instruments=windows.instruments,
        live_instruments=windows.live_instruments,
        received_sequence=windows.received_sequence,
        committed_sequence=venue.writer.acknowledgeable(windows.stream_id),
        watermark=to_timestamp(windows.watermark_ns) if windows.watermark_ns else None,
        health=venue.health,
        waiting_windows=venue.writer.waiting,
    )
