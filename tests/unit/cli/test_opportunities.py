"""How `crossbook opportunities` reads what it is given; its answers are rows.py's."""

from datetime import datetime

import pytest
import typer
from typer.testing import CliRunner

from crossbook.cli.main import app
from crossbook.cli.opportunities import grouping, milliseconds, moment
from crossbook.pb.v1 import arbitrage_pb2


def test_a_time_is_meant_as_utc() -> None:
    """And what is not given is not restricted."""
    given = moment(datetime(2026, 11, 30, 18, 0))
    assert given is not None
    assert given.ToJsonString() == "2026-11-30T18:00:00Z"
    assert moment(None) is None


def test_groupings_and_latencies_are_read_or_refused() -> None:
    """With the option's name."""
    assert grouping("pair") == arbitrage_pb2.LIFE_GROUPING_VENUE_PAIR
    assert milliseconds("0.5") == 500_000
    for read, text in ((grouping, "venue"), (milliseconds, "x"), (milliseconds, "inf")):
        with pytest.raises(typer.BadParameter):
            read(text)


def test_a_wrong_option_ends_before_anything_is_asked() -> None:
    """Exit code 2."""
    for arguments in (["stats", "--by", "venue"], ["stats", "--latency-ms", "soon"], ["history", "--from", "today"]):
        assert CliRunner().invoke(app, ["opportunities", *arguments]).exit_code == 2
