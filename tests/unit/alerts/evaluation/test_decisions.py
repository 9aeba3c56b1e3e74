"""What the rules decide about a recorded stream."""

from google.protobuf.duration_pb2 import Duration

from crossbook.alerts.evaluation.decisions import Decision, decide, rehearse
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.timestamps import SECOND_NS
from tests.support.alerts.stand_in_arbitrage import CLOSED, OPENED, UPDATED, event, opportunity

START_NS = 1_000 * SECOND_NS
RULE = pb.AlertRule(name="alertRules/r", is_enabled=True, min_net_percent=0.4, cooldown=Duration(seconds=60))


def decided(*moments: tuple[object, str, float, float]) -> list[str]:
    """The causes of the alerts that (kind, id, net percent, seconds after the start) fire."""
    events = [
        event(kind, opportunity(name, net=net, open_ns=START_NS), after_seconds=after)  # type: ignore[arg-type]
        for kind, name, net, after in moments
    ]
    found = list(decide([RULE], events))
    assert all(one == Decision("alertRules/r", one.cause) for one in found)
    return [one.cause for one in found]


def test_an_opportunity_fires_once_when_it_first_passes() -> None:
    """Later updates of the same one are no new alert, not even after the cooldown."""
    assert decided((OPENED, "a", 0.3, 0), (UPDATED, "a", 0.5, 1), (UPDATED, "a", 0.9, 2), (UPDATED, "a", 0.9, 70)) == [
        "a"
    ]


def test_a_pair_that_fired_is_silent_until_its_cooldown_is_over() -> None:
    """By the events' own times."""
    first = ((OPENED, "a", 0.5, 0), (CLOSED, "a", 0.5, 5))
    assert decided(*first, (OPENED, "b", 0.5, 59)) == ["a"]
    assert decided(*first, (OPENED, "b", 0.5, 60)) == ["a", "b"]
    assert decided(*first, (OPENED, "b", 0.5, 59), (UPDATED, "b", 0.6, 61)) == ["a", "b"]


def test_disabled_and_scheduled_rules_decide_nothing() -> None:
    """They do not look at opportunities."""
    rules = [pb.AlertRule(name="off"), pb.AlertRule(name="windows", is_enabled=True, trigger=pb.ALERT_TRIGGER_SNAPSHOT)]
    assert list(decide(rules, [event(OPENED, opportunity(open_ns=START_NS))])) == []


def test_a_match_that_joins_an_open_group_is_held_back_by_no_cooldown() -> None:
    """Until the group is over; then the cooldown counts again."""
    rule = pb.AlertRule(name="alertRules/g", is_enabled=True, grouping=pb.AlertGrouping())
    rule.cooldown.FromSeconds(3600)
    rule.grouping.close_wait.FromSeconds(5)
    told = []
    for number, (opened, closed) in enumerate(((0, 10), (12, 14), (30, 31))):
        found = opportunity(f"o-{number}", open_ns=START_NS + opened * SECOND_NS)
        told += [event(OPENED, found), event(CLOSED, found, after_seconds=closed - opened)]
    assert [decision.cause for decision in decide([rule], told)] == ["o-0", "o-1"]


def test_a_rule_that_waits_decides_by_the_numbers_at_the_end_of_its_wait() -> None:
    """As it does live: what the opportunity is worth afterwards comes too late."""
    rule = pb.AlertRule(name="alertRules/w", is_enabled=True, min_net_percent=0.4, min_life=Duration(seconds=5))
    worth = opportunity("a", net=0.5, open_ns=START_NS)
    less = opportunity("a", net=0.3, open_ns=START_NS)
    told = [event(OPENED, worth), event(UPDATED, less, after_seconds=7), event(CLOSED, less, after_seconds=9)]
    (one,) = rehearse([rule], told)
    assert (one.opportunity.id, one.at_ns, one.reason) == ("a", START_NS + 5 * SECOND_NS, 0)


def test_what_is_not_told_has_its_reason_once() -> None:
    """A cooldown, with how long ago; a threshold, with the numbers, when the opportunity is over."""
    first, held, poor = (
        opportunity(name, net=net, open_ns=START_NS) for name, net in zip("abc", (0.5, 0.5, 0.1), strict=True)
    )
    told = [event(OPENED, first), event(CLOSED, first, after_seconds=1)]
    told += [event(OPENED, held, after_seconds=2), event(UPDATED, held, after_seconds=3)]
    told += [event(OPENED, poor, after_seconds=4), event(CLOSED, poor, after_seconds=5)]
    found = [(one.opportunity.id, one.reason, one.words) for one in rehearse([RULE], told)]
    assert found == [
        ("a", 0, "a message of its own"),
        ("b", pb.SUPPRESSION_REASON_COOLDOWN, "the pair fired 2.0 s before, within the cooldown of 60 s"),
        ("c", pb.SUPPRESSION_REASON_THRESHOLD, "net 0.1% is below 0.4%"),
    ]


def test_a_match_begins_a_group_or_joins_one() -> None:
    """By its name."""
    rule = pb.AlertRule(name="alertRules/g", is_enabled=True, grouping=pb.AlertGrouping())
    told = []
    for sell in ("okx", "bybit"):
        found = opportunity(f"o-{sell}", sell=sell, open_ns=START_NS)
        found.dislocated_venue = "binance"
        told.append(event(OPENED, found))
    assert [(one.words, one.begins_group) for one in rehearse([rule], told)] == [
        ("begins BTC binance", True),
        ("joins BTC binance", False),
    ]
