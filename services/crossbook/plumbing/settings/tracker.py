"""Settings of crossbook tracker."""

from pathlib import Path

from pydantic import Field

from crossbook.plumbing.recording import MAX_RECORDING_BYTES
from crossbook.plumbing.settings.types import AssetClassNames, Names, Port, Positive, RecordingBytes, Section, Shards


class Endpoint(Section):
    """Where a venue is reached in place of its own addresses; None keeps the venue's own."""

    websocket_url: str | None = None
    rest_url: str | None = None


class Fees(Section):
    """What we pay at a venue for a fill, in percent of its notional; None keeps what the venue lists."""

    taker_percent: float | None = Field(default=None, ge=-1, le=5)
    maker_percent: float | None = Field(default=None, ge=-1, le=5)


class TrackerSettings(Section):
    """crossbook tracker. Empty venues, symbols and assets mean all; each venue's recording has the limit for itself.

    Of what venues list only markets of the asset_classes are looked at; those of another class are as if not listed.

    A choice_file, JSON such as {"symbols": [...], "assets": [...]}, replaces symbols and assets; SIGHUP reads it again.
    A shards_file, JSON such as {"main": "host:port"}, replaces shards. What is not committed is kept in spool_dir too,
    up to buffer_bytes for each lane, and sent by whichever process tracks the venue next. fees are what we pay, by
    venue, where it is not what the venue lists. limits_share is this process's part of what venues allow one address
    in requests and dials, where others there ask the same venues.
    """

    port: Port = 50051
    metrics_port: Port = 9101
    venues: Names = []
    symbols: Names = []
    assets: Names = []
    asset_classes: AssetClassNames = ["coin"]
    choice_file: Path | None = None
    listing_interval_seconds: Positive = 60
    max_clock_error_seconds: Positive = 2
    endpoints: dict[str, Endpoint] = {}
    fees: dict[str, Fees] = {}
    limits_share: float = Field(default=1, gt=0, le=1)
    shards: Shards = {"main": "127.0.0.1:50052"}
    shards_file: Path | None = None
    spool_dir: Path | None = None
    record_dir: Path | None = None
    record_max_bytes: RecordingBytes = MAX_RECORDING_BYTES
    buffer_bytes: int = Field(default=64 * 1024 * 1024, ge=64 * 1024)
    stale_after_seconds: Positive | None = None
