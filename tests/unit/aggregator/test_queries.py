"""What the aggregator's list methods refuse, and how they say it."""

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from crossbook.aggregator.queries import check_filter, parse_query
from crossbook.aggregator.store.moments import EPOCH
from crossbook.pb.v1.aggregator_pb2 import InstrumentFilter, ListMinutesRequest, ListSnapshotsRequest
from crossbook.plumbing.errors import InvalidRequestError
from crossbook.plumbing.paging import encode_token, query_fingerprint


def _violated(request: ListSnapshotsRequest | ListMinutesRequest) -> list[str]:
    with pytest.raises(InvalidRequestError) as caught:
        parse_query(request)
    return [violation.field for violation in caught.value.violations]


def test_an_empty_request_asks_for_the_first_500() -> None:
    """Nothing is restricted, and one row more than the page is read to know whether it is the last."""
    query = parse_query(ListSnapshotsRequest())
    assert query.limit == 501
    assert (query.venues, query.symbols, query.from_time, query.to_time, query.after) == ([], [], None, None, None)


@pytest.mark.parametrize("page_size", [-1, 10_001])
def test_page_sizes_out_of_range_are_refused(page_size: int) -> None:
    """The field's name is told."""
    assert _violated(ListMinutesRequest(page_size=page_size)) == ["page_size"]


@pytest.mark.parametrize("venue", ["", "Binance", "binanse", "x;drop", "a" * 33, "é"])
def test_a_venue_that_nobody_knows_is_refused(venue: str) -> None:
    """The position in the list is told; a venue that a tracker has sent is known from then on."""
    assert _violated(ListSnapshotsRequest(venues=["okx", venue])) == ["venues[1]"]
    assert parse_query(ListSnapshotsRequest(venues=["okx", venue]), seen=[venue]).venues == ["okx", venue]


@pytest.mark.parametrize("name", ["", "BTC\0", "x" * 101, "a\nb"])
def test_a_name_that_no_instrument_can_have_is_refused(name: str) -> None:
    """Postgres takes no NUL; whatever the name, the caller is told which it is."""
    assert _violated(ListMinutesRequest(symbols=["BTC/USDT:USDT", name])) == ["symbols[1]"]
    with pytest.raises(InvalidRequestError, match=r"filter\.symbols\[0\].*filter\.assets\[0\]"):
        check_filter(InstrumentFilter(symbols=[name], assets=[name]))


def test_a_range_that_ends_before_it_starts_is_refused() -> None:
    """From after to can match nothing."""
    request = ListSnapshotsRequest(from_time=Timestamp(seconds=20), to_time=Timestamp(seconds=10))
    assert _violated(request) == ["from_time"]


@pytest.mark.parametrize("moment", [Timestamp(seconds=1 << 40), Timestamp(seconds=-(1 << 40)), Timestamp(nanos=-1)])
def test_impossible_times_are_refused(moment: Timestamp) -> None:
    """A time that no calendar has names its field."""
    assert _violated(ListMinutesRequest(to_time=moment)) == ["to_time"]


def test_every_wrong_field_is_told_at_once() -> None:
    """A caller does not have to find his mistakes one by one."""
    request = ListSnapshotsRequest(venues=["!"], page_size=-5, page_token="?")
    assert _violated(request) == ["venues[0]", "page_size", "page_token"]


def test_the_token_of_another_query_is_refused() -> None:
    """A token continues only the query that it came from; the page size may change."""
    query = ListSnapshotsRequest(venues=["okx"], page_size=3)
    token = encode_token(query_fingerprint(query), [15_000_000, "okx", "BTC/USDT:USDT"])
    parsed = parse_query(ListSnapshotsRequest(venues=["okx"], page_size=7, page_token=token))
    assert parsed.after is not None
    assert ((parsed.after[0] - EPOCH).total_seconds(), *parsed.after[1:]) == (15.0, "okx", "BTC/USDT:USDT")
    assert _violated(ListSnapshotsRequest(venues=["binance"], page_token=token)) == ["page_token"]
    assert _violated(ListMinutesRequest(venues=["okx"], page_token=token)) == ["page_token"]


def test_bounds_finer_than_a_microsecond_keep_their_meaning() -> None:
    """A start a nanosecond later excludes the window at that second; at the end it includes it."""
    request = ListSnapshotsRequest(
        from_time=Timestamp(seconds=15, nanos=1), to_time=Timestamp(seconds=30, nanos=999_999_999)
    )
    query = parse_query(request)
    assert query.from_time is not None
    assert query.to_time is not None
    assert (query.from_time - EPOCH).total_seconds() == 15.000001
    assert (query.to_time - EPOCH).total_seconds() == 30.999999


def test_a_filter_names_its_field() -> None:
    """The streams and ListLatestQuotes refuse the same names."""
    with pytest.raises(InvalidRequestError) as caught:
        check_filter(InstrumentFilter(venues=["Nope!"]))
    assert [violation.field for violation in caught.value.violations] == ["filter.venues[0]"]


def test_a_list_of_names_is_bounded() -> None:
    """Of each list 10,000 names are taken; more are one violation, not one for each name."""
    names = [f"S{number}" for number in range(10_001)]
    assert parse_query(ListSnapshotsRequest(symbols=names[1:])).symbols == names[1:]
    assert _violated(ListSnapshotsRequest(symbols=names, venues=names)) == ["venues", "symbols"]
    check_filter(InstrumentFilter(symbols=names[1:], assets=names[1:]))
    with pytest.raises(InvalidRequestError) as caught:
        check_filter(InstrumentFilter(venues=names, symbols=names, assets=names))
    assert [violation.field for violation in caught.value.violations] == [
        f"filter.{field}" for field in ("venues", "symbols", "assets")
    ]
