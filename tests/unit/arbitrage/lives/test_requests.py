"""What may be asked about lives."""

import pytest
from google.protobuf.duration_pb2 import Duration

from crossbook.arbitrage.lives.requests import DAY_NS, check_history, check_statistics
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.errors import InvalidRequestError
from crossbook.plumbing.timestamps import SECOND_NS, to_timestamp

NOW = 1_795_214_495 * SECOND_NS


def test_every_wrong_field_of_a_page_is_named() -> None:
    """All at once."""
    with pytest.raises(InvalidRequestError) as refused:
        check_history(
            pb.ListOpportunityHistoryRequest(
                assets=[" "],
                min_peak_net_percent=float("nan"),
                min_duration=Duration(seconds=-1),
                close_reasons=cast_reasons([99]),
                from_time=to_timestamp(2 * SECOND_NS),
                to_time=to_timestamp(SECOND_NS),
            )
        )
    fields = [violation.field for violation in refused.value.violations]
    assert fields == ["assets[0]", "from_time", "min_peak_net_percent", "min_duration", "close_reasons[0]"]


def test_a_page_token_belongs_to_its_query() -> None:
    """Another query's is refused."""
    with pytest.raises(InvalidRequestError, match="page_token"):
        check_history(pb.ListOpportunityHistoryRequest(page_token="abc"))
    with pytest.raises(InvalidRequestError, match="page_size"):
        check_history(pb.ListOpportunityHistoryRequest(page_size=1001))


def test_statistics_are_of_the_last_day_unless_said_otherwise() -> None:
    """With three latencies and a hundred groups."""
    asked = check_statistics(pb.GetOpportunityStatisticsRequest(), NOW)
    assert (asked.query.from_ns, asked.query.to_ns, asked.limit) == (NOW - DAY_NS, NOW, 100)
    assert list(asked.latencies_ns) == [50_000_000, 180_000_000, 500_000_000]


def test_every_wrong_field_of_statistics_is_named() -> None:
    """A grouping twice, a latency below nothing, too many rows."""
    asset = pb.LIFE_GROUPING_ASSET
    with pytest.raises(InvalidRequestError) as refused:
        check_statistics(
            pb.GetOpportunityStatisticsRequest(
                group_by=[asset, asset], latencies=[Duration(seconds=61)], limit=1001, venues=[""]
            ),
            NOW,
        )
    fields = [violation.field for violation in refused.value.violations]
    assert fields == ["venues[0]", "group_by", "latencies[0]", "limit"]


def cast_reasons(numbers: list[int]) -> list[pb.RefusalReason.ValueType]:
    """Numbers that are no reasons, as a client of another version may send them."""
    return [pb.RefusalReason.ValueType(number) for number in numbers]
