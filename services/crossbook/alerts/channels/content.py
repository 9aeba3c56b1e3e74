"""What an alert says: one line for people, one JSON object for machines. No secrets in either."""

import json
from typing import Any

from google.protobuf.json_format import MessageToDict

from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2


def as_text(alert: pb.Alert) -> str:
    """One line for people."""
    found = alert.opportunity
    return (
        f"{found.asset}: buy {_leg(found.buy)}, sell {_leg(found.sell)} · "
        f"net {found.costs.net_percent:.3f} %, gross {found.costs.gross_percent:.3f} % · "
        f"size {found.executable_size:.6g} ({found.executable_notional:,.2f} {found.buy.quote_currency}) · "
        f"{alert.rule.rpartition('/')[2]}"
    )


def as_fields(alert: pb.Alert) -> dict[str, Any]:
    """The alert's fields under their names in the proto, all present, times as RFC 3339; without its deliveries."""
    fields: dict[str, Any] = MessageToDict(
        alert, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    fields.pop("deliveries", None)
    fields.get("opportunity", {}).pop("cooldown", None)
    return fields


def as_json(value: object) -> str:
    """Compact JSON that keeps letters of every script."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


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
    alert.opportunity.open_time.GetCurrentTime()
    alert.fire_time.GetCurrentTime()
    return alert
