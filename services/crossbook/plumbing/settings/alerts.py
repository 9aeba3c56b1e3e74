"""Settings of crossbook alerts."""

import ssl
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from crossbook.plumbing.settings.types import NotNegative, Port, Positive, Section, Shards, Targets


def _holds_certificates(path: Path) -> Path:
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:  # SSLError is one
        raise ValueError(f"must be a PEM file of certificates ({error.strerror or error})") from None
    return path


def _is_link(url: str) -> str:
    if url and not (url.startswith(("http://", "https://")) and url.isprintable() and " " not in url):
        raise ValueError("must be an http or https address")
    return url


class AlertsSettings(Section):
    """crossbook alerts. A history shorter than a rule's cooldown leaves that cooldown to Redis alone.

    authorities_file names certificate authorities (PEM) whose receivers are trusted besides the public ones'.
    arbitrage_targets are replicas of one service: one is followed, the others stand by. tracker_targets and shards are
    asked by rules about feeds, about Crossbook itself, funding and basis, all of them; a shards_file, JSON such as
    {"main": "host:port"}, replaces shards; SIGHUP reads it again.
    disk_folder lies on the disk whose free room SYSTEM rules look at.
    acknowledge_url is what messages link to, with the group's token behind it, as https://desk.example/ack?token=; none
    when it is empty.
    A delivery is tried delivery_attempts times at least and for delivery_seconds at least.
    """

    port: Port = 50054
    metrics_port: Port = 9104
    arbitrage_targets: Targets = ["127.0.0.1:50053"]
    tracker_targets: Targets = ["127.0.0.1:50051"]
    shards: Shards = {"main": "127.0.0.1:50052"}
    shards_file: Path | None = None
    allow_private_targets: bool = False
    authorities_file: Annotated[Path, AfterValidator(_holds_certificates)] | None = None
    acknowledge_url: Annotated[str, AfterValidator(_is_link)] = ""
    check_interval_seconds: Positive = 15
    delivery_attempts: int = Field(default=8, ge=1)
    delivery_seconds: NotNegative = 86_400
    delivery_lease_seconds: Positive = 30
    claim_lease_seconds: Positive = 10
    disk_folder: Path = Path()
    history_retention_seconds: float = Field(default=31 * 86_400, ge=60, allow_inf_nan=False)
