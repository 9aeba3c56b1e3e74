"""All stores of one process, on one pool."""

from dataclasses import dataclass

from crossbook.alerts.records import Tries
from crossbook.alerts.store.alerts import AlertStore
from crossbook.alerts.store.dead_letters import DeadLetterStore
from crossbook.alerts.store.deliveries import DeliveryStore
from crossbook.alerts.store.notices import Notices
from crossbook.alerts.store.positions import PositionStore
from crossbook.alerts.store.rules import RuleStore
from crossbook.alerts.store.tables import WriteFailures
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.data.postgres import Pool


@dataclass(frozen=True, slots=True)
class Stores:
    """And how their last writes ended."""

    rules: RuleStore
    alerts: AlertStore
    deliveries: DeliveryStore
    dead_letters: DeadLetterStore
    positions: PositionStore
    notices: Notices
    failures: WriteFailures


def stores_on(pool: Pool, dsn: str, tries: Tries, clock: Clock) -> Stores:
    """The caller closes the pool."""
    failures = WriteFailures(clock)
    return Stores(
        RuleStore(pool, failures),
        AlertStore(pool, failures, tries),
        DeliveryStore(pool, failures),
        DeadLetterStore(pool, failures, tries),
        PositionStore(pool, failures, clock),
        Notices(dsn),
        failures,
    )
