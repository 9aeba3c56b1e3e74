"""What any request may hold."""

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from crossbook.pb.v1.alerts_pb2 import ListAlertsRequest
from crossbook.plumbing.errors import FieldViolation, InvalidRequestError
from crossbook.plumbing.requests import (
    KNOWN_VENUES,
    MAX_NAMES,
    check_names,
    check_range,
    check_venues,
    collect,
    is_name,
    refuse,
)

EARLY, LATE = Timestamp(seconds=1), Timestamp(seconds=2)


@pytest.mark.parametrize("name", ["BTC", "x" * 100, "币安人生", "1000PEPE/USDT"])
def test_what_can_be_a_name(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("name", ["", "x" * 101, "a\0", "a\n", " a", "a "])
def test_what_can_be_no_name(name: str) -> None:
    """It would match nothing, or be unreadable where it is told."""
    assert not is_name(name)


def test_each_wrong_name_is_told_by_its_place() -> None:
    assert [one.field for one in check_names("assets", ["", "BTC", "a\0"])] == ["assets[0]", "assets[2]"]


def test_of_a_list_that_is_too_long_nothing_else_is_told() -> None:
    """Its names may all be wrong, and are not looked at."""
    names = [""] * (MAX_NAMES + 1)
    assert [one.field for one in check_names("assets", names)] == ["assets"]
    assert [one.field for one in check_venues("venues", names, lambda: ())] == ["venues"]


def test_a_venue_is_known_that_is_built_in_or_was_seen() -> None:
    """The words name those that are, and cut what was asked for."""
    built_in = min(KNOWN_VENUES)
    (wrong,) = check_venues("venues", [built_in, "here", "y" * 200], lambda: {"here"})
    assert wrong.field == "venues[2]"
    assert f"'{'y' * 40}' is not a known venue: {built_in}, " in wrong.description


def test_what_was_seen_is_asked_for_only_when_it_matters() -> None:
    """It may take long to say."""

    def seen() -> set[str]:
        raise AssertionError

    assert list(check_venues("venues", [min(KNOWN_VENUES)], seen)) == []


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (ListAlertsRequest(), []),
        (ListAlertsRequest(from_time=EARLY, to_time=EARLY), []),
        (ListAlertsRequest(from_time=LATE, to_time=EARLY), ["from_time"]),
        (ListAlertsRequest(from_time=Timestamp(seconds=1 << 40)), ["from_time"]),
        (ListAlertsRequest(to_time=Timestamp(nanos=-1)), ["to_time"]),
    ],
)
def test_a_range_has_times_of_this_calendar_in_their_order(request_: ListAlertsRequest, fields: list[str]) -> None:
    assert [one.field for one in check_range(request_)] == fields


def test_all_that_is_wrong_is_told_at_once() -> None:
    violations = [FieldViolation("a", "x")]

    def parse() -> int:
        raise InvalidRequestError.of("b", "y")

    assert collect(violations, parse) is None
    assert collect(violations, lambda: 7) == 7
    with pytest.raises(InvalidRequestError) as refused:
        refuse(violations)
    assert [one.field for one in refused.value.violations] == ["a", "b"]
    refuse([])
