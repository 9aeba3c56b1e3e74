"""The verdict on a pair in one or two sentences, with the numbers that led to it."""

from crossbook._core import LIVE, IdentityPair, LegView, SpreadView
from crossbook.arbitrage.identity import finding_name
from crossbook.arbitrage.messages import reason_name
from crossbook.arbitrage.tuning import ScannerArguments
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.pb.v1 import market_pb2
from crossbook.plumbing.timestamps import SECOND_NS


def explain(spread: SpreadView, limits: ScannerArguments, now_ns: int) -> str:
    """What a trader would want to hear."""
    if spread.reason:
        verdict = f"Refused, {reason_name(spread.reason)}: {_because(spread, limits, now_ns)}."
    elif spread.opportunity_id:
        verdict = f"Published as {spread.opportunity_id} while net is at least {_percent(_threshold(spread, limits))}."
    else:
        verdict = f"Would be published: net is at least {_percent(_threshold(spread, limits))}."
    return f"{_numbers(spread)} {verdict}"


def explain_unknown(asset: str, buy_venue: str, sell_venue: str) -> str:
    """For a pair of which a leg has never been seen."""
    return f"Refused, UNKNOWN_LEG: no quote of {asset} has come from {buy_venue}, from {sell_venue}, or from both."


def _numbers(spread: SpreadView) -> str:
    buy, sell = spread.buy, spread.sell
    if not (buy.price > 0 and sell.price > 0):
        return f"{spread.asset} cannot be bought on {buy.venue} and sold on {sell.venue} now: a price is missing."
    return (
        f"Buy {spread.asset} on {buy.venue} at {buy.price:.10g}, sell on {sell.venue} at {sell.price:.10g}"
        f"{_converted(spread)}: "
        f"gross {_percent(spread.gross_percent)}, less {_percent(spread.entry_fees_percent)} to enter "
        f"and {_percent(spread.exit_fees_percent)} to leave, net {_percent(spread.net_percent)}."
    )


def _because(spread: SpreadView, limits: ScannerArguments, now_ns: int) -> str:
    buy, sell = spread.buy, spread.sell
    skew_seconds = abs(buy.receive_ns - sell.receive_ns) / SECOND_NS
    notional = spread.executable_size * buy.price
    texts = {
        pb.REFUSAL_REASON_NOT_LIVE: _not_live(spread),
        pb.REFUSAL_REASON_EMPTY_SIDE: "a book has no bid or no ask",
        pb.REFUSAL_REASON_TOO_OLD: f"{_ages(spread, now_ns)}, the limit is {limits['max_age_ns'] / SECOND_NS:g} s",
        pb.REFUSAL_REASON_SKEWED: f"the quotes are {skew_seconds:.3f} s apart, "
        f"the limit is {limits['max_skew_ns'] / SECOND_NS:g} s",
        pb.REFUSAL_REASON_FEE_UNKNOWN: f"the taker fee of {_fee_unknown(spread)} is not known and counts as none above",
        pb.REFUSAL_REASON_RATE_UNKNOWN: _rate_unknown(spread, limits, now_ns),
        pb.REFUSAL_REASON_MIDS_APART: _mids_apart(spread, limits, now_ns),
        pb.REFUSAL_REASON_IDENTITY_SUSPECT: "the mids differed by more than "
        f"{_percent(limits['max_mid_difference_percent'])} for {limits['suspect_after_ns'] / SECOND_NS:g} s, so these "
        f"may not be the same asset: confirm or deny {finding_of(spread)} with DecideIdentity",
        pb.REFUSAL_REASON_IDENTITY_DENIED: "an operator says that these are not the same asset: "
        f"{finding_of(spread)} holds why",
        pb.REFUSAL_REASON_RELAYED_BOOK: f"{buy.venue} and {sell.venue} show the same books, one relays the other",
        pb.REFUSAL_REASON_DEPEGGED: _depegged(spread, limits),
        pb.REFUSAL_REASON_TOO_SMALL: f"{spread.executable_size:g} {spread.asset} can be traded, "
        f"{notional:.2f} {buy.quote_currency}, the least is {limits['min_notional']:g}",
        pb.REFUSAL_REASON_BELOW_LOT: "what the books hold at prices that pay is less than a lot of both legs",
        pb.REFUSAL_REASON_BELOW_MIN_NOTIONAL: "what the books hold at prices that pay is worth less than the smallest "
        f"order of {buy.venue} or {sell.venue}",
        pb.REFUSAL_REASON_BELOW_MIN_SIZE: "what the books hold at prices that pay is less than the smallest order of "
        f"{buy.venue} or {sell.venue}",
        pb.REFUSAL_REASON_BEYOND_PRICE_LIMIT: "a leg's venue takes no orders at its best price now",
        pb.REFUSAL_REASON_NOT_TRADING: "a leg's venue says that its market takes no orders that take",
        pb.REFUSAL_REASON_DELISTING: "a leg's venue says that its market ends soon",
        pb.REFUSAL_REASON_CONTRACT_CHANGED: "a leg's contract is not worth what its sizes were computed with",
        pb.REFUSAL_REASON_LIMITS_UNKNOWN: "what a leg's venue asks of orders is not known, and "
        "arbitrage.assume_no_limits is off",
        pb.REFUSAL_REASON_BELOW_THRESHOLD: f"net is below {_percent(_threshold(spread, limits))}",
        pb.REFUSAL_REASON_TOO_GOOD: f"net is above {_percent(limits['max_net_percent'])}, which cannot be true",
        pb.REFUSAL_REASON_CROSSED: "a book's own bid is at or above its ask",
    }
    return texts[pb.RefusalReason.ValueType(spread.reason)]


def finding_of(spread: SpreadView) -> str:
    """Resource name of the pair's identity finding, when it is refused for its identity."""
    if spread.reason not in (pb.REFUSAL_REASON_IDENTITY_SUSPECT, pb.REFUSAL_REASON_IDENTITY_DENIED):
        return ""
    buy, sell = spread.buy, spread.sell
    return finding_name(IdentityPair(spread.asset, (buy.venue, buy.symbol), (sell.venue, sell.symbol)))


def _mids_apart(spread: SpreadView, limits: ScannerArguments, now_ns: int) -> str:
    since_ns, after_s = spread.mids_apart_since_ns, limits["suspect_after_ns"] / SECOND_NS
    lasting = f", for {(now_ns - since_ns) / SECOND_NS:.1f} s now" if since_ns else ""
    return (
        f"the mids differ by {_percent(spread.mid_difference_percent)}{lasting}, the limit is "
        f"{_percent(limits['max_mid_difference_percent'])}; after {after_s:g} s an operator has to decide"
    )


def _rate_unknown(spread: SpreadView, limits: ScannerArguments, now_ns: int) -> str:
    rate = spread.conversion
    currencies = (
        f"from {spread.sell.quote_currency or 'an unnamed currency'} "
        f"to {spread.buy.quote_currency or 'an unnamed currency'}"
    )
    if rate is None or not rate.is_known:
        return f"no rate is known {currencies}"
    limit = f"the limit is {limits['max_rate_age_ns'] / SECOND_NS:g} s"
    if not rate.quote_ns:
        return f"the markets that give the rate {currencies} have no price now"
    return f"the rate {currencies} is {(now_ns - rate.quote_ns) / SECOND_NS:.1f} s old, {limit}"


def _depegged(spread: SpreadView, limits: ScannerArguments) -> str:
    rate = spread.conversion
    currencies = f"{rate.from_currency} is {rate.rate:.6g} {rate.to_currency}" if rate else "the rate is far from 1"
    return f"{currencies}, more than {_percent(limits['max_depeg_percent'])} from 1"


def _converted(spread: SpreadView) -> str:
    """The rate in the numbers, where there is one."""
    rate = spread.conversion
    if rate is None or not rate.is_known:
        return ""
    source = ", by the setting" if rate.is_assumed else ""
    return f" (1 {rate.from_currency} = {rate.rate:.6g} {rate.to_currency}{source})"


def _not_live(spread: SpreadView) -> str:
    legs = [leg for leg in (spread.buy, spread.sell) if leg.state != LIVE]
    return " and ".join(f"the book of {leg.venue} is {_state_name(leg)}" for leg in legs)


def _state_name(leg: LegView) -> str:
    return market_pb2.BookState.Name(market_pb2.BookState.ValueType(leg.state)).removeprefix("BOOK_STATE_")


def _ages(spread: SpreadView, now_ns: int) -> str:
    ages = {leg.venue: (now_ns - leg.receive_ns) / SECOND_NS for leg in (spread.buy, spread.sell)}
    return " and ".join(f"the quote of {venue} is {age:.3f} s old" for venue, age in ages.items())


def _fee_unknown(spread: SpreadView) -> str:
    return " and ".join(leg.venue for leg in (spread.buy, spread.sell) if leg.taker_fee_percent is None)


def _threshold(spread: SpreadView, limits: ScannerArguments) -> float:
    return limits["close_net_percent"] if spread.opportunity_id else limits["open_net_percent"]


def _percent(value: float) -> str:
    return f"{value:.4f} %"
