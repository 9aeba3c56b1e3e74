"""How far each slot is handled."""

from collections.abc import Mapping

import structlog

from crossbook.alerts.match import Position
from crossbook.alerts.store.tables import Tables, WriteFailures
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.data.postgres import Pool
from crossbook.plumbing.timestamps import SECOND_NS

SKEW_NS = 2 * SECOND_NS  # between the clocks of two machines

log = structlog.get_logger()

POSITIONS = "opportunities/"

SAVE_POSITIONS = """
INSERT INTO alert_positions (name, value)
SELECT name, value FROM unnest(%s::text[], %s::text[]) AS saved (name, value) ORDER BY name
ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""


class PositionStore(Tables):
    """One position a slot."""

    def __init__(self, pool: Pool, failures: WriteFailures, clock: Clock) -> None:
        super().__init__(pool, failures)
        self._clock = clock

    async def load(self) -> dict[int, Position]:
        """By slot; those that were never saved are missing.

        What is of a time to come was saved before a clock was set back: the newest stands for now, the others for as
        much before it as they were.
        """
        rows = await self._rows("SELECT name, value FROM alert_positions WHERE name LIKE %s", (f"{POSITIONS}%",))
        saved = {int(name.removeprefix(POSITIONS)): Position.decoded(value) for name, value in rows}
        return _not_ahead(saved, self._clock.now_ns())

    async def save(self, positions: Mapping[int, Position]) -> None:
        """Overwrites. In order, so that two replicas never wait for each other."""
        rows = sorted((f"{POSITIONS}{slot}", position.encoded()) for slot, position in positions.items())
        await self._execute(SAVE_POSITIONS, ([name for name, _ in rows], [value for _, value in rows]))


def _not_ahead(saved: Mapping[int, Position], now: int) -> dict[int, Position]:
    """They keep their order: whoever resumes begins at the one that is furthest behind."""
    ahead_ns = max((position.event_ns for position in saved.values()), default=now) - now
    if ahead_ns <= SKEW_NS:
        return dict(saved)
    log.warning("positions_ahead", seconds=ahead_ns // SECOND_NS)
    return {
        slot: position._replace(event_ns=position.event_ns - ahead_ns)
        if position.event_ns > now + SKEW_NS
        else position
        for slot, position in saved.items()
    }
