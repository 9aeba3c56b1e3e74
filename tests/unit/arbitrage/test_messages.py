"""What the core encodes is what the scanner holds, field by field, in the messages of arbitrage.proto."""

import pytest

from crossbook._core import STALE, LegView, OpportunityEvent, Scanner, SpreadView
from crossbook.arbitrage.messages import to_event, to_opportunity
from crossbook.arbitrage.tuning import ScannerArguments, new_scanner
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.timestamps import SECOND_NS, from_duration, from_timestamp
from tests.support.aggregator.fanout import Tick, payload

NOW_NS = 1_700_000_000 * SECOND_NS + 123_456_789
CHEAP = Tick("cheap", 99.9, 100.0, receive_ns=NOW_NS)
# A market of one dollar in another gives the rate between the legs' currencies.
DEAR = Tick("dear", 101.0, 101.1, quote_currency="USDC", receive_ns=NOW_NS + 7)
RATE = Tick("rates", 1.001, 1.002, asset="USDC", receive_ns=NOW_NS - SECOND_NS)
FIELDS_SET_BY_OTHERS = {"cooldown", "life", "sanity"}


@pytest.fixture
def scanner(arguments: ScannerArguments) -> Scanner:
    return new_scanner(arguments)


def opened(scanner: Scanner) -> OpportunityEvent:
    """Of two legs in two currencies."""
    (event,) = scanner.on_batch(payload(RATE, CHEAP, DEAR), NOW_NS + 9)
    return event


def is_same_leg(leg: pb.Leg, view: LegView) -> bool:
    """Every field."""
    return (
        leg.venue,
        leg.symbol,
        leg.price,
        leg.size,
        leg.taker_fee_percent,
        leg.quote_currency,
        from_timestamp(leg.receive_time),
    ) == (view.venue, view.symbol, view.price, view.size, view.taker_fee_percent, view.quote_currency, view.receive_ns)


def assert_same(found: pb.Opportunity, view: SpreadView, at_ns: int) -> None:
    """Every field of the message, but what others set."""
    assert {field.name for field, _ in found.ListFields()} >= set(pb.Opportunity.DESCRIPTOR.fields_by_name) - {
        *FIELDS_SET_BY_OTHERS,
        "is_depegged",  # false is not written
        "dislocated_venue",  # neither leg is off
        "dislocation_percent",
    }
    assert found.sizing.unknown_reason == pb.REFUSAL_REASON_NO_DEPTH
    assert (found.id, found.asset) == (view.opportunity_id, view.asset)
    assert is_same_leg(found.buy, view.buy)
    assert is_same_leg(found.sell, view.sell)
    costs = found.costs
    assert (costs.gross_percent, costs.entry_fees_percent) == (view.gross_percent, view.entry_fees_percent)
    assert (costs.exit_fees_percent, costs.net_percent) == (view.exit_fees_percent, view.net_percent)
    assert (found.executable_size, found.peak_net_percent) == (view.executable_size, view.peak_net_percent)
    assert found.executable_notional == view.executable_size * view.buy.price
    assert from_timestamp(found.open_time) == view.open_ns
    assert view.conversion is not None
    told, known = found.conversion, view.conversion
    assert (told.from_currency, told.to_currency, told.rate) == (known.from_currency, known.to_currency, known.rate)
    assert (told.is_assumed, found.is_depegged) == (known.is_assumed, known.is_depegged)
    assert from_duration(told.age) == at_ns - known.quote_ns


def test_an_event_is_told_as_it_is(scanner: Scanner) -> None:
    """OPENED with everything; CLOSED with its reason and its life."""
    event = opened(scanner)
    message = to_event(event)
    assert (message.kind, message.close_reason) == (pb.OPPORTUNITY_EVENT_KIND_OPENED, 0)
    assert not message.HasField("duration")
    assert (from_timestamp(message.event_time), from_timestamp(message.cause_time)) == (event.event_ns, event.cause_ns)
    assert_same(message.opportunity, event.spread, event.event_ns)
    stale = Tick("dear", 0, 0, quote_currency="USDC", state=STALE, receive_ns=NOW_NS + SECOND_NS)
    (event,) = scanner.on_batch(payload(stale), NOW_NS + SECOND_NS)
    message = to_event(event)
    assert (message.kind, message.close_reason) == (pb.OPPORTUNITY_EVENT_KIND_CLOSED, pb.REFUSAL_REASON_NOT_LIVE)
    assert from_duration(message.duration) == event.duration_ns > 0


def test_a_token_is_added_and_the_getters_are_those_of_the_spread(scanner: Scanner) -> None:
    """What the log asks of every event without copying it."""
    event = opened(scanner)
    (told,) = pb.WatchOpportunitiesResponse.FromString(event.encode("a token")).events
    assert told.resume_token == "a token"
    spread = event.spread
    assert (event.opportunity_id, event.asset, event.net_percent) == (
        spread.opportunity_id,
        spread.asset,
        spread.net_percent,
    )
    assert (event.buy_venue, event.sell_venue) == (spread.buy.venue, spread.sell.venue)


def test_an_answer_bears_its_cooldown(scanner: Scanner) -> None:
    """The scanner knows none: whoever answers adds it."""
    event, at_ns = opened(scanner), NOW_NS + 2 * SECOND_NS
    cooldown = pb.CooldownState(is_active=True, rule="alertRules/r", is_known=True)
    found = to_opportunity(event.spread, at_ns, cooldown)
    assert found.cooldown == cooldown
    assert_same(found, event.spread, at_ns)
