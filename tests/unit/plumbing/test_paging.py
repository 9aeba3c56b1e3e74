"""Page tokens come back as they went out, for their own query only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossbook.pb.v1 import aggregator_pb2
from crossbook.plumbing.errors import InvalidRequestError
from crossbook.plumbing.paging import decode_token, encode_token, page_limit, pages, query_fingerprint

POSITIONS = st.lists(st.one_of(st.text(), st.integers(), st.none()), max_size=4)


@given(POSITIONS, st.binary())
def test_a_position_survives(position: list[str | int | float | None], fingerprint: bytes) -> None:
    assert decode_token(fingerprint, encode_token(fingerprint, position)) == position


def test_no_token_is_the_first_page() -> None:
    assert decode_token(b"q", "") is None


@given(st.text(min_size=1))
def test_whatever_is_not_a_token_names_the_field(text: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        decode_token(b"q", text)
    assert [violation.field for violation in raised.value.violations] == ["page_token"]


def test_a_token_of_another_query_is_refused() -> None:
    token = encode_token(query_fingerprint(aggregator_pb2.ListSnapshotsRequest(venues=["a"])), ["x"])
    for other in (aggregator_pb2.ListSnapshotsRequest(venues=["b"]), aggregator_pb2.ListMinutesRequest(venues=["a"])):
        with pytest.raises(InvalidRequestError, match="another query"):
            decode_token(query_fingerprint(other), token)


def test_the_page_size_may_change_between_pages() -> None:
    first = aggregator_pb2.ListSnapshotsRequest(venues=["a"], page_size=1)
    second = aggregator_pb2.ListSnapshotsRequest(venues=["a"], page_size=2, page_token="whatever")
    assert query_fingerprint(first) == query_fingerprint(second)


@pytest.mark.parametrize(("size", "rows"), [(0, 100), (1, 1), (1000, 1000)])
def test_a_page_size_of_zero_means_the_default(size: int, rows: int) -> None:
    assert page_limit(size, 100, 1000) == rows


@pytest.mark.parametrize("size", [-1, 1001])
def test_a_page_size_out_of_range_names_the_field(size: int) -> None:
    with pytest.raises(InvalidRequestError, match="page_size"):
        page_limit(size, 100, 1000)


@pytest.mark.parametrize(("most", "seen"), [(None, ["a", "b", "c"]), (2, ["a", "b"])])
async def test_pages_are_asked_for_in_turn_to_the_last_or_the_most(most: int | None, seen: list[str]) -> None:
    """Each with the token that the one before gave, and with whatever the caller has changed meanwhile."""
    following, asked = {"": "a", "a": "b", "b": ""}, []

    async def ask(request: aggregator_pb2.ListMinutesRequest, **how: float) -> aggregator_pb2.ListMinutesResponse:
        asked.append((request.page_token, request.page_size, how["timeout"]))
        return aggregator_pb2.ListMinutesResponse(next_page_token=following[request.page_token])

    request = aggregator_pb2.ListMinutesRequest(page_size=1)
    found = []
    async for page in pages(ask, request, 5.0, most):
        found.append(page.next_page_token)
        request.page_size += 1
    assert [token or "c" for token in found] == seen
    assert asked == [("", 1, 5.0), ("a", 2, 5.0), ("b", 3, 5.0)][: len(seen)]
