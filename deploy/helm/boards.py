"""Writes the Grafana boards of the chart, files/boards/*.json, from the table below: `make chart` runs it.

A panel is a title, a unit of Grafana's and queries, each with its legend. Boards choose their data source by a
variable and keep their uid, so that a link to one lasts and an import asks nothing.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

BOARDS = Path(__file__).parent / "crossbook/files/boards"
WIDTH, HEIGHT, PER_ROW = 8, 7, 3
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


class Panel(NamedTuple):
    """`queries`: PromQL and legend."""

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    text: str = ""


def one(title: str, unit: str, query: str, legend: str = "", text: str = "") -> Panel:
    """Of one query."""
    return Panel(title, unit, ((query, legend),), text)


PROCESS = (
    ("Processor", "percentunit", 'rate(process_cpu_seconds_total{job="JOB"}[1m])', "{{instance}}"),
    ("Memory", "bytes", 'process_resident_memory_bytes{job="JOB"}', "{{instance}}"),
    ("Calls refused", "ops", 'sum by (method) (rate(crossbook_grpc_refused_calls_total{job="JOB"}[5m]))', "{{method}}"),
)
TRUTH = (
    one(
        "State of venues", "none", "max by (venue) (crossbook_tracker_state)", "{{venue}}", "2 LIVE, 3 DEGRADED, 4 DOWN"
    ),
    one("Books that are live", "percentunit", "crossbook:live_books:ratio", "{{venue}}"),
    one(
        "Pairs refused, by reason",
        "ops",
        "crossbook:refusals:rate5m",
        "{{reason}}",
        "What would have paid and was not said",
    ),
    Panel(
        "What was lost",
        "short",
        (
            ("sum(increase(crossbook_tracker_dropped_quotes_total[5m]))", "quotes"),
            ("sum(increase(crossbook_aggregator_incomplete_rows_written_total[5m]))", "incomplete rows"),
            ("sum(increase(crossbook_aggregator_lost_windows_total[5m]))", "windows"),
            ("sum(increase(crossbook_arbitrage_lost_events_total[5m]))", "events"),
            ("sum(increase(crossbook_alerts_failed_total[5m]))", "deliveries"),
        ),
        "All of these should be nothing",
    ),
    one("Received until", "s", "crossbook_aggregator_watermark_lag_seconds", "{{venue}}"),
    one("Windows that wait", "short", "crossbook_aggregator_waiting_windows", "{{venue}}"),
    one("Frame to opportunity", "µs", "crossbook_arbitrage_frame_to_opportunity_us", "p{{quantile}}"),
    one("Opportunities open", "short", "crossbook_arbitrage_open", "{{instance}}"),
    Panel(
        "Servers",
        "none",
        (
            ("min(crossbook_aggregator_database_available)", "Postgres, windows"),
            ("min(crossbook_alerts_postgres_available)", "Postgres, alerts"),
            ("min(crossbook_alerts_redis_available)", "Redis"),
        ),
        "1 available",
    ),
)
TRACKER = (
    one("Frames", "ops", "sum by (venue) (rate(crossbook_tracker_messages_total[1m]))", "{{venue}}"),
    one("Quotes", "ops", "crossbook:quotes:rate1m", "{{venue}}"),
    one("Frame to quote, median", "µs", "crossbook_tracker_frame_to_quote_p50_microseconds", "{{venue}}"),
    one("Gaps", "ops", "sum by (venue) (rate(crossbook_tracker_gaps_total[5m]))", "{{venue}}"),
    one("Books rebuilt", "ops", "sum by (venue) (rate(crossbook_tracker_resyncs_total[5m]))", "{{venue}}"),
    one("Sockets opened again", "ops", "sum by (venue) (rate(crossbook_tracker_reconnects_total[5m]))", "{{venue}}"),
    one("Delay", "s", "crossbook_tracker_delay_seconds", "{{venue}}"),
    one("Clock", "s", "crossbook_tracker_clock_offset_seconds", "{{venue}}"),
    one("Batches not committed", "short", "crossbook_tracker_unacknowledged_batches", "{{venue}} {{shard}}"),
)
AGGREGATOR = (
    one("Quotes", "ops", "sum by (venue) (rate(crossbook_aggregator_quotes_total[1m]))", "{{venue}}"),
    one("Batch on its way", "µs", "crossbook_aggregator_batch_transit_us", "p{{quantile}}"),
    one("Windows' update", "µs", "crossbook_aggregator_window_update_us", "p{{quantile}}"),
    Panel(
        "Rows written",
        "ops",
        (
            ("sum(rate(crossbook_aggregator_snapshot_rows_written_total[1m]))", "windows"),
            ("sum(rate(crossbook_aggregator_minute_rows_written_total[1m]))", "minutes"),
        ),
    ),
    one(
        "Commit, p99",
        "s",
        "histogram_quantile(0.99, sum by (le) (rate(crossbook_aggregator_flush_seconds_bucket[5m])))",
    ),
    one("Quotes conflated for slow readers", "ops", "sum(rate(crossbook_aggregator_conflated_quotes_total[1m]))"),
    one("Readers", "short", "crossbook_aggregator_subscribers", "{{instance}}"),
    one("Instruments LIVE", "short", "sum by (venue) (crossbook_aggregator_live_instruments)", "{{venue}}"),
    one("Venues connected", "none", "crossbook_aggregator_stream_connected", "{{venue}}"),
)
ARBITRAGE = (
    one("Quotes scanned", "ops", "sum by (instance) (rate(crossbook_arbitrage_quotes_total[1m]))", "{{instance}}"),
    Panel(
        "Opportunities",
        "ops",
        (
            ("sum(rate(crossbook_arbitrage_opened_total[1m]))", "opened"),
            ("sum(rate(crossbook_arbitrage_closed_total[1m]))", "closed"),
        ),
    ),
    one("Books walked for sizes", "ops", "sum(rate(crossbook_arbitrage_depth_walks_total[1m]))"),
    one("Watchers", "short", "crossbook_arbitrage_watchers", "{{instance}}"),
    one("Events that slow watchers lost", "ops", "sum(rate(crossbook_arbitrage_dropped_events_total[5m]))"),
    one("Events that wait for Postgres", "short", "crossbook_arbitrage_unlogged_events", "{{instance}}"),
)
ALERTS = (
    Panel(
        "Alerts",
        "ops",
        (
            ("sum(rate(crossbook_alerts_fired_total[5m]))", "fired"),
            ("sum(rate(crossbook_alerts_suppressed_total[5m]))", "held back"),
            ("sum(rate(crossbook_alerts_told_total[5m]))", "told of groups"),
        ),
    ),
    Panel(
        "Deliveries",
        "ops",
        (
            ("sum(rate(crossbook_alerts_delivered_total[5m]))", "delivered"),
            ("sum(rate(crossbook_alerts_retried_total[5m]))", "to be tried again"),
            ("sum(rate(crossbook_alerts_limited_total[5m]))", "limited"),
            ("sum(rate(crossbook_alerts_failed_total[5m]))", "given up"),
        ),
    ),
    one(
        "Message to answer, p99",
        "s",
        "histogram_quantile(0.99, sum by (le) (rate(crossbook_alerts_delivery_seconds_bucket[5m])))",
    ),
    one("Deliveries that wait", "short", "max(crossbook_alerts_pending)"),
    one("Slots held", "short", "crossbook_alerts_owned_slots", "{{instance}}"),
    one("Rules looked at", "ops", "sum(rate(crossbook_alerts_evaluated_total[1m]))"),
)
GATEWAY = (
    one("Sockets", "short", "crossbook_gateway_sockets", "{{instance}}"),
    one("Subscriptions", "short", "crossbook_gateway_subscriptions", "{{instance}}"),
    one("Sent", "Bps", "sum by (instance) (rate(crossbook_gateway_bytes_total[1m]))", "{{instance}}"),
    one("Frames", "ops", "sum by (instance) (rate(crossbook_gateway_frames_total[1m]))", "{{instance}}"),
    one("Sockets that stalled", "ops", "sum(rate(crossbook_gateway_stalled_sockets_total[5m]))"),
)
OF_SERVICES = {
    "tracker": TRACKER,
    "aggregator": AGGREGATOR,
    "arbitrage": ARBITRAGE,
    "alerts": ALERTS,
    "gateway": GATEWAY,
}


def boards() -> dict[str, str]:
    """Each board's file name and text."""
    all_of_them = {"truth": TRUTH} | {name: (*own, *_process(name)) for name, own in OF_SERVICES.items()}
    return {f"{name}.json": json.dumps(_board(name, panels), indent=1) + "\n" for name, panels in all_of_them.items()}


def _process(job: str) -> Iterator[Panel]:
    """What every service's board ends with."""
    for title, unit, query, legend in PROCESS:
        yield one(title, unit, query.replace("JOB", job), legend)


def _board(name: str, panels: tuple[Panel, ...]) -> dict[str, Any]:
    variable = {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source"}
    return {
        "uid": f"crossbook-{name}",
        "title": f"Crossbook: {name}",
        "tags": ["crossbook"],
        "schemaVersion": 39,
        "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": [variable]},
        "panels": [_panel(number, panel) for number, panel in enumerate(panels)],
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    row, column = divmod(number, PER_ROW)
    targets = [
        {"refId": chr(ord("A") + place), "expr": query, "legendFormat": legend, "datasource": SOURCE}
        for place, (query, legend) in enumerate(panel.queries)
    ]
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.text,
        "datasource": SOURCE,
        "gridPos": {"x": column * WIDTH, "y": row * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "targets": targets,
    }


if __name__ == "__main__":
    for file, text in boards().items():
        (BOARDS / file).write_text(text)
