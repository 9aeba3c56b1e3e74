"""Fires a match at most once per cooldown, and exactly once whatever crashes, however many replicas look at it.

The order, and what a crash after each step leaves:
1. Claim the cooldown in Redis for a short lease. Crash: the lease lapses. The match still holds its slot's position, so
   whoever evaluates the slot next begins before it, waits for the lease and fires the match.
2. One Postgres transaction, alone for this rule and pair, first looks for an earlier alert of the same cause or within
   the cooldown, then writes the alert and one delivery per channel; or, of a rule that groups, the alert as a member of
   its group, which no cooldown holds back while that group is open. Crash before the commit: nothing is written, as
   in 1. Crash after it: the alert is in the outbox and any replica delivers it; whoever matches again finds it.
3. Extend the claim to the full cooldown. Crash before: the lease lapses, and step 2 of the next match holds it back.
4. Settle the hold, so that the position may move on. Crash before: the match comes again and ends as a duplicate.
Delivery (outbox.py) repeats with the alert's own id when it crashed between the receiver's answer and its record.
So Redis decides who fires without asking Postgres each time, and Postgres alone makes it once: if Redis forgets
everything, still no alert comes twice. While either is down a match waits here, and the stream behind it.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from crossbook.alerts.closings import Closings
from crossbook.alerts.counters import Counters
from crossbook.alerts.groups.grouping import is_grouped
from crossbook.alerts.holding.hold_back import HeldBack
from crossbook.alerts.match import Match
from crossbook.alerts.records import Earlier
from crossbook.alerts.rules import cooldown_ns
from crossbook.alerts.store.alerts import AlertStore, note_of
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.data.cooldown import Claim, CooldownStore, Held
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.newest import NewestKeys
from crossbook.plumbing.retry import backoff
from crossbook.plumbing.timestamps import SECOND_NS

WAITING_LIMIT = 2_000
WORKERS = 4
REMEMBERED = 20_000
RETRY_BASE_SECONDS = 0.1
RETRY_CAP_SECONDS = 2.0
BUSY_SECONDS = 0.05
SKEW_MS = 2_000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Fired:
    """The alert is written; its deliveries wait in the outbox."""

    alert: pb.Alert


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A cooldown of another cause holds it back, or a silence or the like, which has been noted."""

    words: str = ""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """This very match has fired already, here or elsewhere."""


@dataclass(frozen=True, slots=True)
class Busy:
    """Another holder of the lease is at it; its end decides."""


Verdict = Fired | Suppressed | Duplicate | Busy


class Firing:
    """Steps 1 to 3 for one match."""

    def __init__(
        self,
        store: AlertStore,
        cooldowns: CooldownStore,
        closings: Closings,
        counters: Counters,
        lease_seconds: float,
    ) -> None:
        self._store = store
        self._cooldowns = cooldowns
        self._closings = closings
        self._counters = counters
        self._lease_seconds = lease_seconds
        # What is forgotten here, Redis or Postgres answers for.
        self._done = NewestKeys[tuple[str, str]](REMEMBERED)
        self._held_back = NewestKeys[tuple[str, str]](REMEMBERED)

    async def fire(self, match: Match) -> Verdict:
        """Raises UnavailableError when Redis or Postgres is down: nothing is lost, the match can be fired again."""
        key = (match.rule.name, match.cause)
        if key in self._done:
            return Duplicate()
        verdict = await self._fire(match)
        if isinstance(verdict, Fired):
            self._counters.fired += 1
            log.info("alert_fired", alert=verdict.alert.name, rule=match.rule.name, cause=match.cause)
        if isinstance(verdict, Suppressed) and key not in self._held_back:
            if verdict.words:
                await self._store.note([note_of(match, pb.SUPPRESSION_REASON_COOLDOWN, verdict.words)])
            self._counters.suppressed += 1
            self._held_back.add(key)
        if isinstance(verdict, Fired | Duplicate):
            self._done.add(key)
        return verdict

    async def _fire(self, match: Match) -> Verdict:
        pair = (match.asset, match.buy_venue, match.sell_venue)
        claim = await self._cooldowns.claim(match.rule.name, *pair, self._lease_seconds)
        if isinstance(claim, Held) and claim.remaining_ms > _longest_ms(match, self._lease_seconds):
            # Redis' clock was set back since, or the rule's cooldown made shorter. Postgres knows whether one runs.
            log.warning("cooldown_set_back", rule=match.rule.name, remaining_ms=claim.remaining_ms)
            await self._cooldowns.forget(match.rule.name, *pair)
            return Busy()
        if not isinstance(claim, Claim):
            return await self._held(match, claim)
        try:
            result = await self._store.fire(match, self._closings.closed_ns(match.cause))
        except BaseException:
            await self._release(claim)
            raise
        if isinstance(result, HeldBack):
            await self._release(claim)
            return Suppressed()
        if isinstance(result, Earlier):
            await self._extend(claim, cooldown_ns(match.rule) / SECOND_NS - result.age_seconds, result.cause)
            return _held_back_by(result.cause, match, result.age_seconds)
        await self._extend(claim, cooldown_ns(match.rule) / SECOND_NS, match.cause)
        return Fired(result)

    async def _held(self, match: Match, held: Held) -> Verdict:
        """By another's lease or a cooldown; a match of a rule that groups may join a group all the same."""
        if held.cause is None:
            return Busy()
        if held.cause == match.cause or not is_grouped(match.rule):
            left = max(0.0, cooldown_ns(match.rule) / SECOND_NS - held.remaining_ms / 1000)
            return _held_back_by(held.cause, match, left)
        result = await self._store.fire(match, self._closings.closed_ns(match.cause))
        if isinstance(result, Earlier):
            return _held_back_by(result.cause, match, result.age_seconds)
        return Suppressed() if isinstance(result, HeldBack) else Fired(result)

    async def _extend(self, claim: Claim, seconds: float, cause: str) -> None:
        if seconds <= 0:
            await self._release(claim)
            return
        try:
            await self._cooldowns.extend(claim, seconds, cause)
        except UnavailableError as error:
            log.warning("cooldown_not_extended", rule=claim.rule, reason=str(error))

    async def _release(self, claim: Claim) -> None:
        """Only saves the lease's time: it lapses anyway."""
        try:
            await self._cooldowns.release(claim)
        except UnavailableError:
            log.debug("claim_not_released", rule=claim.rule)


class FiringLine:
    """Matches on their way. When full it keeps the stream waiting: arbitrage holds what comes meanwhile."""

    def __init__(self, firing: Firing) -> None:
        self._firing = firing
        self._waiting: asyncio.Queue[Match] = asyncio.Queue(WAITING_LIMIT)
        self._broken: dict[tuple[str, str], tuple[str, int]] = {}  # of those in the line: why, and how often

    @property
    def problem(self) -> str:
        """What keeps a match from being decided that no outage explains: it stays, and is tried again."""
        return next((reason for reason, _ in self._broken.values()), "")

    async def put(self, matches: Iterable[Match]) -> None:
        """Waits while the line is full."""
        for match in matches:
            await self._waiting.put(match)

    async def run(self) -> None:
        """Fires until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(WORKERS):
                tasks.create_task(self._work())

    async def _work(self) -> None:
        while True:
            match = await self._waiting.get()
            if await self._fire(match):
                self._broken.pop((match.rule.name, match.cause), None)
                if match.hold:
                    match.hold.settle()

    async def _fire(self, match: Match) -> bool:
        """Until it is decided or another replica's, however long an outage takes.

        False when something unforeseen keeps it from that: then it is at the end of the line again.
        """
        attempt = 0
        while not _is_lost(match):
            try:
                _check_lease(match)
                verdict = await self._firing.fire(match)
                if not isinstance(verdict, Busy):
                    return True
                await asyncio.sleep(BUSY_SECONDS)
            except UnavailableError as error:
                if attempt == 0:
                    log.warning("match_waits", rule=match.rule.name, cause=match.cause, reason=str(error))
                await asyncio.sleep(backoff(attempt, RETRY_BASE_SECONDS, RETRY_CAP_SECONDS))
                attempt += 1
            except Exception as error:
                await self._wait_for_repair(match, error)
                if not self._waiting.full():
                    self._waiting.put_nowait(match)
                    return False
        return True

    async def _wait_for_repair(self, match: Match, error: Exception) -> None:
        key = (match.rule.name, match.cause)
        _, attempt = self._broken.get(key, ("", 0))
        self._broken[key] = (f"{type(error).__name__} at a match of {match.rule.name}", attempt + 1)
        if attempt == 0:
            log.error("match_waits", rule=match.rule.name, cause=match.cause, exc_info=error)
        await asyncio.sleep(backoff(attempt, RETRY_BASE_SECONDS, RETRY_CAP_SECONDS))


def _longest_ms(match: Match, lease_seconds: float) -> float:
    """No lease and no cooldown of the rule as it is now has longer to run."""
    return max(cooldown_ns(match.rule) / 1e6, 1000 * lease_seconds) + SKEW_MS


def _is_lost(match: Match) -> bool:
    return match.hold is not None and match.hold.tenure.is_over


def _check_lease(match: Match) -> None:
    if match.hold is not None and not match.hold.tenure.is_current:
        raise UnavailableError("the lease of its slot is not known to be held")


def _held_back_by(cause: str, match: Match, age_seconds: float) -> Suppressed | Duplicate:
    if cause == match.cause:
        return Duplicate()
    return Suppressed(
        f"{cause} fired {age_seconds:.1f} s before, within the cooldown of {cooldown_ns(match.rule) / SECOND_NS:g} s"
    )
