"""Tells of groups what is due: one group after the other, by whichever replica comes first.

What is to be said is decided by steps.py from what stands in Postgres, by what holds it back, and by the rule as it is
now; it is written with its deliveries in the transaction that has read it (store/groups.py). A rule that is gone
closes its groups without a word.
"""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import structlog

from crossbook.alerts.counters import Counters
from crossbook.alerts.groups.grouping import Timing, timing_of
from crossbook.alerts.groups.steps import Step, next_step
from crossbook.alerts.groups.summary import Latest, summed_up
from crossbook.alerts.holding.hold_back import HeldBack, HoldBack
from crossbook.alerts.names import GROUPS
from crossbook.alerts.rulebook import Rulebook
from crossbook.alerts.store.groups import GroupStore, Outcome, Round
from crossbook.alerts.store.suppressions import Note
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.tasks import set_within
from crossbook.plumbing.timestamps import from_duration, from_timestamp

POLL_SECONDS = 0.25

log = structlog.get_logger()


class GroupRounds:
    """`latest` gives an open opportunity as last told, as far as this replica knows it."""

    def __init__(
        self, store: GroupStore, rulebook: Rulebook, hold_back: HoldBack, latest: Latest, counters: Counters
    ) -> None:
        self._store = store
        self._rulebook = rulebook
        self._hold_back = hold_back
        self._latest = latest
        self._counters = counters
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """A group may be due."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled; what Postgres does not take now is due still."""
        await self._rulebook.is_read.wait()
        while True:
            self._wake.clear()
            with suppress(UnavailableError):  # the health watch says so
                while await self._store.step(self.judge):
                    pass
            await set_within(self._wake, POLL_SECONDS)

    def judge(self, known: Round) -> Outcome:
        """What is done of a group."""
        rule = next((one for one in self._rulebook.rules() if one.name == known.rule), None)
        group = summed_up(known.group, self._latest, known.now_ns)
        if rule is None:
            return Outcome(Step(is_closed=True), group)
        held = self._held(rule, group, known)
        timing = timing_of(rule)
        step = next_step(
            known.facts,
            timing,
            [from_duration(one.after) for one in rule.escalations],
            is_held_back=held is not None,
            now_ns=known.now_ns,
        )
        notes = list(_notes(group, held if step.is_held_back else None, step))
        if step.kind is not None and (told := _told_already(known, group, timing)):
            closes_ns = known.facts.last_closed_ns + timing.close_wait_ns
            step = replace(step, kind=None, due_ns=None if step.is_closed else closes_ns)
            notes.append(_note(group, pb.SUPPRESSION_REASON_GROUPING, f"came late: {told} has told of it to its end"))
        if step.kind is not None:
            self._counters.told += 1
            kind = pb.AlertMessageKind.Name(step.kind)
            log.info("group_told", group=group.name, rule=rule.name, label=group.label, kind=kind)
        if step.is_held_back and held is not None and group.held_back != held.words:
            log.info("group_held_back", group=group.name, rule=rule.name, label=group.label, reason=held.words)
            group.held_back = held.words
        return Outcome(step, group, list(channels_of(rule, step, known.facts.escalated)), notes)

    def _held(self, rule: pb.AlertRule, group: pb.AlertGroup, known: Round) -> HeldBack | None:
        open_members = [member for member in group.members if not member.HasField("close_time")]
        return self._hold_back(rule, open_members or list(group.members), known.silences, known.now_ns)


def channels_of(rule: pb.AlertRule, step: Step, escalated: int) -> Iterator[pb.AlertChannel]:
    """Who is told: of an escalation those that it names, else all that are in none, or in one that was made."""
    if step.escalation is not None:
        wanted = set(rule.escalations[step.escalation].channel_ids)
        yield from (channel for channel in rule.channels if channel.id in wanted)
        return
    later = {name for one in rule.escalations[escalated:] for name in one.channel_ids}
    yield from (channel for channel in rule.channels if channel.id not in later)


def _told_already(known: Round, group: pb.AlertGroup, timing: Timing) -> str:
    """The group that was told of the same, to its end; empty when none was.

    Members that a replica had in hand when it died come late: when what they are about is over, and told.
    """
    before = known.before
    if before is None or known.facts.first_told_ns is not None:
        return ""
    opened_ns, closed_ns = from_timestamp(group.open_time), from_timestamp(group.close_time)
    is_within = opened_ns <= before.closed_ns + timing.close_wait_ns
    return before.name if is_within and before.opened_ns <= closed_ns + timing.close_wait_ns else ""


def _notes(group: pb.AlertGroup, held: HeldBack | None, step: Step) -> Iterator[Note]:
    if held is not None:
        yield _note(group, held.reason, held.words, by=held.by)
    if step.is_put_off:
        seen = group.acknowledgement
        words = f"acknowledged by {seen.author} until {seen.expire_time.ToJsonString()}"
        yield _note(group, pb.SUPPRESSION_REASON_ACKNOWLEDGED, words)


def _note(group: pb.AlertGroup, reason: pb.SuppressionReason.ValueType, words: str, by: str = "") -> Note:
    return Note(
        reason,
        group.rule,
        group_id=group.name.removeprefix(GROUPS),
        by=by,
        asset=group.asset,
        venues=[group.dislocated_venue] if group.dislocated_venue else [],
        detail=words,
    )
