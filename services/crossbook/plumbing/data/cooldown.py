"""Cooldowns in Redis, shared by every alerts replica (the one writer) and shown by arbitrage.

A cooldown belongs to (rule, asset, buy venue, sell venue) and is first a short lease, while its holder makes the alert
durable, then the full cooldown. `crossbook:cooldown:{asset|buy|sell}:rule` holds "lease:<token>" or "fired:<cause>";
`crossbook:cooldown:{asset|buy|sell}` lists the pair's rules by the end of their cooldown, for readers. The braces keep
what one script touches on one node of a cluster. Ends are reckoned by the server's clock.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crossbook.plumbing.data.redis import Redis, translating_outages

PREFIX = "crossbook:cooldown:"

# Both give what holds the key, or nothing when the caller has it now.
CLAIM = """
if redis.call('SET', KEYS[1], 'lease:' .. ARGV[1], 'NX', 'PX', ARGV[2]) then return false end
return {redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])}
"""
# The holder, or anyone when the lease has lapsed: the alert is durable, so the cooldown must run.
EXTEND = """
local held = redis.call('GET', KEYS[1])
if held and held ~= 'lease:' .. ARGV[1] then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('SET', KEYS[1], 'fired:' .. ARGV[2], 'PX', ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[4])
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[2], ARGV[3]) end
return 1
"""
RELEASE = """
if redis.call('GET', KEYS[1]) == 'lease:' .. ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""
CHECK = "redis.call('SET', KEYS[1], '', 'PX', ARGV[1])"
CHECK_MS = 1_000

Pair = tuple[str, str, str]
"""Asset, buy venue, sell venue."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A lease: whoever holds it may fire this rule for this pair."""

    rule: str
    pair: Pair
    token: str


@dataclass(frozen=True, slots=True)
class Held:
    """Why there is no claim: a cooldown that `cause` began, or, with no cause, another replica's lease."""

    remaining_ms: int
    cause: str | None


@dataclass(frozen=True, slots=True)
class Cooldown:
    """A running cooldown: that of the pair's rule that ends last."""

    rule: str
    remaining_ms: int


class CooldownStore:
    """Every method raises UnavailableError while Redis is down."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def claim(self, rule: str, asset: str, buy_venue: str, sell_venue: str, lease_seconds: float) -> Claim | Held:
        """Takes the lease, or says what holds it."""
        claim = Claim(rule, (asset, buy_venue, sell_venue), secrets.token_hex(16))
        held = await self._run(CLAIM, [_claim_key(claim)], [claim.token, _ms(lease_seconds)])
        if not held:
            return claim
        kind, _, detail = held[0].partition(":")
        return Held(remaining_ms=max(0, held[1]), cause=detail if kind == "fired" else None)

    async def extend(self, claim: Claim, cooldown_seconds: float, cause: str) -> bool:
        """Turns the lease into the cooldown; False when another has it, who then answers for the cooldown."""
        keys = [_claim_key(claim), _pair_key(claim.pair)]
        return bool(await self._run(EXTEND, keys, [claim.token, cause, _ms(cooldown_seconds), claim.rule]))

    async def release(self, claim: Claim) -> None:
        """Gives the lease back, so that another may fire at once."""
        await self._run(RELEASE, [_claim_key(claim)], [claim.token])

    async def forget(self, rule: str, asset: str, buy_venue: str, sell_venue: str) -> None:
        """Ends whatever holds the rule back for the pair."""
        claim = Claim(rule, (asset, buy_venue, sell_venue), "")
        with translating_outages():
            async with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.delete(_claim_key(claim))
                pipeline.zrem(_pair_key(claim.pair), rule)
                await pipeline.execute()

    async def state(self, asset: str, buy_venue: str, sell_venue: str) -> Cooldown | None:
        """The pair's cooldown that ends last; None when none runs."""
        return (await self.states([(asset, buy_venue, sell_venue)]))[0]

    async def states(self, pairs: Sequence[Pair]) -> list[Cooldown | None]:
        """The same for many pairs, in their order, in one round trip."""
        if not pairs:
            return []
        with translating_outages():
            async with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.time()
                for pair in pairs:
                    pipeline.zrevrange(_pair_key(pair), 0, 0, withscores=True)
                (seconds, micros), *rows = await pipeline.execute()
        now_ms = int(seconds) * 1000 + int(micros) // 1000
        return [_cooldown(row, now_ms) for row in rows]

    async def check(self) -> None:
        """Raises UnavailableError unless the server takes a script that writes here, as a claim does."""
        await self._run(CHECK, [f"{PREFIX}check"], [CHECK_MS])

    async def _run(self, script: str, keys: list[str], arguments: list[str | int]) -> Any:
        with translating_outages():
            return await self._redis.eval(script, len(keys), *keys, *arguments)


def _cooldown(row: list[tuple[str, float]], now_ms: int) -> Cooldown | None:
    if not row or row[0][1] <= now_ms:
        return None
    return Cooldown(rule=row[0][0], remaining_ms=int(row[0][1]) - now_ms)


def _pair_key(pair: Pair) -> str:
    return f"{PREFIX}{{{'|'.join(pair)}}}"


def _claim_key(claim: Claim) -> str:
    return f"{_pair_key(claim.pair)}:{claim.rule}"


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))
