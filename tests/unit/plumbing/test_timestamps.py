"""Times survive the way through protobuf's messages to the nanosecond."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossbook.pb.v1 import alerts_pb2
from crossbook.plumbing.timestamps import (
    duration_or,
    from_duration,
    from_timestamp,
    seconds_to_ns,
    to_duration,
    to_timestamp,
)

TIMES = st.integers(min_value=-(2**62), max_value=2**62)


@given(TIMES)
def test_a_moment_survives_exactly(time_ns: int) -> None:
    timestamp = to_timestamp(time_ns)
    assert 0 <= timestamp.nanos < 1_000_000_000
    assert from_timestamp(timestamp) == time_ns


@given(TIMES)
def test_a_span_survives_exactly_and_its_parts_share_a_sign(duration_ns: int) -> None:
    duration = to_duration(duration_ns)
    assert duration.seconds * duration.nanos >= 0
    assert from_duration(duration) == duration_ns


@pytest.mark.parametrize(("seconds", "expected"), [(0.1, 100_000_000), (15, 15_000_000_000), (1e-9, 1)])
def test_seconds_round_to_the_nearest_nanosecond(seconds: float, expected: int) -> None:
    assert seconds_to_ns(seconds) == expected


def test_a_span_that_nobody_has_set_is_the_default_and_one_of_nothing_is_not() -> None:
    """Whoever sets nothing means something else than whoever sets 0."""
    assert duration_or(alerts_pb2.AlertGrouping(), "wait", 7) == 7
    assert duration_or(alerts_pb2.AlertGrouping(wait={}), "wait", 7) == 0  # type: ignore[arg-type]
    assert duration_or(alerts_pb2.AlertGrouping(wait=to_duration(5)), "wait", 7) == 5
