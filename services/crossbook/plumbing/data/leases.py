"""Shares out a fixed number of slots among the replicas of one service, by leases in Redis: one replica a slot.

`crossbook:lease:{group}:members` holds the living replicas by the end of their heartbeat, and
`crossbook:lease:{group}:slot:N` the replica that has slot N; both end by themselves, by the server's clock. Every
replica reckons from the members which slots are to be its own (rendezvous hashing: who comes or goes moves only its
own share), keeps those leases alive and gives back the others. A replica that is killed loses its slots LEASE_SECONDS
after its last turn, one that leaves at once; the others take them over at their next turn.

A tenure is current for LEASE_SECONDS after the turn that last confirmed it was begun, by the process's own monotonic
clock: a process that was stopped meanwhile knows so before it acts. What it does in the very moment of its stop must
be safe by other means. Redis away: nobody's tenure is current, and none is over until another replica is seen to
have the slot.
"""

import secrets
import socket
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from crossbook.plumbing.data.redis import Redis, translating_outages

PREFIX = "crossbook:lease:"
LEASE_SECONDS = 5.0

# Whether the member is new, and who is alive. No heartbeat lasts for two leases: one that seems to was told before the
# server's clock was set back.
BEAT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZREMRANGEBYSCORE', KEYS[1], now + 2 * ARGV[2], '+inf')
local is_new = redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {is_new, redis.call('ZRANGE', KEYS[1], 0, -1)}
"""
# For each slot whether the member has it now: it was free, or the member's own, or its lease had longer to run than any
# does.
HOLD = """
local has = {}
for index, key in ipairs(KEYS) do
    if redis.call('SET', key, ARGV[1], 'NX', 'PX', ARGV[2]) then
        has[index] = 1
    elseif redis.call('GET', key) == ARGV[1] then
        has[index] = redis.call('PEXPIRE', key, ARGV[2])
    elseif redis.call('PTTL', key) > 2 * ARGV[2] then
        redis.call('SET', key, ARGV[1], 'PX', ARGV[2])
        has[index] = 1
    else
        has[index] = 0
    end
end
return has
"""
RELEASE = """
for _, key in ipairs(KEYS) do
    if redis.call('GET', key) == ARGV[1] then redis.call('DEL', key) end
end
"""


@dataclass(eq=False, slots=True)
class Tenure:
    """One replica's time with a slot, from its gain to its loss."""

    slot: int
    renewed_at: float
    clock: Callable[[], float] = time.monotonic
    is_over: bool = False

    @property
    def is_current(self) -> bool:
        """Whether the slot is certainly ours now."""
        return not self.is_over and self.clock() - self.renewed_at < LEASE_SECONDS


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn changed, and what is to be given back: `unwanted` tenures go on until they are released."""

    gained: list[Tenure] = field(default_factory=list)
    lost: list[Tenure] = field(default_factory=list)
    unwanted: list[Tenure] = field(default_factory=list)


class SlotLeases:
    """One replica's part of the slots. Every method that asks Redis raises UnavailableError while it is down."""

    def __init__(
        self, redis: Redis, group: str, slots: int, member: str | None = None, clock: Callable[[], float] | None = None
    ) -> None:
        self.member = member or f"{socket.gethostname()}-{secrets.token_hex(6)}"
        self.slots = slots
        self.tenures: dict[int, Tenure] = {}
        self._base = f"{PREFIX}{{{group}}}:"
        self._clock = clock or time.monotonic
        self._beat, self._hold, self._release = (redis.register_script(script) for script in (BEAT, HOLD, RELEASE))
        self._remove = redis.zrem

    async def take_turn(self) -> Turn:
        """Beats, and holds what is wanted. To be called several times within LEASE_SECONDS."""
        is_new, members = await self._run(self._beat, [self._members_key], self.member, _LEASE_MS)
        if is_new and self.tenures:  # nobody has beaten for a while: the others come back in a moment, as we did
            wanted: Collection[int] = set(self.tenures)
        else:
            wanted = wanted_slots(self.member, members, self.slots)
        asked_at = self._clock()
        had = await self._run(self._hold, self._keys(wanted), self.member, _LEASE_MS) if wanted else []
        return self._take(wanted, had, asked_at)

    def _take(self, wanted: Collection[int], had: Sequence[int], asked_at: float) -> Turn:
        turn = Turn(unwanted=[tenure for slot, tenure in self.tenures.items() if slot not in wanted])
        for slot, is_ours in zip(sorted(wanted), had, strict=True):
            tenure = self.tenures.get(slot)
            if not is_ours:
                if tenure is not None:
                    turn.lost.append(self._end(tenure))
            elif tenure is not None:
                tenure.renewed_at = asked_at
            else:
                self.tenures[slot] = Tenure(slot, asked_at, self._clock)
                turn.gained.append(self.tenures[slot])
        return turn

    def end(self, tenures: Iterable[Tenure]) -> None:
        """They are over for this replica, whatever Redis still says."""
        for tenure in tenures:
            self._end(tenure)

    async def release(self, slots: Collection[int]) -> None:
        """Gives back slots whose tenure is over, for another to have them at its next turn."""
        if slots:
            await self._run(self._release, self._keys(slots), self.member)

    async def leave(self) -> None:
        """No slot is this replica's from now on, until its next turn."""
        with translating_outages():
            await self._remove(self._members_key, self.member)

    def _end(self, tenure: Tenure) -> Tenure:
        tenure.is_over = True
        del self.tenures[tenure.slot]
        return tenure

    @property
    def _members_key(self) -> str:
        return f"{self._base}members"

    def _keys(self, slots: Iterable[int]) -> list[str]:
        return [f"{self._base}slot:{slot}" for slot in sorted(slots)]

    async def _run(self, script: Any, keys: list[str], *arguments: str | int) -> Any:
        with translating_outages():
            return await script(keys=keys, args=arguments)


_LEASE_MS = round(LEASE_SECONDS * 1000)


def wanted_slots(member: str, members: Iterable[str], slots: int) -> set[int]:
    """The slots for which the member is the best of all: rendezvous hashing (Thaler and Ravishankar, 1998)."""
    everyone = {*members, member}
    return {slot for slot in range(slots) if max(everyone, key=lambda one: (_score(one, slot), one)) == member}


def _score(member: str, slot: int) -> bytes:
    return blake2b(f"{member}|{slot}".encode(), digest_size=8).digest()
