"""Why an opportunity or a group was told by a rule, or was not: from what is kept; for what is new, from memory."""

from collections.abc import Sequence

from crossbook.alerts.conditions.canaries import cause_of, due_ns
from crossbook.alerts.evaluation.evaluate import covers, shortfall
from crossbook.alerts.evaluation.owned_slots import OwnedSlots
from crossbook.alerts.names import GROUPS
from crossbook.alerts.records import AlertQuery
from crossbook.alerts.store.stores import Stores
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.errors import NotFoundError
from crossbook.plumbing.timestamps import from_timestamp, to_timestamp

WORDS = {
    pb.SUPPRESSION_REASON_THRESHOLD: "below the rule's threshold",
    pb.SUPPRESSION_REASON_COOLDOWN: "held back by a cooldown",
    pb.SUPPRESSION_REASON_SILENCE: "held back by a silence",
    pb.SUPPRESSION_REASON_MUTE_TIME: "held back by a mute time",
    pb.SUPPRESSION_REASON_INHIBITION: "held back because it cannot be trusted",
    pb.SUPPRESSION_REASON_GROUPING: "told as part of its group",
    pb.SUPPRESSION_REASON_ACKNOWLEDGED: "not repeated, because somebody is at it",
    pb.SUPPRESSION_REASON_BUDGET: "waiting for the destination's budget",
    pb.SUPPRESSION_REASON_FAILED_DELIVERY: "given up by delivery",
}


class Explaining:
    """Answers of one replica."""

    def __init__(self, stores: Stores, slots: OwnedSlots, clock: Clock) -> None:
        self._stores = stores
        self._slots = slots
        self._clock = clock

    async def of_group(self, group_id: str) -> pb.ExplainAlertResponse:
        """Raises NotFoundError."""
        group = await self._stores.groups.get(group_id)
        found = await self._stores.suppressions.about(None, "", group_id)
        is_told = any(one.state == pb.DELIVERY_STATE_DELIVERED for one in group.deliveries)
        return pb.ExplainAlertResponse(
            is_told=is_told, explanation=_of_group(group, found, is_told=is_told), group=group, suppressions=found
        )

    async def of_opportunity(self, cause: str, rule: pb.AlertRule) -> pb.ExplainAlertResponse:
        """Raises NotFoundError for what neither the tables nor the newest events know."""
        alert = await self._alert(rule.name, cause)
        if alert is None:
            return await self._unfired(cause, rule)
        group_id = alert.group.removeprefix(GROUPS)
        found = await self._stores.suppressions.about(rule.name, cause, group_id)
        is_told = any(one.state == pb.DELIVERY_STATE_DELIVERED for one in alert.deliveries)
        answer = pb.ExplainAlertResponse(is_told=is_told, alert=alert, suppressions=found)
        if group_id:
            answer.group.CopyFrom(await self._stores.groups.get(group_id))
            answer.explanation = _of_group(answer.group, found, is_told=is_told)
        else:
            answer.explanation = _of_deliveries(alert.deliveries, found, is_told=is_told)
        return answer

    async def of_canary(self, rule: pb.AlertRule) -> pb.ExplainAlertResponse:
        """The one that was due last: told, held back by whom, or not made yet."""
        at_ns = due_ns(rule, self._clock.now_ns())
        due = to_timestamp(at_ns).ToJsonString()
        if await self._alert(rule.name, cause_of(at_ns)) is not None:
            answer = await self.of_opportunity(cause_of(at_ns), rule)
        elif found := await self._stores.suppressions.about(rule.name, cause_of(at_ns), ""):
            answer = pb.ExplainAlertResponse(explanation=_words(found[0]), suppressions=found)
        else:
            words = "is about to be made" if rule.is_enabled else f"is not made: {rule.name} is not enabled"
            answer = pb.ExplainAlertResponse(explanation=words)
        answer.explanation = f"the canary due at {due}: {answer.explanation}"
        return answer

    async def _alert(self, rule: str, cause: str) -> pb.Alert | None:
        found = await self._stores.alerts.list(AlertQuery(rule=rule, cause=cause), 1)
        return found[0] if found else None

    async def _unfired(self, cause: str, rule: pb.AlertRule) -> pb.ExplainAlertResponse:
        found = await self._stores.suppressions.about(rule.name, cause, "")
        if found:
            return pb.ExplainAlertResponse(explanation=_words(found[0]), suppressions=found)
        opportunity = self._slots.latest(cause) or self._slots.kept(cause)
        if opportunity is None:
            raise NotFoundError(f"opportunity {cause}, as far as {rule.name} is concerned,")
        return self._shortfall(rule, opportunity)

    def _shortfall(self, rule: pb.AlertRule, found: arbitrage_pb2.Opportunity) -> pb.ExplainAlertResponse:
        """Of one that no table knows yet."""
        if not rule.is_enabled:
            return pb.ExplainAlertResponse(explanation=f"{rule.name} is not enabled")
        if not covers(rule, found):
            return pb.ExplainAlertResponse(explanation=f"{rule.name} is not about {found.asset} on these venues")
        words = shortfall(rule, found, max(0, self._clock.now_ns() - from_timestamp(found.open_time)))
        if not words:
            return pb.ExplainAlertResponse(explanation="it reaches the rule and is being decided")
        note = pb.Suppression(
            reason=pb.SUPPRESSION_REASON_THRESHOLD, rule=rule.name, cause=found.id, asset=found.asset, detail=words
        )
        return pb.ExplainAlertResponse(explanation=_words(note), suppressions=[note])


def _of_group(group: pb.AlertGroup, found: Sequence[pb.Suppression], *, is_told: bool) -> str:
    if is_told:
        return f"told as {group.name} ({group.label}), whose last message is revision {group.revision}"
    if group.revision:
        return _of_deliveries(group.deliveries, found, is_told=False)
    if group.held_back:
        return f"not told yet: {group.held_back}"
    held = [one for one in found if one.reason != pb.SUPPRESSION_REASON_GROUPING]
    return f"never told: {_words(held[0])}" if held else f"{group.name} ({group.label}) is about to be told"


def _of_deliveries(deliveries: object, found: Sequence[pb.Suppression], *, is_told: bool) -> str:
    states = [f"{one.channel_id}: {_state(one)}" for one in deliveries]  # type: ignore[attr-defined]
    said = "told" if is_told else _words(found[0]) if found else "fired, and not taken by any channel yet"
    return "; ".join([said, *states])


def _state(delivery: pb.Delivery) -> str:
    name = pb.DeliveryState.Name(delivery.state).removeprefix("DELIVERY_STATE_").lower()
    return f"{name} ({delivery.last_error})" if delivery.last_error else name


def _words(found: pb.Suppression) -> str:
    return f"{WORDS.get(found.reason, 'held back')}: {found.detail}"
