"""Messages as lines for people, in columns of fixed width, or as JSON."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from crossbook.pb.v1 import alerts_pb2, arbitrage_pb2, market_pb2
from crossbook.plumbing.outside import OutsideText
from crossbook.plumbing.timestamps import SECOND_NS, to_timestamp

if TYPE_CHECKING:
    from crossbook.alerts.evaluation.decisions import Rehearsal

QUOTE_HEAD = (
    f"{'time':<12} {'venue':<12} {'symbol':<18} {'bid':>14} {'bid size':>12} {'ask':>14} {'ask size':>12}  state"
)
OPPORTUNITY_HEAD = (
    f"{'time':<12} {'event':<8} {'asset':<8} {'buy':<24} {'sell':<24} {'gross %':>8} {'net %':>8} {'size':>12}"
)
LIFE_HEAD = (
    f"{'opened':<19} {'life s':>9} {'asset':<8} {'buy':<14} {'sell':<14} {'open %':>8} {'peak %':>8}"
    f" {'notional':>12}  end"
)
ALERT_HEAD = f"{'time':<12} {'asset':<8} {'buy':<12} {'sell':<12} {'net %':>8}  rule"
REHEARSAL_HEAD = f"{'time':<12} {'asset':<8} {'buy':<12} {'sell':<12} {'net %':>8}  what"


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


def life(found: arbitrage_pb2.OpportunityLife) -> str:
    """Opening, peak and end; a * says that the watch ended, and not for certain the opportunity."""
    reason = arbitrage_pb2.RefusalReason.Name(found.close_reason).removeprefix("REFUSAL_REASON_")
    end = f"{reason}{'*' if found.is_censored else ''}" if found.HasField("close_time") else "open"
    opened = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(found.open_time.seconds))
    return (
        f"{opened:<19} {_seconds(found.duration):>9} {found.asset:<8} {found.buy_venue:<14} {found.sell_venue:<14}"
        f" {found.opening_net_percent:>8.3f} {found.peak_net_percent:>8.3f} {found.opening_notional:>12,.0f}  {end}"
    )


def life_statistics_head(latencies: Iterable[Duration]) -> str:
    """Two columns a latency: the share that still paid, and the mean net percent."""
    columns = "".join(f" {f'alive {_milliseconds(one)}':>12} {f'net {_milliseconds(one)}':>10}" for one in latencies)
    return f"{'group':<40} {'count':>8} {'median s':>9} {'open %':>8} {'peak %':>8}{columns}"


def life_statistics(found: arbitrage_pb2.LifeStatistics) -> str:
    """One group."""
    hour = time.strftime("%Y-%m-%d %H:00Z", time.gmtime(found.hour.seconds)) if found.HasField("hour") else ""
    pair = f"{found.buy_venue} > {found.sell_venue}" if found.buy_venue else ""
    group = ", ".join(filter(None, (found.asset, pair, hour))) or "all"
    captures = "".join(f" {one.alive_share:>12.1%} {one.mean_net_percent:>10.3f}" for one in found.captures)
    return (
        f"{group:<40} {found.count:>8} {_seconds(found.median_life):>9}"
        f" {found.mean_opening_net_percent:>8.3f} {found.peak_net_percent:>8.3f}{captures}"
    )


def alert(found: alerts_pb2.Alert) -> str:
    seen = found.opportunity
    return (
        f"{_clock(found.fire_time):<12} {seen.asset:<8} {seen.buy.venue:<12} {seen.sell.venue:<12}"
        f" {seen.costs.net_percent:>8.3f}  {found.rule}"
    )


def rehearsal(found: "Rehearsal") -> str:
    """What a rule would have done of an opportunity, when and why."""
    seen = found.opportunity
    what = f"fires, {found.words}" if not found.reason else f"{_reason(found.reason)}: {found.words}"
    return (
        f"{_clock(to_timestamp(found.at_ns)):<12} {seen.asset:<8} {seen.buy.venue:<12} {seen.sell.venue:<12}"
        f" {seen.costs.net_percent:>8.3f}  {what}"
    )


def rehearsals(counts: "Mapping[alerts_pb2.SuppressionReason.ValueType, int]", groups: int) -> str:
    """All of it, by reason."""
    fired = counts.get(alerts_pb2.SUPPRESSION_REASON_UNSPECIFIED, 0)
    untold = ", ".join(f"{count} {_reason(reason)}" for reason, count in sorted(counts.items()) if reason)
    return f"{fired} alerts in {groups} groups" + (f"; not told: {untold}" if untold else "")


def _reason(reason: "alerts_pb2.SuppressionReason.ValueType") -> str:
    return alerts_pb2.SuppressionReason.Name(reason).removeprefix("SUPPRESSION_REASON_").lower().replace("_", " ")


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


def _milliseconds(duration: Duration) -> str:
    return f"{duration.seconds * 1000 + duration.nanos / 1e6:g} ms"


def _seconds(duration: Any) -> str:
    return f"{duration.seconds + duration.nanos / SECOND_NS:.3f}"


def _clock(moment: Timestamp) -> str:
    return f"{time.strftime('%H:%M:%S', time.localtime(moment.seconds))}.{moment.nanos // 1_000_000:03d}"
