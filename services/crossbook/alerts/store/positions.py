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

        One of a time to come was saved before a clock was set back: it stands for now.
        """
        rows = await self._rows("SELECT name, value FROM alert_positions WHERE name LIKE %s", (f"{POSITIONS}%",))
        saved = {int(name.removeprefix(POSITIONS)): Position.decoded(value) for name, value in rows}
        return {slot: _not_ahead(position, self._clock.now_ns()) for slot, position in saved.items()}

    async def save(self, positions: Mapping[int, Position]) -> None:
        """Overwrites. In order, so that two replicas never wait for each other."""
        rows = sorted((f"{POSITIONS}{slot}", position.encoded()) for slot, position in positions.items())
        await self._execute(SAVE_POSITIONS, ([name for name, _ in rows], [value for _, value in rows]))


def _not_ahead(position: Position, now: int) -> Position:
    if position.event_ns <= now + SKEW_NS:
        return position
    log.warning("position_ahead", seconds=(position.event_ns - now) // SECOND_NS)
    return position._replace(event_ns=now)
