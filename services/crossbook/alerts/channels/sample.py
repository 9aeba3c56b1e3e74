"""Made-up messages of a rule's kind: for trying a channel, for checking a template, and for `crossbook alerts preview`.

What a rule's messages may lack, its sample lacks: a template that the sample can fill is filled by every message.
"""

from crossbook.alerts.groups.grouping import group_key, is_grouped
from crossbook.alerts.match import Match
from crossbook.alerts.names import GROUPS, MESSAGES
from crossbook.alerts.records import message_of
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.timestamps import to_duration

RULE = pb.AlertRule(name="alertRules/sample", trigger=pb.ALERT_TRIGGER_OPPORTUNITY)
TROUBLES = {
    pb.ALERT_TRIGGER_FEED: pb.AlertTrouble(
        reason=pb.ALERT_REASON_VENUE_STATE, venue="venue-a", detail="venue-a is DOWN: connection refused"
    ),
    pb.ALERT_TRIGGER_SYSTEM: pb.AlertTrouble(
        reason=pb.ALERT_REASON_SHARD, part="shard sample", detail="shard sample does not answer"
    ),
    pb.ALERT_TRIGGER_MARKET_MOVE: pb.AlertTrouble(
        reason=pb.ALERT_REASON_MARKET_MOVE, asset="SAMPLE", detail="SAMPLE moved +2.00 % within 60 s, to 102"
    ),
    pb.ALERT_TRIGGER_FUNDING_SPREAD: pb.AlertTrouble(
        reason=pb.ALERT_REASON_FUNDING_SPREAD,
        asset="SAMPLE",
        detail="SAMPLE funding is 0.0200 % an hour apart: venue-a SAMPLE/USDT:USDT +0.0150 %,"
        " venue-b SAMPLE/USDT:USDT -0.0050 %",
    ),
    pb.ALERT_TRIGGER_BASIS: pb.AlertTrouble(
        reason=pb.ALERT_REASON_BASIS,
        venue="venue-a",
        asset="SAMPLE",
        part="SAMPLE/USDT:USDT",
        detail="venue-a SAMPLE/USDT:USDT: mark 100.5 is +0.500 % from its index 100",
    ),
    pb.ALERT_TRIGGER_CANARY: pb.AlertTrouble(
        reason=pb.ALERT_REASON_CANARY,
        detail="alerts are alive: a sign of life every 3600 s, this one due at 12:00:00 UTC",
    ),
}


def sample_alert(rule: pb.AlertRule = RULE) -> pb.Alert:
    """What the rule could find."""
    alert = pb.Alert(name="alerts/sample", rule=rule.name or RULE.name)
    alert.fire_time.GetCurrentTime()
    trouble = TROUBLES.get(rule.trigger)
    if trouble is None:
        alert.opportunity.CopyFrom(_opportunity())
    else:
        alert.opportunity.SetInParent()  # as an alert of the store has it
        alert.trouble.CopyFrom(trouble)
    return alert


def sample_message(rule: pb.AlertRule = RULE) -> pb.AlertMessage:
    """What the rule would tell of it first: the alert itself, or its group."""
    alert = sample_alert(rule)
    if not is_grouped(rule):
        return message_of(alert)
    trouble = alert.trouble if alert.HasField("trouble") else None
    found = group_key(Match(rule, alert.opportunity, "sample", trouble=trouble))
    group = pb.AlertGroup(
        name=f"{GROUPS}sample",
        rule=alert.rule,
        label=found.label,
        asset=found.asset,
        dislocated_venue=found.venue,
        reason=found.reason,
        members=[alert],
        member_count=1,
        open_count=1,
        open_time=alert.fire_time,
        duration=to_duration(0),
        peak_net_percent=alert.opportunity.peak_net_percent,
    )
    return pb.AlertMessage(
        name=f"{MESSAGES}sample",
        group_key="sample",
        revision=1,
        kind=pb.ALERT_MESSAGE_KIND_OPENED,
        rule=alert.rule,
        group=group,
        create_time=alert.fire_time,
    )


def _opportunity() -> arbitrage_pb2.Opportunity:
    found = arbitrage_pb2.Opportunity(
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
    )
    for moment in (found.buy.receive_time, found.sell.receive_time, found.open_time):
        moment.GetCurrentTime()
    return found
