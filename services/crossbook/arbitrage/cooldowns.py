"""The cooldowns of pairs as arbitrage shows them; an answer never fails because they cannot be read."""

import asyncio
from collections.abc import Sequence

import structlog

from crossbook._core import SpreadView
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.data.cooldown import Cooldown, CooldownStore
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.timestamps import to_duration

READ_TIMEOUT_SECONDS = 1.0

log = structlog.get_logger()


class CooldownReader:
    """Reads the shared state; without a store, or while it is away, states are not known."""

    def __init__(self, store: CooldownStore | None) -> None:
        self._store = store
        self._is_readable = True

    async def states(self, spreads: Sequence[SpreadView]) -> list[pb.CooldownState]:
        """One state per spread, in their order."""
        if self._store is None:
            return [pb.CooldownState(is_known=False) for _ in spreads]
        pairs = [(spread.asset, spread.buy.venue, spread.sell.venue) for spread in spreads]
        try:
            async with asyncio.timeout(READ_TIMEOUT_SECONDS):
                cooldowns = await self._store.states(pairs)
        except (UnavailableError, TimeoutError) as error:
            self._note(False, str(error) or "Redis does not answer")
            return [pb.CooldownState(is_known=False) for _ in spreads]
        self._note(True, "")
        return [_state(cooldown) for cooldown in cooldowns]

    def _note(self, is_readable: bool, reason: str) -> None:
        """Logs changes only: every answer reads."""
        if is_readable != self._is_readable:
            self._is_readable = is_readable
            if is_readable:
                log.info("cooldowns_readable")
            else:
                log.warning("cooldowns_unreadable", reason=reason)


def _state(cooldown: Cooldown | None) -> pb.CooldownState:
    if cooldown is None:
        return pb.CooldownState(is_known=True)
    remaining = to_duration(cooldown.remaining_ms * 1_000_000)
    return pb.CooldownState(is_active=True, rule=cooldown.rule, remaining=remaining, is_known=True)
