"""Settings of crossbook arbitrage."""

from pathlib import Path

from pydantic import Field

from crossbook.plumbing.recording import MAX_RECORDING_BYTES
from crossbook.plumbing.settings.types import Names, NotNegative, Port, Positive, RecordingBytes, Section, Shards


class ArbitrageSettings(Section):
    """crossbook arbitrage. min_notional is in the quote currency of the buy leg. Levels that a tracker read longer than
    max_depth_age_seconds ago make no sizes.

    A shards_file, JSON such as {"main": "host:port"}, replaces shards; SIGHUP reads it again.
    dollar_currencies stand for a dollar each: markets of one quoted in another give live rates. equal_currencies
    convert one to one where no market gives a rate. relays adds to what venues say of themselves: venue and source.
    Holding costs are until holding_horizon_seconds from now where a request names no horizon; those whose
    funding is not known have no net, unless assume_no_funding counts it as none; it is then named.
    What no venue tells of the least and largest orders, lots and status of a leg counts as none and is named, unless
    assume_no_limits is off: then such pairs are refused.
    event_retention_seconds is for how long a reader may be away and still hear all that happened, with Postgres;
    what nets more than max_net_percent is refused, for it cannot be true;
    history_retention_seconds for how long the lives of opportunities that have ended stay there.
    """

    port: Port = 50053
    metrics_port: Port = 9103
    shards: Shards = {"main": "127.0.0.1:50052"}
    shards_file: Path | None = None
    open_net_percent: float = Field(default=0.10, allow_inf_nan=False)
    close_net_percent: float = Field(default=0.02, allow_inf_nan=False)
    update_step_percent: Positive = 0.05
    min_life_ms: int = Field(default=200, ge=0)
    max_age_seconds: Positive = 10
    max_skew_seconds: Positive = 5
    max_depth_age_seconds: Positive = 5
    min_notional: NotNegative = 100
    max_mid_difference_percent: Positive = 30
    suspect_after_seconds: Positive = 60
    dollar_currencies: Names = ["USD", "USDC", "USDT"]
    equal_currencies: list[list[str]] = [["USD", "USDC", "USDT"]]
    max_rate_age_seconds: Positive = 60
    max_depeg_percent: Positive = 1
    allow_depegged: bool = False
    max_net_percent: Positive = 5
    relays: dict[str, str] = {}
    holding_horizon_seconds: Positive = 8 * 3600
    assume_no_funding: bool = False
    assume_no_limits: bool = True
    event_retention_seconds: Positive = 3600
    history_retention_seconds: Positive = 30 * 86_400
    record_dir: Path | None = None
    record_max_bytes: RecordingBytes = MAX_RECORDING_BYTES
