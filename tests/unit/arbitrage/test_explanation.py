"""The verdict in words holds the numbers that led to it."""

import pytest

from crossbook._core import RESYNCING, IdentityPair, Scanner
from crossbook.arbitrage.explanation import explain, explain_unknown
from crossbook.arbitrage.identity import finding_name
from crossbook.arbitrage.tuning import ScannerArguments
from crossbook.pb.v1 import arbitrage_pb2 as pb
from tests.support.aggregator.fanout import Tick, payload

NOW_NS = 1_750_000_000_000_000_000
SECOND_NS = 1_000_000_000


def tick(venue: str, bid: float, ask: float, asset: str = "BTC", **changes: object) -> Tick:
    """A quote received now, with changes."""
    return Tick(**{"venue": venue, "bid": bid, "ask": ask, "asset": asset, "receive_ns": NOW_NS, **changes})  # type: ignore[arg-type]


def verdict(arguments: ScannerArguments, *ticks: Tick) -> tuple[int, str]:
    """Reason and words on buying at a and selling at b."""
    scanner = Scanner(**arguments)
    scanner.on_batch(payload(*ticks), NOW_NS)
    spread = scanner.explain("BTC", "a", "b", NOW_NS)
    assert spread is not None
    return spread.reason, explain(spread, arguments, NOW_NS)


BUY = tick("a", 99.9, 100.0)


@pytest.mark.parametrize(
    ("sell", "reason", "words"),
    [
        (tick("b", 0, 0, state=RESYNCING), pb.REFUSAL_REASON_NOT_LIVE, "the book of b is RESYNCING"),
        (tick("b", 101.0, 0), pb.REFUSAL_REASON_EMPTY_SIDE, "a book has no bid or no ask"),
        (tick("b", 101.0, 101.0), pb.REFUSAL_REASON_CROSSED, "own bid is at or above its ask"),
        (
            tick("b", 101.0, 101.1, receive_ns=NOW_NS - 12 * SECOND_NS),
            pb.REFUSAL_REASON_TOO_OLD,
            "the quote of b is 12.000 s old, the limit is 10 s",
        ),
        (
            tick("b", 101.0, 101.1, receive_ns=NOW_NS - 6 * SECOND_NS),
            pb.REFUSAL_REASON_SKEWED,
            "the quotes are 6.000 s apart, the limit is 5 s",
        ),
        (tick("b", 101.0, 101.1, taker_fee_percent=None), pb.REFUSAL_REASON_FEE_UNKNOWN, "the taker fee of b"),
        (tick("b", 101.0, 101.1, quote_currency="EUR"), pb.REFUSAL_REASON_RATE_UNKNOWN, "from EUR to USDT"),
        (
            tick("b", 150.0, 150.1),
            pb.REFUSAL_REASON_MIDS_APART,
            "differ by 50.1251 %, for 0.0 s now, the limit is 30.0000 %; after 60 s an operator has to decide",
        ),
        (
            tick("b", 101.0, 101.1, size=0.5),
            pb.REFUSAL_REASON_TOO_SMALL,
            "0.5 BTC can be traded, 50.00 USDT, the least is 100",
        ),
        (tick("b", 100.1, 100.2), pb.REFUSAL_REASON_BELOW_THRESHOLD, "net is below 0.1000 %"),
    ],
)
def test_each_refusal_says_why(arguments: ScannerArguments, sell: Tick, reason: int, words: str) -> None:
    """The reason code and its numbers are in the sentence."""
    found, text = verdict(arguments, BUY, sell)
    assert found == reason
    assert words in text
    assert pb.RefusalReason.Name(pb.RefusalReason.ValueType(reason)).removeprefix("REFUSAL_REASON_") in text


def test_the_numbers_are_all_there(arguments: ScannerArguments) -> None:
    """Prices, gross, both costs and net stand in the first sentence."""
    _, text = verdict(arguments, BUY, tick("b", 101.0, 101.1))
    assert text.startswith(
        "Buy BTC on a at 100, sell on b at 101: gross 1.0000 %, less 0.1005 % to enter and 0.1005 % to leave, "
        "net 0.7990 %. Published as BTC-a-b-"
    )


def test_a_pair_that_waits_for_its_minimum_life_would_be_published(arguments: ScannerArguments) -> None:
    """It passes the gate, and no lifecycle follows it yet."""
    arguments["min_life_ns"] = SECOND_NS
    assert verdict(arguments, BUY, tick("b", 101.0, 101.1))[1].endswith("Would be published: net is at least 0.1000 %.")


def test_an_unknown_leg_is_said_plainly() -> None:
    """Asset and both venues are named."""
    assert explain_unknown("BTC", "a", "b").startswith("Refused, UNKNOWN_LEG: no quote of BTC has come from a, from b")


def test_the_rate_and_where_it_is_from_are_told(arguments: ScannerArguments) -> None:
    """A live one by its number, an assumed one as such."""
    sell = tick("b", 101.0, 101.1, quote_currency="USDC")
    rate = tick("c", 0.9989, 0.9991, "USDC", size=1e6)
    assert "sell on b at 101 (1 USDC = 0.999 USDT): gross 0.8990 %" in verdict(arguments, rate, BUY, sell)[1]
    assert "sell on b at 101 (1 USDC = 1 USDT, by the setting): gross 1.0000 %" in verdict(arguments, BUY, sell)[1]


@pytest.mark.parametrize(
    ("rate", "reason", "words"),
    [
        (
            tick("c", 0.9989, 0.9991, "USDC", receive_ns=NOW_NS - 61 * SECOND_NS),
            pb.REFUSAL_REASON_RATE_UNKNOWN,
            "the rate from USDC to USDT is 61.0 s old, the limit is 60 s",
        ),
        (tick("c", 0, 0, "USDC", state=RESYNCING), pb.REFUSAL_REASON_RATE_UNKNOWN, "have no price now"),
        (tick("c", 0.98, 0.9802, "USDC"), pb.REFUSAL_REASON_DEPEGGED, "USDC is 0.9801 USDT, more than 1.0000 % from 1"),
    ],
)
def test_a_rate_that_may_not_be_used_says_why(arguments: ScannerArguments, rate: Tick, reason: int, words: str) -> None:
    """Old, gone, or far from 1."""
    found, text = verdict(arguments, rate, BUY, tick("b", 104.0, 104.1, quote_currency="USDC"))
    assert found == reason
    assert words in text


def test_a_relay_is_named(arguments: ScannerArguments) -> None:
    """Both venues show one book."""
    arguments["relays"] = [["b", "a"]]
    found, text = verdict(arguments, BUY, tick("b", 101.0, 101.1))
    assert found == pb.REFUSAL_REASON_RELAYED_BOOK
    assert "a and b show the same books" in text


@pytest.mark.parametrize(
    ("state", "reason", "words"),
    [
        (pb.IDENTITY_STATE_SUSPECT, pb.REFUSAL_REASON_IDENTITY_SUSPECT, "confirm or deny identityFindings/"),
        (pb.IDENTITY_STATE_DENIED, pb.REFUSAL_REASON_IDENTITY_DENIED, "an operator says"),
    ],
)
def test_a_pair_that_was_doubted_names_its_finding(
    arguments: ScannerArguments, state: int, reason: int, words: str
) -> None:
    """The resource name to decide by is in the sentence."""
    scanner = Scanner(**arguments)
    pair = IdentityPair("BTC", ("b", "BTC/USDT:USDT"), ("a", "BTC/USDT:USDT"))
    scanner.set_identities([(pair, state)], NOW_NS)
    scanner.on_batch(payload(BUY, tick("b", 101.0, 101.1)), NOW_NS)
    spread = scanner.explain("BTC", "a", "b", NOW_NS)
    assert spread is not None
    assert spread.reason == reason
    text = explain(spread, arguments, NOW_NS)
    assert words in text
    assert finding_name(pair) in text
