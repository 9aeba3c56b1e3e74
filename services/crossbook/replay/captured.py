"""What a recorded run left outside its recording, taken down before it ends: its windows, its rules, its alerts.

RecentEvents as `captured.json` beside the recording, for `crossbook replay` to compare with.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from google.protobuf.json_format import MessageToDict, ParseDict

from crossbook.alerts.evaluation.decisions import Decision
from crossbook.pb.v1 import alerts_pb2, alerts_pb2_grpc
from crossbook.plumbing.data.postgres import Connection, open_pool
from crossbook.plumbing.grpc.channel import UNARY_DEADLINE_SECONDS, open_channel
from crossbook.plumbing.paging import pages
from crossbook.plumbing.private_files import write_whole
from crossbook.plumbing.recording import RecordingError
from crossbook.plumbing.timestamps import SECOND_NS
from crossbook.replay.copy_rows import copy_rows
from crossbook.replay.fingerprint import Fingerprint, fingerprint

FILE_NAME = "captured.json"
PAGE = 1000
# The columns that the core writes, in its order.
COPY_WINDOWS = """
    COPY (
        SELECT venue, symbol, window_start, avg_bid, min_bid, max_bid, avg_ask, min_ask, max_ask, avg_spread,
            time_weighted_bid, time_weighted_ask, tick_count, live_ns, window_ns, is_complete,
            last_bid, last_bid_size, last_ask, last_ask_size, last_state, last_exchange_ns, last_receive_ns
        FROM closed_windows WHERE venue = %s AND window_start >= %s AND window_start + %s * interval '1 s' <= %s
    ) TO STDOUT (FORMAT BINARY)
"""
# As far as every shard that had instruments of the venue in the run has committed.
COMMITTED_UNTIL = "SELECT min(committed_until) FROM stream_positions WHERE venue = %s AND committed_until >= %s"


@dataclass(frozen=True, slots=True)
class VenueWindowsCaptured:
    """The committed windows of one venue in a span of whole windows."""

    from_ns: int
    until_ns: int
    rows: Fingerprint


@dataclass(slots=True)
class Captured:
    """All of one run. `merged` is what its frames, merged by receive time, give; set by the first replay."""

    window_seconds: int
    windows: dict[str, VenueWindowsCaptured]
    rules: list[alerts_pb2.AlertRule]
    decisions: list[Decision]
    merged: Fingerprint | None = field(default=None)


async def capture(
    dsn: str, alerts_target: str, venues: Sequence[str], window_seconds: int, started_ns: int
) -> Captured:
    """To be called while everything still runs, but nothing more is found."""
    from_ns = started_ns // (window_seconds * SECOND_NS) * window_seconds * SECOND_NS
    pool = await open_pool(dsn, max_size=1)
    try:
        async with pool.connection() as connection:
            windows = {venue: await _windows(connection, venue, window_seconds, from_ns) for venue in venues}
    finally:
        await pool.close()
    rules, decisions = await _alerts(alerts_target, started_ns)
    return Captured(window_seconds, windows, rules, decisions)


def save(captured: Captured, directory: Path) -> None:
    """Writes the file whole or not at all. Raises OSError."""
    document = {
        "window_seconds": captured.window_seconds,
        "windows": {venue: asdict(windows) for venue, windows in captured.windows.items()},
        "rules": [MessageToDict(rule, preserving_proto_field_name=True) for rule in captured.rules],
        "decisions": [asdict(decision) for decision in captured.decisions],
        "merged": asdict(captured.merged) if captured.merged else None,
    }
    write_whole(directory / FILE_NAME, json.dumps(document, indent=2) + "\n")


def load(directory: Path) -> Captured | None:
    """None when the run was killed before it could write the file. Raises RecordingError when the file is damaged."""
    path = directory / FILE_NAME
    if not path.exists():
        return None
    try:
        document = json.loads(path.read_text())
        windows = {
            venue: VenueWindowsCaptured(one["from_ns"], one["until_ns"], Fingerprint(**one["rows"]))
            for venue, one in document["windows"].items()
        }
        return Captured(
            window_seconds=document["window_seconds"],
            windows=windows,
            rules=[ParseDict(rule, alerts_pb2.AlertRule()) for rule in document["rules"]],
            decisions=[Decision(**decision) for decision in document["decisions"]],
            merged=Fingerprint(**document["merged"]) if document["merged"] else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordingError(f"{path} is damaged: {error}") from error


async def _windows(connection: Connection, venue: str, window_seconds: int, from_ns: int) -> VenueWindowsCaptured:
    moment = datetime.fromtimestamp(from_ns // SECOND_NS, UTC)
    position = await (await connection.execute(COMMITTED_UNTIL, (venue, moment))).fetchone()
    until = position[0] if position and position[0] else moment
    data = bytearray()
    async with connection.cursor() as cursor, cursor.copy(COPY_WINDOWS, (venue, moment, window_seconds, until)) as copy:
        async for block in copy:
            data += block
    until_ns = int(until.timestamp()) * SECOND_NS
    return VenueWindowsCaptured(from_ns, until_ns, fingerprint(sorted(copy_rows(bytes(data)))))


async def _alerts(target: str, started_ns: int) -> tuple[list[alerts_pb2.AlertRule], list[Decision]]:
    """The rules as they are now, and what they fired since then on opportunities."""
    request = alerts_pb2.ListAlertsRequest(page_size=PAGE)
    request.from_time.FromNanoseconds(started_ns)
    decisions: list[Decision] = []
    async with open_channel(target) as channel:
        stub = alerts_pb2_grpc.AlertServiceStub(channel)
        listed = await stub.ListAlertRules(
            alerts_pb2.ListAlertRulesRequest(page_size=PAGE), timeout=UNARY_DEADLINE_SECONDS
        )
        async for answer in pages(stub.ListAlerts, request, UNARY_DEADLINE_SECONDS):
            decisions += [Decision(alert.rule, alert.opportunity.id) for alert in answer.alerts if alert.opportunity.id]
    return list(listed.alert_rules), sorted(decisions)
