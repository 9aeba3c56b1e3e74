"""What a trader hears of sizes."""

from crossbook.arbitrage.sizes import explain_sizes
from crossbook.pb.v1 import arbitrage_pb2 as pb


def opportunity(**sizing: object) -> pb.Opportunity:
    """Of BTC for USDT."""
    return pb.Opportunity(asset="BTC", buy=pb.Leg(quote_currency="USDT"), sizing=pb.Sizing(**sizing))  # type: ignore[arg-type]


def test_sizes_that_are_not_known_are_said_to_be_so() -> None:
    """The reason stands there by its name."""
    text = explain_sizes(opportunity(unknown_reason=pb.REFUSAL_REASON_NO_DEPTH))
    assert text == "How much of it there is is not known, NO_DEPTH."


def test_the_largest_the_most_profitable_and_the_requested_sizes_are_told() -> None:
    """Each with its money; a requested one that cannot be ordered with its reason."""
    text = explain_sizes(
        opportunity(
            threshold_percent=0.1,
            largest=pb.SizedEdge(size=2.5, buy_notional=250),
            most_profitable=pb.SizedEdge(size=1.5, profit=3),
            requested=[
                pb.SizedEdge(requested_notional=100, size=1, net_percent=0.4),
                pb.SizedEdge(requested_notional=9000, refusal=pb.REFUSAL_REASON_BEYOND_DEPTH),
            ],
        )
    )
    assert text == (
        "Up to 2.5 BTC (250.00 USDT) nets 0.1000 %. Profit is highest at 1.5 BTC: 3.00 USDT. "
        "100 USDT buys 1 BTC, net 0.4000 %. 9000 USDT cannot be ordered, BEYOND_DEPTH."
    )


def test_where_the_books_end_there_may_be_more_and_where_nothing_fits_that_is_said() -> None:
    """At least, and why not."""
    assert explain_sizes(
        opportunity(
            is_limited_by_depth=True,
            largest=pb.SizedEdge(size=1, buy_notional=9),
            most_profitable=pb.SizedEdge(refusal=pb.REFUSAL_REASON_BELOW_LOT),
        )
    ).startswith("At least 1 BTC")
    refused = pb.SizedEdge(refusal=pb.REFUSAL_REASON_BELOW_MIN_NOTIONAL)
    text = explain_sizes(opportunity(threshold_percent=0.1, largest=refused, most_profitable=refused))
    assert text == "No size that nets 0.1000 % can be ordered, BELOW_MIN_NOTIONAL."


def test_what_venues_ask_of_orders_is_told_and_what_is_not_known_is_named() -> None:
    """Each leg's limits, the status, and that what is unknown counts as none."""
    found = opportunity(
        unknown_reason=pb.REFUSAL_REASON_NO_DEPTH, unknown_limits=["sell.max_size"], assumed=["sell.max_size"]
    )
    found.buy.MergeFrom(pb.Leg(venue="cheap", facts=pb.LegFacts(status=1, min_size=0.001, min_notional=5)))
    found.sell.MergeFrom(pb.Leg(venue="dear", quote_currency="USDT", facts=pb.LegFacts(max_size=80, min_sell_price=95)))
    assert explain_sizes(found) == (
        "How much of it there is is not known, NO_DEPTH. "
        "cheap is TRADING and takes orders of at least 0.001 BTC, worth at least 5 USDT. "
        "dear takes orders of at most 80 BTC, sold down to 95 USDT. "
        "Not known: sell.max_size. It counts as none, by arbitrage.assume_no_limits."
    )
