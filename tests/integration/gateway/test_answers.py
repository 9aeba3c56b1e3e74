"""Answers of a gateway before stand-ins: shared by those who ask at once, told apart, and never old."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc

from crossbook.pb.v1 import alerts_pb2, arbitrage_pb2
from crossbook.pb.v1.alerts_pb2_grpc import AlertServiceServicer, add_AlertServiceServicer_to_server
from crossbook.pb.v1.arbitrage_pb2_grpc import ArbitrageServiceServicer, add_ArbitrageServiceServicer_to_server
from crossbook.plumbing.errors import ConflictError, NotFoundError
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server
from tests.support.gateway.running import Gateway, gateway

COSTS = arbitrage_pb2.SpreadCosts(gross_percent=0.5, entry_fees_percent=0.1, exit_fees_percent=0.1, net_percent=0.3)


class Arbitrage(ArbitrageServiceServicer):
    """Knows one opportunity."""

    def __init__(self) -> None:
        self.asked: list[arbitrage_pb2.ListOpportunitiesRequest] = []

    async def ListOpportunities(
        self, request: arbitrage_pb2.ListOpportunitiesRequest, context: object
    ) -> arbitrage_pb2.ListOpportunitiesResponse:
        self.asked.append(request)
        await asyncio.sleep(0.05)
        legs = [arbitrage_pb2.Leg(venue=venue, symbol="X/USDT:USDT", price=2.0) for venue in ("a", "b")]
        one = arbitrage_pb2.Opportunity(id="1", asset="X", buy=legs[0], sell=legs[1], costs=COSTS)
        return arbitrage_pb2.ListOpportunitiesResponse(opportunities=[one])


class Rules(AlertServiceServicer):
    """Keeps one rule."""

    def __init__(self) -> None:
        self.rule = alerts_pb2.AlertRule(name="alertRules/wide", display_name="first", etag="1")

    async def GetAlertRule(
        self, request: alerts_pb2.GetAlertRuleRequest, context: object
    ) -> alerts_pb2.GetAlertRuleResponse:
        if request.name != self.rule.name:
            raise NotFoundError(request.name)
        return alerts_pb2.GetAlertRuleResponse(alert_rule=self.rule)

    async def UpdateAlertRule(
        self, request: alerts_pb2.UpdateAlertRuleRequest, context: object
    ) -> alerts_pb2.UpdateAlertRuleResponse:
        if request.alert_rule.etag not in ("", self.rule.etag):
            raise ConflictError("the etag is not the current one")
        self.rule.display_name = request.alert_rule.display_name
        self.rule.etag = str(int(self.rule.etag) + 1)
        return alerts_pb2.UpdateAlertRuleResponse(alert_rule=self.rule)


@asynccontextmanager
async def standing() -> AsyncIterator[tuple[Gateway, Arbitrage, Rules]]:
    """Strangers may do everything that a viewer may; rules are changed by nobody here."""
    arbitrage, rules = Arbitrage(), Rules()

    def register(server: grpc.aio.Server) -> None:
        add_ArbitrageServiceServicer_to_server(arbitrage, server)
        add_AlertServiceServicer_to_server(rules, server)

    async with grpc_server("127.0.0.1", 0, register, ServiceHealth()) as server:
        target = [f"127.0.0.1:{server.port}"]
        async with gateway(arbitrage_targets=target, alerts_targets=target, requests_burst=5_000) as running:
            yield running, arbitrage, rules


async def test_equal_questions_at_once_are_one_and_a_known_answer_is_not_sent_again() -> None:
    """A thousand pages ask the same: the backend is asked a few times, and each is told when nothing is new."""
    async with standing() as (running, arbitrage, _):
        answers = await asyncio.gather(*(running.web.get("/api/arbitrage?minProfit=0.1") for _ in range(300)))
        assert {answer.status_code for answer in answers} == {200}
        assert len(arbitrage.asked) < 100
        (row,) = answers[0].json()["opportunities"]
        assert (row["profitPercent"], row["grossPercent"], row["buy"]["exchange"]) == (0.3, 0.5, "a")
        assert {"opportunities", "count", "asOf"} <= set(answers[0].json())


async def test_profit_is_net_and_gross_is_asked_for_by_its_name() -> None:
    """What callers of before called profit is minGross."""
    async with standing() as (running, arbitrage, _):
        await running.web.get("/api/arb?minProfit=0.2&minGross=0.4&exchanges=binance,okx&useMinutes=true&limit=7")
        asked = arbitrage.asked[-1]
        assert (asked.min_net_percent, asked.min_gross_percent, asked.limit) == (0.2, 0.4, 7)
        assert (list(asked.venues), asked.price_source) == (["binance", "okx"], arbitrage_pb2.PRICE_SOURCE_MINUTE)
        wrong = await running.web.get("/api/arb?useMinutes=true&source=LATEST")
        assert [one["field"] for one in wrong.json()["violations"]] == ["source"]


async def test_a_rule_is_read_with_its_etag_and_what_is_not_there_is_404() -> None:
    """By its id alone, as the path has it."""
    async with standing() as (running, _, rules):
        answer = await running.web.get("/api/alerts/rules/wide")
        assert (answer.json()["alertRule"]["displayName"], answer.headers["etag"]) == ("first", '"1"')
        same = await running.web.get("/api/alerts/rules/wide", headers={"if-none-match": '"1"'})
        assert (same.status_code, same.content) == (304, b"")
        assert (await running.web.get("/api/alerts/rules/narrow")).status_code == 404
        rules.rule.etag = "2"
        assert (await running.web.get("/api/alerts/rules/wide")).headers["etag"] == '"2"'
