"""The RPC face of AlertService: checks, asks, translates."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, TypeAlias

import grpc

from crossbook.alerts import requests
from crossbook.alerts.acknowledging import Acknowledging
from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.outcome import Delivered
from crossbook.alerts.channels.registry import check_channel, restore_channel, send
from crossbook.alerts.channels.sample import RULE, sample_message
from crossbook.alerts.counters import Counters
from crossbook.alerts.evaluation.owned_slots import SLOTS
from crossbook.alerts.evaluation.schedule import Schedule
from crossbook.alerts.explaining import Explaining
from crossbook.alerts.groups.grouping import lacks_grouping
from crossbook.alerts.groups.summary import no_news, summed_up
from crossbook.alerts.holding.silencing import check_silence
from crossbook.alerts.names import GROUPS, group_id, rule_id, silence_id
from crossbook.alerts.rule_changes import RuleChanges
from crossbook.alerts.store.stores import Stores
from crossbook.alerts.tail import Tail
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import alerts_pb2_grpc
from crossbook.plumbing.errors import FieldViolation, InvalidRequestError, UnavailableError
from crossbook.plumbing.paging import encode_token, query_fingerprint
from crossbook.plumbing.question import Question
from crossbook.plumbing.requests import refuse
from crossbook.plumbing.timestamps import now_ns

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"

SERVICE_NAME = pb.DESCRIPTOR.services_by_name["AlertService"].full_name
WATCH_LIMIT = 1000
STATS_SECONDS = 1.0


class AlertService(alerts_pb2_grpc.AlertServiceServicer):
    """Answers from the store; changes go through it too, and reach every replica by its notices."""

    def __init__(
        self,
        stores: Stores,
        rules: RuleChanges,
        schedule: Schedule,
        http: HttpSender,
        tail: Tail,
        acknowledging: Acknowledging,
        explaining: Explaining,
        counters: Counters,
    ) -> None:
        self._stores = stores
        self._rules = rules
        self._schedule = schedule
        self._http = http
        self._tail = tail
        self._acknowledging = acknowledging
        self._explaining = explaining
        self._counters = counters
        self._pending = Question(self._count_pending, STATS_SECONDS)

    async def CreateAlertRule(self, request: pb.CreateAlertRuleRequest, context: Context) -> pb.CreateAlertRuleResponse:
        identifier = requests.new_rule_id(request.alert_rule_id)
        return pb.CreateAlertRuleResponse(alert_rule=await self._rules.create(identifier, request.alert_rule))

    async def GetAlertRule(self, request: pb.GetAlertRuleRequest, context: Context) -> pb.GetAlertRuleResponse:
        return pb.GetAlertRuleResponse(alert_rule=await self._rules.get(rule_id(request.name, "name")))

    async def ListAlertRules(self, request: pb.ListAlertRulesRequest, context: Context) -> pb.ListAlertRulesResponse:
        limit, after = requests.rules_page(request)
        rules = await self._rules.page(after, limit + 1)
        token = ""
        if len(rules) > limit:
            token = encode_token(query_fingerprint(request), [rule_id(rules[limit - 1].name, "name")])
        return pb.ListAlertRulesResponse(alert_rules=rules[:limit], next_page_token=token)

    async def UpdateAlertRule(self, request: pb.UpdateAlertRuleRequest, context: Context) -> pb.UpdateAlertRuleResponse:
        identifier = rule_id(request.alert_rule.name, "alert_rule.name")
        mask = list(request.update_mask.paths) if request.HasField("update_mask") else None
        return pb.UpdateAlertRuleResponse(alert_rule=await self._rules.update(identifier, request.alert_rule, mask))

    async def DeleteAlertRule(self, request: pb.DeleteAlertRuleRequest, context: Context) -> pb.DeleteAlertRuleResponse:
        await self._rules.delete(rule_id(request.name, "name"))
        return pb.DeleteAlertRuleResponse()

    async def ListAlerts(self, request: pb.ListAlertsRequest, context: Context) -> pb.ListAlertsResponse:
        limit, query = requests.alerts_page(request)
        alerts = await self._stores.alerts.list(query, limit + 1)
        token = requests.alerts_token(request, alerts[limit - 1]) if len(alerts) > limit else ""
        return pb.ListAlertsResponse(alerts=alerts[:limit], next_page_token=token)

    async def WatchAlerts(
        self, request: pb.WatchAlertsRequest, context: Context
    ) -> AsyncIterator[pb.WatchAlertsResponse]:
        if request.rule:
            rule_id(request.rule, "rule")
        await self._tail.is_listening.wait()
        async with self._tail.alerts.subscribe(WATCH_LIMIT) as subscription:
            await context.send_initial_metadata(())  # tells the client that from here on nothing is missed
            async for alert in subscription:
                if request.rule in ("", alert.rule):
                    yield pb.WatchAlertsResponse(alert=alert, dropped_alerts=subscription.dropped)

    async def TestAlertChannel(
        self, request: pb.TestAlertChannelRequest, context: Context
    ) -> pb.TestAlertChannelResponse:
        channel, rule = request.channel, RULE
        if request.HasField("alert_rule"):
            rule = request.alert_rule
            if lacks_grouping(rule):
                rule.grouping.SetInParent()  # as for a rule that is created
        violations = list(restore_channel(channel, None, "channel"))
        violations = violations or await asyncio.to_thread(_problems, channel, rule, self._http)
        if violations:
            raise InvalidRequestError(violations)
        outcome = await send(channel, sample_message(rule), self._http)
        is_delivered = isinstance(outcome, Delivered)
        error = "" if isinstance(outcome, Delivered) else outcome.reason
        return pb.TestAlertChannelResponse(is_delivered=is_delivered, http_status=outcome.http_status, error=error)

    async def CheckAlerts(self, request: pb.CheckAlertsRequest, context: Context) -> pb.CheckAlertsResponse:
        rules = await self._stores.rules.list_rules()
        if request.rule:
            rules = [requests.scheduled_rule(await self._stores.rules.get_rule(rule_id(request.rule, "rule")))]
        found = await self._schedule.check(rules)
        return pb.CheckAlertsResponse(
            rules_evaluated=found.rules_evaluated, alerts=found.alerts, suppressed=found.suppressed
        )

    async def ListDeadLetters(self, request: pb.ListDeadLettersRequest, context: Context) -> pb.ListDeadLettersResponse:
        found = await self._stores.dead_letters.count(requests.dead_letters(request.filter))
        return pb.ListDeadLettersResponse(dead_letters=found)

    async def RedriveDeliveries(
        self, request: pb.RedriveDeliveriesRequest, context: Context
    ) -> pb.RedriveDeliveriesResponse:
        query = requests.dead_letters(request.filter, request.alert)
        if query.alert is not None:
            await self._stores.alerts.get(query.alert)
        return pb.RedriveDeliveriesResponse(redriven=await self._stores.dead_letters.redrive(query))

    async def ListAlertGroups(self, request: pb.ListAlertGroupsRequest, context: Context) -> pb.ListAlertGroupsResponse:
        limit, query = requests.groups_query(request)
        groups = await self._stores.groups.list(query)
        token = ""
        if len(groups) > limit:
            last = groups[limit - 1]
            token = requests.page_token(request, last.open_time, last.name.removeprefix(GROUPS))
        now = now_ns()
        shown = [summed_up(group, no_news, now) for group in groups[:limit]]
        return pb.ListAlertGroupsResponse(groups=shown, next_page_token=token)

    async def AcknowledgeAlertGroup(
        self, request: pb.AcknowledgeAlertGroupRequest, context: Context
    ) -> pb.AcknowledgeAlertGroupResponse:
        group = await self._acknowledging.acknowledge(request)
        return pb.AcknowledgeAlertGroupResponse(group=summed_up(group, no_news, now_ns()))

    async def CreateSilence(self, request: pb.CreateSilenceRequest, context: Context) -> pb.CreateSilenceResponse:
        refuse(check_silence(request.silence, now_ns()))
        return pb.CreateSilenceResponse(silence=await self._stores.silences.create(request.silence))

    async def ListSilences(self, request: pb.ListSilencesRequest, context: Context) -> pb.ListSilencesResponse:
        found = await self._stores.silences.list(has_expired=request.include_expired)
        return pb.ListSilencesResponse(silences=found)

    async def ExpireSilence(self, request: pb.ExpireSilenceRequest, context: Context) -> pb.ExpireSilenceResponse:
        identifier = silence_id(request.name, "name")
        return pb.ExpireSilenceResponse(silence=await self._stores.silences.expire(identifier))

    async def ExplainAlert(self, request: pb.ExplainAlertRequest, context: Context) -> pb.ExplainAlertResponse:
        if request.opportunity and request.group:
            raise InvalidRequestError.of("opportunity", "give either an opportunity or a group")
        if request.group:
            return await self._explaining.of_group(group_id(request.group, "group"))
        if not request.opportunity and not request.rule:
            raise InvalidRequestError.of("opportunity", "give an opportunity or a group")
        rule = await self._stores.rules.get_rule(rule_id(request.rule, "rule"))
        if not request.opportunity and rule.trigger == pb.ALERT_TRIGGER_CANARY:
            return await self._explaining.of_canary(rule)
        if not request.opportunity:
            raise InvalidRequestError.of("opportunity", "give an opportunity: only a canary's rule says enough alone")
        return await self._explaining.of_opportunity(request.opportunity, rule)

    async def ListSuppressions(
        self, request: pb.ListSuppressionsRequest, context: Context
    ) -> pb.ListSuppressionsResponse:
        limit, query = requests.suppressions_query(request)
        found = await self._stores.suppressions.list(query)
        token = ""
        if len(found) > limit:
            number, last = found[limit - 1]
            token = requests.page_token(request, last.last_time, number)
        return pb.ListSuppressionsResponse(suppressions=[one for _, one in found[:limit]], next_page_token=token)

    async def _count_pending(self) -> None:
        self._counters.pending = await self._stores.deliveries.count_pending()

    async def GetAlertStats(self, request: pb.GetAlertStatsRequest, context: Context) -> pb.GetAlertStatsResponse:
        with suppress(UnavailableError, TimeoutError):  # then the last figure stands
            await self._pending.ask()
        now = self._counters
        return pb.GetAlertStatsResponse(
            fired=now.fired,
            suppressed=now.suppressed,
            delivered=now.delivered,
            failed=now.failed,
            pending=now.pending,
            cooldown_available=now.is_redis_available,
            database_available=now.is_postgres_available,
            connected=now.is_connected,
            evaluated=now.evaluated,
            owned_slots=now.owned_slots,
            slots=SLOTS,
            arbitrage_target=now.arbitrage_target,
            canaries=now.canaries,
        )


def _problems(channel: pb.AlertChannel, rule: pb.AlertRule, http: HttpSender) -> list[FieldViolation]:
    return list(check_channel(channel, "channel", http.policy, rule))
