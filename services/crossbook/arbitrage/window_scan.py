"""Spreads from closed windows or minutes: their prices are put to a scanner of their own, so the maths are the same.

Four rules of the gate are the windows' own. A window may be as old as MAX_AGE_WINDOWS of its length, counted from its
end; two legs may be one window apart, because venues close theirs at slightly different moments; and the least notional
does not apply, because an average has no size: the sizes shown are those at the window's end, and 0 for minutes. Rates
are those of the windows too, and may be as old as they. What operators decided about identities holds here as well.
"""

from collections.abc import Sequence

from crossbook._core import LIVE, Scanner
from crossbook.arbitrage.live import Identities
from crossbook.arbitrage.store.windows import WindowPrice, WindowStore
from crossbook.arbitrage.tuning import ScannerArguments, new_scanner
from crossbook.pb.v1 import aggregator_pb2, market_pb2
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.timestamps import MINUTE_NS

MAX_AGE_WINDOWS = 3
MAX_WINDOW_NS = MINUTE_NS
NEVER_NS = 1 << 62


async def scan_windows(
    store: WindowStore,
    source: pb.PriceSource.ValueType,
    arguments: ScannerArguments,
    identities: Identities,
    facts: bytes,
    now_ns: int,
) -> Scanner:
    """A scanner that holds the newest windows, and the facts of now. Raises UnavailableError."""
    since_ns = now_ns - (MAX_AGE_WINDOWS + 1) * MAX_WINDOW_NS
    if source == pb.PRICE_SOURCE_MINUTE:
        prices = await store.latest_minutes(since_ns)
    else:
        prices = await store.latest_snapshots(since_ns)
    window_ns = max((price.window_ns for price in prices), default=MAX_WINDOW_NS)
    scanner = new_scanner(_for_windows(arguments, window_ns))
    scanner.set_identities(identities, now_ns)
    scanner.on_facts(facts, now_ns)
    scanner.on_batch(_payload(prices, now_ns), now_ns)
    return scanner


def _for_windows(arguments: ScannerArguments, window_ns: int) -> ScannerArguments:
    return ScannerArguments(
        **{
            **arguments,
            "min_life_ns": NEVER_NS,  # a past window opens nothing
            "max_age_ns": MAX_AGE_WINDOWS * window_ns,
            "max_skew_ns": window_ns,
            "min_notional": 0.0,
            "assume_no_limits": True,  # nothing of them is ordered
            "max_rate_age_ns": MAX_AGE_WINDOWS * window_ns,
        }
    )


def _payload(prices: Sequence[WindowPrice], now_ns: int) -> bytes:
    """The prices as a batch of quotes received at the end of their windows."""
    batch = market_pb2.QuoteBatch(
        stream_id="windows",
        sequence=1,
        watermark_ns=now_ns,
        symbols=[_entry(index, price) for index, price in enumerate(prices)],
        symbol_index=range(len(prices)),
        receive_ns=[price.end_ns for price in prices],
        exchange_ns=[0] * len(prices),
        bid=[price.bid for price in prices],
        bid_size=[price.bid_size for price in prices],
        ask=[price.ask for price in prices],
        ask_size=[price.ask_size for price in prices],
        state=bytes([LIVE]) * len(prices),
    )
    return aggregator_pb2.SubscribeQuoteBatchesResponse(batch=batch).SerializeToString()


def _entry(index: int, price: WindowPrice) -> market_pb2.SymbolEntry:
    return market_pb2.SymbolEntry(index=index, instrument=market_pb2.Instrument.FromString(price.instrument.encode()))
