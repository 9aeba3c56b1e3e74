"""Messages as people type them."""

import pytest
import typer

from crossbook.cli.messages import as_message
from crossbook.pb.v1.arbitrage_pb2 import OpportunityFilter


def test_json_becomes_the_message_by_either_spelling_of_a_name() -> None:
    """As in REST and as in the protos."""
    text = '{"minProfit": 5, "depth_within_bps": 10, "minDepth": 7, "minLife": "2s"}'
    read = as_message("--filter", text, OpportunityFilter())
    assert (read.min_profit, read.depth_within_bps, read.min_depth, read.min_life.seconds) == (5, 10, 7, 2)


@pytest.mark.parametrize("text", ["", "[", '{"minProft": 5}', '{"minProfit": "x"}'])
def test_anything_else_names_the_option(text: str) -> None:
    """With what is wrong."""
    with pytest.raises(typer.BadParameter, match="no OpportunityFilter as JSON") as refused:
        as_message("--filter", text, OpportunityFilter())
    assert refused.value.param_hint == "--filter"
