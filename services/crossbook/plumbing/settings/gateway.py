"""Settings of crossbook gateway."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from crossbook.plumbing.settings.oidc import OidcSettings
from crossbook.plumbing.settings.types import Names, Port, Positive, Section, Shards, Targets


class GatewaySettings(Section):
    """crossbook gateway. Pages, REST and WebSocket are on http_port, its gRPC services on port.

    tracker_targets, arbitrage_targets and alerts_targets are the processes that it asks: every tracker, and of the
    others the first that answers. is_simulated says that the venues are made up, which every page then says.

    A caller without a token or key is anonymous_role; only on a loopback host may that be more than "none".
    allowed_hosts are names by which browsers reach it besides those of a loopback; allowed_origins are pages of other
    origins that may call it; trusted_proxies are networks whose X-Forwarded-For is believed.
    static_dir is served in place of the pages that are built in.
    """

    port: Port = 50058
    metrics_port: Port = 9105
    http_port: Port = 8080
    shards: Shards = {"main": "127.0.0.1:50052"}
    shards_file: Path | None = None
    tracker_targets: Targets = ["127.0.0.1:50051"]
    arbitrage_targets: Targets = ["127.0.0.1:50053"]
    alerts_targets: Targets = ["127.0.0.1:50054"]
    is_simulated: bool = False
    anonymous_role: Literal["none", "viewer"] = "viewer"
    allowed_hosts: Names = []
    allowed_origins: Names = []
    trusted_proxies: Names = []
    certificate_file: Path | None = None
    key_file: Path | None = None
    static_dir: Path | None = None
    oidc: OidcSettings = OidcSettings()
    access_token_seconds: Positive = 600
    session_seconds: Positive = 30 * 86_400
    sockets_of_user: int = Field(default=20, ge=1)
    requests_per_second: Positive = 50
    requests_burst: int = Field(default=200, ge=1)
