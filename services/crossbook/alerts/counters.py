"""What this process has done and what it can reach, for GetAlertStats and Prometheus."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from crossbook.alerts.delivery_times import DeliveryTimes
from crossbook.pb.v1 import alerts_pb2 as pb


@dataclass(slots=True)
class Counters:
    """Counts since the process started; `pending` is the outbox of all replicas as last seen."""

    fired: int = 0
    told: int = 0
    suppressed: int = 0
    delivered: int = 0
    failed: int = 0
    retried: int = 0
    digests: int = 0
    limited: int = 0
    forgotten: int = 0
    dropped: int = 0
    evaluated: int = 0
    pending: int = 0
    owned_slots: int = 0
    is_redis_available: bool = False
    is_postgres_available: bool = False
    is_connected: bool = False
    arbitrage_target: str = ""
    canaries: Sequence[pb.CanaryStats] = ()
    times: DeliveryTimes = field(default_factory=DeliveryTimes)
