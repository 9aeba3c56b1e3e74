"""Messages as rows for people and as JSON for programs."""

import json

import pytest

from crossbook.cli import rows
from crossbook.pb.v1 import aggregator_pb2, alerts_pb2, arbitrage_pb2, market_pb2
from crossbook.plumbing.timestamps import to_duration, to_timestamp
from tests.support.local.observed import opportunity

MOMENT = to_timestamp(1_795_214_495_123_000_000)
QUOTE = market_pb2.Quote(
    venue="binance",
    symbol="BTC/USDT:USDT",
    asset="BTC",
    bid=61834.1,
    bid_size=1.25,
    ask=61834.2,
    ask_size=0.5,
    state=market_pb2.BOOK_STATE_LIVE,
    receive_time=MOMENT,
)


def test_a_quote_is_one_row_under_its_head() -> None:
    """With its columns in their places."""
    row = rows.quote(QUOTE)
    assert row.split()[1:] == ["binance", "BTC/USDT:USDT", "61834.1", "1.25", "61834.2", "0.5", "LIVE"]
    assert row.index("LIVE") == rows.QUOTE_HEAD.index("state")
    assert row.split()[0].endswith(".123")


def test_an_opportunity_event_is_one_row() -> None:
    """Event, asset, both legs, profit."""
    event = arbitrage_pb2.OpportunityEvent(
        kind=arbitrage_pb2.OPPORTUNITY_EVENT_KIND_OPENED, opportunity=opportunity("BTC"), event_time=MOMENT
    )
    row = rows.opportunity_event(event)
    assert row.split()[1:7] == ["OPENED", "BTC", "venue00", "61834.123", "venue01", "62001.988"]
    assert row.index("0.457") + len("0.457") == rows.OPPORTUNITY_HEAD.index("gross %") + len("gross %")


def test_an_alert_is_one_row() -> None:
    """With the rule that fired."""
    row = rows.alert(alerts_pb2.Alert(rule="alertRules/big", opportunity=opportunity("BTC"), fire_time=MOMENT))
    assert row.split()[1:] == ["BTC", "venue00", "venue01", "0.234", "alertRules/big"]


def test_an_explanation_ends_with_the_verdict() -> None:
    """After the numbers that led to it."""
    answer = arbitrage_pb2.ExplainSpreadResponse(
        opportunity=opportunity("BTC"),
        reason=arbitrage_pb2.REFUSAL_REASON_TOO_OLD,
        explanation="Refused, TOO_OLD: it is old.",
        buy_age=to_duration(12_000_000),
        sell_age=to_duration(1_500_000_000),
    )
    text = rows.explanation(answer)
    assert "ages 0.012 s and 1.500 s" in text
    assert "net 0.2345 %" in text
    assert text.splitlines()[-1] == "Refused, TOO_OLD: it is old."


def test_a_pair_that_nobody_quotes_has_no_numbers() -> None:
    """Zeros would look like some."""
    answer = arbitrage_pb2.ExplainSpreadResponse(
        opportunity=opportunity("BTC"), reason=arbitrage_pb2.REFUSAL_REASON_UNKNOWN_LEG, explanation="nobody"
    )
    assert rows.explanation(answer) == "nobody"


def test_json_is_one_line_with_the_names_of_the_proto() -> None:
    """Fields that are zero are there too."""
    text = rows.as_json(aggregator_pb2.WatchQuotesResponse(quote=QUOTE))
    assert "\n" not in text
    fields = json.loads(text)
    assert fields["quote"]["bid_size"] == 1.25
    assert fields["quote"]["state"] == "BOOK_STATE_LIVE"
    assert fields["conflated_quotes"] == "0"


def test_only_people_get_a_head(capsys: pytest.CaptureFixture[str]) -> None:
    """A program reads JSON from the first line on."""
    for is_json, lines in ((False, 2), (True, 1)):
        rows.Printer(is_json, rows.QUOTE_HEAD, rows.quote).show(QUOTE)
        assert len(capsys.readouterr().out.splitlines()) == lines


def test_a_life_is_one_row_that_says_whether_only_its_watch_ended() -> None:
    """With a star."""
    life = arbitrage_pb2.OpportunityLife(
        asset="BTC",
        buy_venue="binance",
        sell_venue="okx",
        open_time=MOMENT,
        close_time=MOMENT,
        duration=to_duration(1_500_000_000),
        close_reason=arbitrage_pb2.REFUSAL_REASON_NOT_LIVE,
        is_censored=True,
        opening_net_percent=0.2,
        peak_net_percent=0.3,
        opening_notional=12_345.0,
    )
    assert rows.life(life).split()[2:] == ["1.500", "BTC", "binance", "okx", "0.200", "0.300", "12,345", "NOT_LIVE*"]
    life.ClearField("close_time")
    assert rows.life(life).split()[-1] == "open"


def test_statistics_are_one_row_a_group_with_two_columns_a_latency() -> None:
    """Under their head."""
    capture = arbitrage_pb2.LatencyCapture(latency=to_duration(180_000_000), alive_share=0.5, mean_net_percent=0.1)
    found = arbitrage_pb2.LifeStatistics(
        asset="BTC", buy_venue="binance", sell_venue="okx", count=7, median_life=to_duration(2_000_000_000),
        mean_opening_net_percent=0.2, peak_net_percent=0.9, captures=[capture],
    )  # fmt: skip
    assert rows.life_statistics(found).split() == [
        "BTC,", "binance", ">", "okx", "7", "2.000", "0.200", "0.900", "50.0%", "0.100",
    ]  # fmt: skip
    assert rows.life_statistics_head([capture.latency]).split()[-6:] == ["alive", "180", "ms", "net", "180", "ms"]
