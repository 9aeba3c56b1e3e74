"""What clients may ask of the history, and how they are told what is wrong."""

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from crossbook.alerts.records import DeadLetterQuery
from crossbook.alerts.requests import alerts_page, dead_letters
from crossbook.pb.v1.alerts_pb2 import DeadLetterFilter, ListAlertsRequest
from crossbook.plumbing.errors import InvalidRequestError

EARLY, LATE = Timestamp(seconds=10), Timestamp(seconds=20)


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (ListAlertsRequest(from_time=LATE, to_time=EARLY), ["from_time"]),
        (ListAlertsRequest(from_time=Timestamp(seconds=1 << 40)), ["from_time"]),
        (ListAlertsRequest(to_time=Timestamp(nanos=-1)), ["to_time"]),
        (ListAlertsRequest(assets=["B\0TC"], venues=[""]), ["assets[0]", "venues[0]"]),
        (ListAlertsRequest(rule="desk"), ["rule"]),
        (ListAlertsRequest(page_size=-1), ["page_size"]),
        (ListAlertsRequest(page_size=1001), ["page_size"]),
        (ListAlertsRequest(page_token="garbage"), ["page_token"]),
    ],
)
def test_each_wrong_field_of_a_list_is_named(request_: ListAlertsRequest, fields: list[str]) -> None:
    """A range that ends before it starts is as wrong as a size below zero."""
    with pytest.raises(InvalidRequestError) as refused:
        alerts_page(request_)
    assert [violation.field for violation in refused.value.violations] == fields


def test_an_empty_range_is_allowed() -> None:
    """It matches nothing, and says so."""
    limit, query = alerts_page(ListAlertsRequest(from_time=EARLY, to_time=EARLY))
    assert limit == 100
    assert query.from_time == query.to_time


def test_dead_letters_are_chosen_by_fields_that_make_sense() -> None:
    """What is empty leaves nothing out; a kind that does not exist is refused, not silently without letters."""
    assert dead_letters(DeadLetterFilter()) == DeadLetterQuery()
    chosen = DeadLetterFilter(rule="alertRules/r", channel_id="c", kind="telegram", reason="HTTP 403")
    assert dead_letters(chosen, "alerts/a") == DeadLetterQuery("a", "alertRules/r", "c", "telegram", "HTTP 403")
    for wrong, field in ((DeadLetterFilter(kind="fax"), "filter.kind"), (DeadLetterFilter(rule="r"), "filter.rule")):
        with pytest.raises(InvalidRequestError) as refused:
            dead_letters(wrong)
        assert [violation.field for violation in refused.value.violations] == [field]
