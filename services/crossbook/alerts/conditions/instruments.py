"""Troubles of instruments: those that are not LIVE for long, funding that is far apart, marks far from their index."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from crossbook.alerts.conditions.troubles import new_trouble, told_states
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import facts_pb2, market_pb2
from crossbook.plumbing.timestamps import SECOND_NS, from_duration, from_timestamp

FUNDING = (facts_pb2.FACT_KIND_FUNDING_RATE, facts_pb2.FACT_KIND_FUNDING_INTERVAL)
BASIS = (facts_pb2.FACT_KIND_MARK_PRICE, facts_pb2.FACT_KIND_INDEX_PRICE)
HOUR_SECONDS = 3600
MAX_TOLD = 500  # of one rule at a time

Facts = Iterable[facts_pb2.InstrumentFacts]


class Rate(NamedTuple):
    """What longs pay an hour, in percent of the notional, and where."""

    percent: float
    venue: str
    symbol: str


class NotLive:
    """Since when each instrument is not LIVE, over its changes among the other states."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], tuple[int, market_pb2.Quote]] = {}

    def note(self, quotes: Iterable[market_pb2.Quote]) -> None:
        """The latest of all instruments, as every shard has them: it is LIVE that is LIVE at one."""
        before, found = self._since, {(one.venue, one.symbol, one.state): one for one in quotes}
        live = {(venue, symbol) for venue, symbol, state in found if state == market_pb2.BOOK_STATE_LIVE}
        self._since = {}
        for (venue, symbol, state), quote in found.items():
            key, told_ns = (venue, symbol), from_timestamp(quote.receive_time)
            if key not in live and state != market_pb2.BOOK_STATE_MOVED:
                self._since[key] = (min(told_ns, before[key][0]) if key in before else told_ns, quote)

    def longest(self) -> list[tuple[int, market_pb2.Quote]]:
        """Since when in ns, and which."""
        return sorted(self._since.values(), key=lambda one: one[0])


def stale_instruments(
    rule: pb.AlertRule, not_live: NotLive, venues: Mapping[str, market_pb2.VenueHealth], now_ns: int
) -> Iterator[pb.AlertTrouble]:
    """Instruments that have not been LIVE for too long, the longest first, MAX_TOLD at most.

    Of a venue that is DOWN that alone is told, where the rule tells it: all its instruments are not LIVE then.
    """
    if not rule.feed.HasField("stale_after"):
        return
    after_ns = from_duration(rule.feed.stale_after)
    down = market_pb2.VENUE_STATE_DOWN
    told = {name for name, health in venues.items() if health.state == down and down in told_states(rule)}
    found = (
        (since_ns, quote)
        for since_ns, quote in not_live.longest()
        if now_ns - since_ns >= after_ns and quote.venue not in told and _covers(rule, quote)
    )
    for since_ns, quote in islice(found, MAX_TOLD):
        state = market_pb2.BookState.Name(quote.state).removeprefix("BOOK_STATE_")
        words = f"{quote.venue} {quote.symbol} is {state}, and has not been LIVE for {after_ns / SECOND_NS:g} s"
        yield new_trouble(
            pb.ALERT_REASON_STALE,
            words,
            venue=quote.venue,
            asset=quote.asset,
            part=quote.symbol,
            since_ns=since_ns,
        )


def funding_spreads(rule: pb.AlertRule, facts: Facts) -> Iterator[pb.AlertTrouble]:
    """Assets whose funding at two venues is further apart than the rule says."""
    rates: defaultdict[str, list[Rate]] = defaultdict(list)
    for one in facts:
        known = _known(one)
        if _covers(rule, one) and (found := _rate(known)) is not None:
            rates[one.asset].append(Rate(found, one.venue, one.symbol))
    for asset, each in rates.items():
        low, high = min(each), max(each, key=lambda rate: rate.percent)
        if low.venue == high.venue:  # between venues: an extreme stands against the other venues' own
            low, high = _between_venues(each, low, high)
        apart = high.percent - low.percent
        if low.venue != high.venue and apart >= rule.funding_spread.min_percent_per_hour:
            words = f"{asset} funding is {apart:.4f} % an hour apart: {_said(high)}, {_said(low)}"
            yield new_trouble(pb.ALERT_REASON_FUNDING_SPREAD, words, asset=asset)


def bases(rule: pb.AlertRule, facts: Facts) -> Iterator[pb.AlertTrouble]:
    """Instruments whose mark is further from its index than the rule says, the furthest first, MAX_TOLD at most."""
    found = []
    for one in facts:
        known = _known(one)
        mark, index = (known.get(kind, 0.0) for kind in BASIS)
        if _covers(rule, one) and mark > 0 and index > 0:
            percent = (mark / index - 1) * 100
            if abs(percent) >= rule.basis.min_percent:
                words = f"{one.venue} {one.symbol}: mark {mark:.8g} is {percent:+.3f} % from its index {index:.8g}"
                found.append((abs(percent), words, one))
    for _, words, one in islice(sorted(found, key=lambda each: -each[0]), MAX_TOLD):
        yield new_trouble(pb.ALERT_REASON_BASIS, words, venue=one.venue, asset=one.asset, part=one.symbol)


def _between_venues(each: list[Rate], low: Rate, high: Rate) -> tuple[Rate, Rate]:
    others = [rate for rate in each if rate.venue != low.venue]
    if not others:
        return low, high
    pairs = ((low, max(others)), (min(others), high))
    return max(pairs, key=lambda pair: pair[1].percent - pair[0].percent)


def _rate(known: Mapping[int, float]) -> float | None:
    rate, interval = (known.get(kind) for kind in FUNDING)
    return None if rate is None or not interval else rate * HOUR_SECONDS / interval


def _known(one: facts_pb2.InstrumentFacts) -> dict[int, float]:
    """What is STALE may be of yesterday, so it does not count."""
    return {fact.kind: fact.value for fact in one.facts if fact.state == facts_pb2.FACT_STATE_KNOWN}


def _covers(rule: pb.AlertRule, one: market_pb2.Quote | facts_pb2.InstrumentFacts) -> bool:
    return (
        (not rule.venues or one.venue in rule.venues)
        and (not rule.assets or one.asset in rule.assets)
        and (not rule.symbols or one.symbol in rule.symbols)
    )


def _said(rate: Rate) -> str:
    return f"{rate.venue} {rate.symbol} {rate.percent:+.4f} %"
