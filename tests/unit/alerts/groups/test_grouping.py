"""Which group a match belongs to."""

import pytest

from crossbook.alerts.groups.grouping import Timing, group_key, is_grouped, timing_of
from crossbook.alerts.match import Match
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.timestamps import SECOND_NS
from tests.support.alerts.stand_in_arbitrage import opportunity

BY = {name.removeprefix("ALERT_GROUP_BY_"): number for name, number in pb.AlertGroupBy.items()}


def match(*by: str, off: str = "v1", trouble: pb.AlertTrouble | None = None) -> Match:
    """BTC bought on v1 and sold on v2."""
    found = opportunity("o", "BTC", "v1", "v2")
    found.dislocated_venue = off
    rule = pb.AlertRule(name="alertRules/r", grouping=pb.AlertGrouping(by=[BY[one] for one in by]))  # type: ignore[list-item]
    return Match(rule, found, found.id, trouble=trouble)


def test_a_rule_groups_unless_it_says_nothing_or_none_or_looks_at_windows() -> None:
    """Rules made before there were groups say nothing."""
    assert is_grouped(pb.AlertRule(grouping=pb.AlertGrouping()))
    assert not is_grouped(pb.AlertRule())
    assert not is_grouped(pb.AlertRule(grouping=pb.AlertGrouping(by=[pb.ALERT_GROUP_BY_NONE])))
    assert not is_grouped(pb.AlertRule(grouping=pb.AlertGrouping(), trigger=pb.ALERT_TRIGGER_MINUTE))


@pytest.mark.parametrize(
    ("by", "off", "key", "label"),
    [
        ((), "v1", "BTC|v1|", "BTC v1"),
        ((), "", "BTC|v1/v2|", "BTC v1/v2"),
        (("ASSET",), "v1", "BTC", "BTC"),
        (("DISLOCATED_VENUE",), "v2", "v2", "v2"),
        (("BUY_VENUE", "SELL_VENUE"), "v1", "v1|v2", "v1 v2"),
        (("RULE",), "v1", "", "r"),
    ],
)
def test_members_have_in_common_what_the_rule_says(by: tuple[str, ...], off: str, key: str, label: str) -> None:
    """By default the asset and the venue that is off; where nobody can say which leg that is, both."""
    found = group_key(match(*by, off=off))
    assert (found.key, found.label) == (key, label)


def test_a_group_is_the_same_before_and_after_it_is_known_which_leg_is_off() -> None:
    """Patterns find the one from the other; what means something in a pattern is escaped."""
    assert group_key(match(off="v1")).alike == ("BTC|v1/%|", "BTC|%/v1|")
    assert group_key(match(off="")).alike == ("BTC|v1|", "BTC|v2|")
    assert group_key(match(off="v_1")).alike == ("BTC|v\\_1/%|", "BTC|%/v\\_1|")
    assert group_key(match("ASSET")).alike == ()
    assert group_key(match(off="v1")).kin == group_key(match(off="")).kin == "BTC||"


def test_a_trouble_is_grouped_by_its_venue_and_reason() -> None:
    """It has no other leg."""
    trouble = pb.AlertTrouble(reason=pb.ALERT_REASON_VENUE_STATE, venue="v9", detail="DOWN")
    found = group_key(match(trouble=trouble))
    assert (found.key, found.label, found.venue) == ("|v9|venue state", "v9 venue state", "v9")
    assert found.reason == pb.ALERT_REASON_VENUE_STATE


def test_what_a_rule_leaves_out_has_a_default_and_a_repeat_of_nothing_is_none() -> None:
    """A wait of nothing is none, too."""
    assert timing_of(pb.AlertRule()) == Timing(SECOND_NS, 30 * SECOND_NS, 4 * 3600 * SECOND_NS, 10 * SECOND_NS)
    given = pb.AlertGrouping(wait={}, interval={"seconds": 5}, repeat_interval={}, close_wait={"seconds": 1})  # type: ignore[arg-type]
    assert timing_of(pb.AlertRule(grouping=given)) == Timing(0, 5 * SECOND_NS, 0, SECOND_NS)
