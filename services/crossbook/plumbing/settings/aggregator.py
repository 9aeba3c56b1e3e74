"""Settings of crossbook aggregator."""

from typing import Annotated

from pydantic import AfterValidator, Field

from crossbook.plumbing.settings.types import Names, Port, Positive, Section, ShardName


def _divides_a_minute(seconds: int) -> int:
    if 60 % seconds:
        raise ValueError(f"{seconds} does not divide 60, so windows would not meet at the minute")
    return seconds


class AggregatorSettings(Section):
    """crossbook aggregator. shard is the name by which trackers and arbitrage list it.

    extra_venues may be fed besides those that Crossbook knows.
    """

    port: Port = 50052
    metrics_port: Port = 9102
    shard: ShardName = "main"
    extra_venues: Names = []
    window_seconds: Annotated[int, Field(ge=1, le=60), AfterValidator(_divides_a_minute)] = 15
    snapshot_retention_seconds: Positive = 3600
    minute_retention_seconds: Positive = 3600
    retention_interval_seconds: Positive = 60
    max_waiting_windows: int = Field(default=960, ge=1)
