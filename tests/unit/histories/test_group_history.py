"""The judge of groups sees what is wrong with them."""

from dataclasses import replace

import pytest

from tests.histories.inprocess.groups import CLOSED, OPENED, REPEATED, SeenGroups, judge_groups

WELL = SeenGroups(
    groups=[["g", "BTC", 2, 1.0, "ann", 9.0, 0.5]],
    messages=[["m1", "g", 1, OPENED, 2.0], ["m2", "g", 2, CLOSED, 9.0]],
    members=[["o", "g"]],
    deliveries=[["m1", 2], ["m2", 2]],
    told=[("m1", "g", 1), ("m2", "g", 2), ("m2", "g", 2)],
    acknowledged=[("g", "ann", 3.0, 8.0)],
)


def breaches(seen: SeenGroups) -> list[str]:
    return list(judge_groups(seen, is_set=False))


def test_a_group_that_was_told_from_its_beginning_to_its_end_is_well() -> None:
    """A message may come twice under one id."""
    assert breaches(WELL) == []


def test_what_came_late_is_not_told_where_it_is_a_part_of_what_was() -> None:
    """Not of what was over long before."""
    late, long_after = ["h", "BTC", 2, 12.0, None, 8.0, 0.6], ["h", "BTC", 2, 40.0, None, 38.0, 30.0]
    assert breaches(replace(WELL, groups=[*WELL.groups, late])) == []
    assert breaches(replace(WELL, groups=[*WELL.groups, long_after])) == ["group h of BTC was never told"]


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (replace(WELL, members=[["o", None]]), "in no group"),
        (replace(WELL, groups=[["g", "BTC", 1, 1.0, "ann"]]), "over and not closed"),
        (replace(WELL, messages=[], told=[], deliveries=[], acknowledged=[]), "never told"),
        (replace(WELL, messages=[WELL.messages[0]], told=WELL.told[:1]), "to its end"),
        (replace(WELL, messages=[WELL.messages[0], ["m2", "g", 1, CLOSED, 9.0]]), "revisions"),
        (replace(WELL, told=[*WELL.told, ("m9", "g", 2)]), "no message of it"),
        (replace(WELL, deliveries=[["m1", 1], ["m2", 2]]), "in state 1"),
        (replace(WELL, told=[("m1", "g", 1)]), "m2 was never told"),
        (replace(WELL, silences=[("BTC", 1.5, 4.0)]), "in a silence"),
        (replace(WELL, groups=[["g", "BTC", 2, 1.0, None]]), "says None"),
        (
            replace(WELL, groups=[["f", "BTC", 1, 0.5, None], *WELL.groups], open_assets={"BTC"}),
            "while another was open",
        ),
        (
            replace(WELL, messages=[WELL.messages[0], ["m2", "g", 2, REPEATED, 5.0], ["m3", "g", 3, CLOSED, 9.0]]),
            "though ann is at it",
        ),
    ],
)
def test_every_breach_is_told(seen: SeenGroups, words: str) -> None:
    """In words that say which rule it breaks."""
    assert any(words in one for one in breaches(seen)), breaches(seen)
