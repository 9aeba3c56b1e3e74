"""What an aggregator tells of one instrument besides quotes."""

from crossbook.pb.v1.aggregator_pb2 import WatchInstrumentFactsResponse
from crossbook.pb.v1.facts_pb2 import FactKind, FactState, InstrumentFact, InstrumentFacts, TradingStatus
from crossbook.plumbing.timestamps import now_ns, to_timestamp

SYMBOL = "BTC/USDT:USDT"
KINDS = {
    "mark": FactKind.FACT_KIND_MARK_PRICE,
    "status": FactKind.FACT_KIND_TRADING_STATUS,
    "min_notional": FactKind.FACT_KIND_MIN_NOTIONAL,
    "max_size": FactKind.FACT_KIND_MAX_SIZE,
    "volume": FactKind.FACT_KIND_VOLUME_24H,
    "open_interest": FactKind.FACT_KIND_OPEN_INTEREST,
    "next_funding": FactKind.FACT_KIND_NEXT_FUNDING_TIME,
    "tick_size": FactKind.FACT_KIND_TICK_SIZE,
}
TRADING, HALTED = TradingStatus.TRADING_STATUS_TRADING, TradingStatus.TRADING_STATUS_HALTED


def told_facts(venue: str, symbol: str = SYMBOL, **values: float) -> WatchInstrumentFactsResponse:
    """All of them known, and received now."""
    facts = [
        InstrumentFact(
            kind=KINDS[name], state=FactState.FACT_STATE_KNOWN, value=value, receive_time=to_timestamp(now_ns())
        )
        for name, value in values.items()
    ]
    return WatchInstrumentFactsResponse(instruments=[InstrumentFacts(venue=venue, symbol=symbol, facts=facts)])
