"""Messages as lines for people, in columns of fixed width, or as JSON."""

import json
import time
from collections.abc import Callable
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from crossbook.pb.v1 import alerts_pb2, arbitrage_pb2, market_pb2
from crossbook.plumbing.outside import OutsideText
from crossbook.plumbing.timestamps import SECOND_NS

QUOTE_HEAD = (
    f"{'time':<12} {'venue':<12} {'symbol':<18} {'bid':>14} {'bid size':>12} {'ask':>14} {'ask size':>12}  state"
)
OPPORTUNITY_HEAD = (
    f"{'time':<12} {'event':<8} {'asset':<8} {'buy':<24} {'sell':<24} {'gross %':>8} {'net %':>8} {'size':>12}"
)
ALERT_HEAD = f"{'time':<12} {'asset':<8} {'buy':<12} {'sell':<12} {'net %':>8}  rule"


MAX_ROW = 400  # characters; names in it are venues' words


class Printer:
    """Prints each message, under a head when it is for people."""

    def __init__(self, is_json: bool, head: str, row: Callable[[Any], str]) -> None:
        self._line = as_json if is_json else lambda message: OutsideText.row(row(message), MAX_ROW)
        if not is_json:
            print(head, flush=True)

    def show(self, message: Message) -> None:
        print(self._line(message), flush=True)


def as_json(message: Message) -> str:
    """One line, with the names of the proto."""
    fields = MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    return json.dumps(fields, separators=(",", ":"))


def quote(found: market_pb2.Quote) -> str:
    state = market_pb2.BookState.Name(found.state).removeprefix("BOOK_STATE_")
    return (
        f"{_clock(found.receive_time):<12} {found.venue:<12} {found.symbol:<18}"
        f" {found.bid:>14.8g} {found.bid_size:>12.6g} {found.ask:>14.8g} {found.ask_size:>12.6g}  {state}"
    )


def opportunity_event(event: arbitrage_pb2.OpportunityEvent) -> str:
    kind = arbitrage_pb2.OpportunityEventKind.Name(event.kind).removeprefix("OPPORTUNITY_EVENT_KIND_")
    found = event.opportunity
    return (
        f"{_clock(event.event_time):<12} {kind:<8} {found.asset:<8} {_leg(found.buy):<24} {_leg(found.sell):<24}"
        f" {found.costs.gross_percent:>8.3f} {found.costs.net_percent:>8.3f} {found.executable_size:>12.6g}"
    )


def alert(found: alerts_pb2.Alert) -> str:
    seen = found.opportunity
    return (
        f"{_clock(found.fire_time):<12} {seen.asset:<8} {seen.buy.venue:<12} {seen.sell.venue:<12}"
        f" {seen.costs.net_percent:>8.3f}  {found.rule}"
    )


def explanation(answer: arbitrage_pb2.ExplainSpreadResponse) -> str:
    """The numbers and the verdict; of a pair that nobody quotes there are no numbers."""
    if answer.reason == arbitrage_pb2.REFUSAL_REASON_UNKNOWN_LEG:
        return OutsideText.of(answer.explanation, MAX_ROW)
    found, costs = answer.opportunity, answer.opportunity.costs
    return "\n".join(
        OutsideText.row(line, MAX_ROW)
        for line in [
            f"{found.asset}: buy {_leg(found.buy)}, sell {_leg(found.sell)}",
            f"gross {costs.gross_percent:.4f} % - entry fees {costs.entry_fees_percent:.4f} %"
            f" - exit fees {costs.exit_fees_percent:.4f} % = net {costs.net_percent:.4f} %",
            f"executable {found.executable_size:.6g} coins for {found.executable_notional:,.2f}"
            f" {found.buy.quote_currency}",
            f"ages {_seconds(answer.buy_age)} s and {_seconds(answer.sell_age)} s",
            answer.explanation,
        ]
    )


def _leg(leg: arbitrage_pb2.Leg) -> str:
    return f"{leg.venue} {leg.price:.8g}"


def _seconds(duration: Any) -> str:
    return f"{duration.seconds + duration.nanos / SECOND_NS:.3f}"


def _clock(moment: Timestamp) -> str:
    return f"{time.strftime('%H:%M:%S', time.localtime(moment.seconds))}.{moment.nanos // 1_000_000:03d}"
