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
from crossbook.plumbing.timestamps import SECOND_NS, from_duration, from_timestamp

MAX_LINE = 600  # characters
LATE_NS = 5 * SECOND_NS
TYPES = {
    pb.ALERT_MESSAGE_KIND_OPENED: "alert_group.opened",
    pb.ALERT_MESSAGE_KIND_UPDATED: "alert_group.updated",
    pb.ALERT_MESSAGE_KIND_CLOSED: "alert_group.closed",
    pb.ALERT_MESSAGE_KIND_REPEATED: "alert_group.repeated",
    pb.ALERT_MESSAGE_KIND_DIGEST: "alert_group.digest",
}


def message_parts(message: pb.AlertMessage, now_ns: int) -> list[str]:
    """For people, as it is now: first a title, then a fact each."""
    return group_parts(message, now_ns) if message.HasField("group") else alert_parts(message.alert, now_ns)


def message_text(message: pb.AlertMessage, now_ns: int) -> str:
    """All of it in one line."""
    return OutsideText.of(" · ".join(message_parts(message, now_ns)), MAX_LINE)


def message_fields(message: pb.AlertMessage) -> dict[str, Any]:
    """Of an alert without a group its fields; else those of the group's first member, and the whole group."""
    if not message.HasField("group"):
        return as_fields(message.alert)
    members = [as_fields(member) for member in message.group.members]
    group: dict[str, Any] = MessageToDict(
        message.group, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    group.pop("deliveries", None)
    return {
        **(members[0] if members else {}),
        "name": message.name,
        "rule": message.rule,
        "kind": pb.AlertMessageKind.Name(message.kind).removeprefix("ALERT_MESSAGE_KIND_"),
        "group_key": message.group_key,
        "revision": message.revision,
        "acknowledge_token": message.acknowledge_token,
        "group": {**group, "members": members},
    }


def message_type(message: pb.AlertMessage) -> str:
    """What happened, in the words of a webhook."""
    return TYPES[message.kind] if message.HasField("group") else "alert.fired"


def group_parts(message: pb.AlertMessage, now_ns: int) -> list[str]:
    """What has become of a group, its best member, and how much of it there is."""
    group = message.group
    return [
        " · ".join(_what_became(message)),
        *(about(member) for member in group.members[:1]),
        f"{group.open_count} of {group.member_count} open" if group.open_count else f"all {group.member_count} closed",
        *([f"peak {group.peak_net_percent:.3f} %"] if group.peak_net_percent else ()),
        *([f"paper {group.paper_profit:,.2f} {group.paper_currency}"] if group.paper_profit else ()),
        f"since {_clock(from_timestamp(group.open_time))} UTC",
        *([f"acknowledged by {group.acknowledgement.author}"] if group.HasField("acknowledgement") else ()),
        *([f"was held back: {group.held_back}"] if group.held_back else ()),
        group.rule.rpartition("/")[2],
    ]


def _what_became(message: pb.AlertMessage) -> list[str]:
    group = message.group
    if message.kind == pb.ALERT_MESSAGE_KIND_CLOSED:
        return [f"CLOSED after {_span(from_duration(group.duration))}", group.label]
    words = {pb.ALERT_MESSAGE_KIND_UPDATED: ["UPDATED"], pb.ALERT_MESSAGE_KIND_REPEATED: ["STILL OPEN"]}
    return [*words.get(message.kind, []), group.label]


def about(alert: pb.Alert) -> str:
    """What a member is about, without its times."""
    if alert.HasField("trouble"):
        return alert.trouble.detail
    found = alert.opportunity
    return f"buy {_leg(found.buy)}, sell {_leg(found.sell)}, net {found.costs.net_percent:.3f} %"


def alert_parts(alert: pb.Alert, now_ns: int) -> list[str]:
    """An alert alone; names are venues' words."""
    if alert.HasField("trouble"):
        return [alert.trouble.detail, *_when(alert, now_ns), alert.rule.rpartition("/")[2]]
    found = alert.opportunity
    return [
        f"{found.asset}: buy {_leg(found.buy)}, sell {_leg(found.sell)}",
        f"net {found.costs.net_percent:.3f} %, gross {found.costs.gross_percent:.3f} %",
        f"size {found.executable_size:.6g} ({found.executable_notional:,.2f} {found.buy.quote_currency})",
        *_when(alert, now_ns),
        alert.rule.rpartition("/")[2],
    ]


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
