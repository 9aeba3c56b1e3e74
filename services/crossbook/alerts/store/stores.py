"""All stores of one process, on one pool."""

from dataclasses import dataclass

from crossbook.alerts.holding.hold_back import HoldBack
from crossbook.alerts.records import Tries
from crossbook.alerts.store.alerts import AlertStore
from crossbook.alerts.store.dead_letters import DeadLetterStore
from crossbook.alerts.store.deliveries import DeliveryStore
from crossbook.alerts.store.groups import GroupStore
from crossbook.alerts.store.notices import Notices
from crossbook.alerts.store.positions import PositionStore
from crossbook.alerts.store.rules import RuleStore
from crossbook.alerts.store.silences import SilenceStore
from crossbook.alerts.store.suppressions import SuppressionStore
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
    groups: GroupStore
    silences: SilenceStore
    suppressions: SuppressionStore
    failures: WriteFailures


def stores_on(pool: Pool, dsn: str, tries: Tries, clock: Clock, hold_back: HoldBack | None = None) -> Stores:
    """The caller closes the pool."""
    failures = WriteFailures(clock)
    alerts = AlertStore(pool, failures, tries, hold_back)
    return Stores(
        RuleStore(pool, failures),
        alerts,
        DeliveryStore(pool, failures),
        DeadLetterStore(pool, failures, tries),
        PositionStore(pool, failures, clock),
        Notices(dsn),
        GroupStore(pool, failures, alerts.deliver),
        SilenceStore(pool, failures),
        SuppressionStore(pool, failures),
        failures,
    )
