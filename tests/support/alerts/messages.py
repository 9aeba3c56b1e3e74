"""Messages of one group in its life, with fixed numbers and times, as channels are handed them."""

from crossbook.alerts.channels.errand import Errand
from crossbook.alerts.channels.outcome import Shown
from crossbook.alerts.channels.text import Text, text_of
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2

AT = 1_790_000_000  # 2026-09-21 14:13:20 UTC
ACK_BASE = "https://crossbook.example/ack?token="
OPENED, UPDATED, CLOSED, REPEATED = (
    pb.ALERT_MESSAGE_KIND_OPENED,
    pb.ALERT_MESSAGE_KIND_UPDATED,
    pb.ALERT_MESSAGE_KIND_CLOSED,
    pb.ALERT_MESSAGE_KIND_REPEATED,
)


def member(number: int, *, asset: str = "BTC") -> pb.Alert:
    """One venue that is cheap against another."""
    found = arbitrage_pb2.Opportunity(
        id=f"o-{number}",
        asset=asset,
        buy=arbitrage_pb2.Leg(venue="cheap", symbol=f"{asset}/USDT:USDT", price=100.0, quote_currency="USDT"),
        sell=arbitrage_pb2.Leg(venue=f"v<{number}>&", symbol=f"{asset}_USDT", price=100.5 - number / 100),
        costs=arbitrage_pb2.SpreadCosts(gross_percent=0.5, net_percent=0.3),
        executable_size=10.0,
        executable_notional=1000.0,
    )
    for moment in (found.buy.receive_time, found.sell.receive_time, found.open_time):
        moment.FromSeconds(AT)
    alert = pb.Alert(name=f"alerts/{number}", rule="alertRules/desk", opportunity=found)
    alert.fire_time.FromSeconds(AT)
    return alert


def message(
    kind: pb.AlertMessageKind.ValueType = OPENED, revision: int = 1, *, members: int = 3, key: str = "group-1"
) -> pb.AlertMessage:
    """Of so many members, all open unless it is the closing one."""
    group = pb.AlertGroup(
        name=f"alertGroups/{key}",
        rule="alertRules/desk",
        label="BTC cheap",
        asset="BTC",
        dislocated_venue="cheap",
        members=[member(number) for number in range(min(members, 50))],
        member_count=members,
        open_count=0 if kind == CLOSED else members,
        peak_net_percent=0.3,
        paper_profit=3.0,
        paper_currency="USDT",
    )
    group.open_time.FromSeconds(AT)
    group.duration.FromSeconds(73)
    found = pb.AlertMessage(
        name=f"alertMessages/{key}-{revision}",
        group_key=key,
        revision=revision,
        kind=kind,
        rule="alertRules/desk",
        group=group,
        acknowledge_token="t0ken",
    )
    found.create_time.FromSeconds(AT)
    return found


def errand(found: pb.AlertMessage, shown: Shown | None = None, template: str = "") -> Errand:
    """With a link to acknowledge."""
    return Errand(found, text_of(found, AT * 10**9, template, ACK_BASE), shown or Shown())


def long_errand(lines: int, line: str = "a <line> & more", *, revision: int = 1, shown: Shown | None = None) -> Errand:
    """A text of so many lines, for what must be cut."""
    text = Text("group-1", "a *title*", (line,) * lines, "topic", revision, OPENED, f"{ACK_BASE}t0ken", AT * 10**9)
    return Errand(message(revision=revision), text, shown or Shown())
