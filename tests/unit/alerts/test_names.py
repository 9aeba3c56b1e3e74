"""Names of rules and alerts, and the ids in them."""

import pytest

from crossbook.alerts.names import alert_id, rule_id
from crossbook.plumbing.errors import InvalidRequestError


def test_the_id_is_what_follows_the_collection() -> None:
    """The longest that there may be included."""
    assert rule_id("alertRules/default", "name") == "default"
    assert alert_id(f"alerts/{'a' * 63}", "name") == "a" * 63


@pytest.mark.parametrize(
    "name", ["", "alertRules/", "alerts/a", "a", "alertRules/A", "alertRules/a b", "alertRules/a/b"]
)
def test_what_is_no_name_of_a_rule_is_told_by_its_field(name: str) -> None:
    """With how it must look."""
    with pytest.raises(InvalidRequestError, match=r'alert_rule\.name: must look like "alertRules/\{id\}"'):
        rule_id(name, "alert_rule.name")


@pytest.mark.parametrize("name", ["alertRules/a", f"alerts/{'a' * 64}", "alerts/\n"])
def test_what_is_no_name_of_an_alert_is_refused(name: str) -> None:
    """A rule's name is none either."""
    with pytest.raises(InvalidRequestError, match=r'name: must look like "alerts/'):
        alert_id(name, "name")
