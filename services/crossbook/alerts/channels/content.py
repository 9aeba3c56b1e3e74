"""What an alert says: one line for people, one JSON object for machines. No secrets in either.

A line bears the moment of its numbers, how late it is when it is late, and since when the opportunity is closed.
"""

import json
from datetime import UTC, datetime
from typing import Any

from google.protobuf.json_format import MessageToDict

from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.outside import OutsideText
from crossbook.plumbing.timestamps import SECOND_NS, from_timestamp

MAX_LINE = 600  # characters
LATE_NS = 5 * SECOND_NS


def as_text(alert: pb.Alert, now_ns: int) -> str:
    """One line for people, as it is now; names are venues' words."""
    found = alert.opportunity
    line = " · ".join(
        (
            f"{found.asset}: buy {_leg(found.buy)}, sell {_leg(found.sell)}",
            f"net {found.costs.net_percent:.3f} %, gross {found.costs.gross_percent:.3f} %",
            f"size {found.executable_size:.6g} ({found.executable_notional:,.2f} {found.buy.quote_currency})",
            *_when(alert, now_ns),
            alert.rule.rpartition("/")[2],
        )
    )
    return OutsideText.of(line, MAX_LINE)


def as_fields(alert: pb.Alert) -> dict[str, Any]:
    """The alert's fields under their names in the proto, all present, times as RFC 3339; without its deliveries.

    `close_time` is there when the opportunity is known to have closed.
    """
    fields: dict[str, Any] = MessageToDict(
        alert, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    fields.pop("deliveries", None)
    fields.get("opportunity", {}).pop("cooldown", None)
    return fields


def as_json(value: object) -> str:
    """Compact JSON that keeps letters of every script, and of all else nothing that a terminal would act upon."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in text)


def numbers_ns(alert: pb.Alert) -> int:
    """The moment of its numbers: of the newer of the two quotes or windows; where they bear none, of the alert."""
    legs = (alert.opportunity.buy, alert.opportunity.sell)
    return max(from_timestamp(leg.receive_time) for leg in legs) or from_timestamp(alert.fire_time)


def _when(alert: pb.Alert, now_ns: int) -> list[str]:
    at_ns = numbers_ns(alert)
    said = [f"at {_clock(at_ns)} UTC"]
    if now_ns - at_ns > LATE_NS:
        said.append(f"told {_span(now_ns - at_ns)} later")
    if alert.HasField("close_time"):
        said.append(f"CLOSED since {_clock(from_timestamp(alert.close_time))} UTC")
    return said


def _clock(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // SECOND_NS, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _span(span_ns: int) -> str:
    seconds = span_ns // SECOND_NS
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _leg(leg: arbitrage_pb2.Leg) -> str:
    return f"{leg.venue} {leg.symbol} at {leg.price:.8g}"


def sample_alert() -> pb.Alert:
    """A made-up alert, for trying a channel and checking a template."""
    alert = pb.Alert(
        name="alerts/sample",
        rule="alertRules/sample",
        opportunity=arbitrage_pb2.Opportunity(
            id="sample",
            asset="SAMPLE",
            buy=arbitrage_pb2.Leg(
                venue="venue-a", symbol="SAMPLE/USDT:USDT", price=100.0, size=12.0, quote_currency="USDT"
            ),
            sell=arbitrage_pb2.Leg(
                venue="venue-b", symbol="SAMPLE/USDT:USDT", price=100.5, size=10.0, quote_currency="USDT"
            ),
            costs=arbitrage_pb2.SpreadCosts(
                gross_percent=0.5, entry_fees_percent=0.1, exit_fees_percent=0.1, net_percent=0.3
            ),
            executable_size=10.0,
            executable_notional=1000.0,
            peak_net_percent=0.3,
        ),
    )
    for moment in (
        alert.opportunity.buy.receive_time,
        alert.opportunity.sell.receive_time,
        alert.opportunity.open_time,
        alert.fire_time,
    ):
        moment.GetCurrentTime()
    return alert
