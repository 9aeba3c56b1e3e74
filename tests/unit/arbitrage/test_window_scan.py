"""Spreads from closed windows: the scanner's own maths under the windows' own limits."""

import pytest

from crossbook._core import IdentityPair, Instrument, Scanner
from crossbook.arbitrage.live import Identities
from crossbook.arbitrage.store.windows import WindowPrice, WindowStore
from crossbook.arbitrage.tuning import ScannerArguments
from crossbook.arbitrage.window_scan import MAX_AGE_WINDOWS, scan_windows
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.timestamps import MINUTE_NS, SECOND_NS

NOW_NS = 1_750_000_000 * SECOND_NS // MINUTE_NS * MINUTE_NS
WINDOW_NS = 15 * SECOND_NS


class Windows(WindowStore):
    """The newest windows and minutes that the test says."""

    def __init__(self, snapshots: list[WindowPrice], minutes: list[WindowPrice] | None = None) -> None:
        self.snapshots = snapshots
        self.minutes = minutes or []
        self.since_ns = 0

    async def latest_snapshots(self, since_ns: int) -> list[WindowPrice]:
        self.since_ns = since_ns
        return self.snapshots

    async def latest_minutes(self, since_ns: int) -> list[WindowPrice]:
        self.since_ns = since_ns
        return self.minutes


def price(venue: str, bid: float, ask: float, end_ns: int = NOW_NS, **given: float) -> WindowPrice:
    """Of BTC; a window of 15 seconds with sizes at its end."""
    instrument = Instrument(
        venue=venue,
        symbol="BTC/USDT:USDT",
        native_symbol="BTCUSDT",
        asset="BTC",
        quote_currency="USDT",
        settle_currency="USDT",
        taker_fee_percent=0.05,
    )
    return WindowPrice(
        instrument=instrument,
        end_ns=end_ns,
        window_ns=int(given.get("window_ns", WINDOW_NS)),
        bid=bid,
        ask=ask,
        bid_size=given.get("size", 5.0),
        ask_size=given.get("size", 5.0),
    )


async def scan(
    store: Windows,
    arguments: ScannerArguments,
    source: pb.PriceSource.ValueType = pb.PRICE_SOURCE_SNAPSHOT,
    identities: Identities = (),
) -> Scanner:
    return await scan_windows(store, source, arguments, identities, b"", NOW_NS)


CHEAP, DEAR = price("cheap", 99.9, 100.0), price("dear", 101.0, 101.1)


async def test_a_spread_of_two_windows_is_the_scanners(arguments: ScannerArguments) -> None:
    """Gross and net of their prices, sizes as at their end; nothing is opened for what is past."""
    store = Windows([CHEAP, DEAR])
    scanner = await scan(store, arguments)
    spread, _ = scanner.list_spreads(NOW_NS)  # and the way back
    assert (spread.buy.venue, spread.buy.price, spread.sell.venue, spread.sell.price) == ("cheap", 100.0, "dear", 101.0)
    assert spread.gross_percent == pytest.approx(1.0)
    assert spread.executable_size == 5.0
    assert scanner.open_opportunities() == []
    assert NOW_NS - store.since_ns == (MAX_AGE_WINDOWS + 1) * MINUTE_NS


async def test_minutes_are_read_as_minutes_and_need_no_size(arguments: ScannerArguments) -> None:
    """An average has none, and the least notional does not apply to it."""
    prices = [price(one.instrument.venue, one.bid, one.ask, window_ns=MINUTE_NS, size=0.0) for one in (CHEAP, DEAR)]
    scanner = await scan(Windows([], prices), arguments, pb.PRICE_SOURCE_MINUTE)
    assert [spread.executable_size for spread in scanner.list_spreads(NOW_NS)] == [0.0, 0.0]
    assert (await scan(Windows([], prices), arguments)).list_spreads(NOW_NS) == []


@pytest.mark.parametrize(("windows_apart", "is_found"), [(0, True), (1, True), (2, False)])
async def test_legs_may_be_one_window_apart(arguments: ScannerArguments, windows_apart: int, is_found: bool) -> None:
    """Venues close theirs at slightly different moments."""
    late = price("dear", 101.0, 101.1, NOW_NS - windows_apart * WINDOW_NS)
    scanner = await scan(Windows([CHEAP, late]), arguments)
    assert bool(scanner.list_spreads(NOW_NS)) == is_found


@pytest.mark.parametrize(("windows_old", "is_found"), [(3, True), (4, False)])
async def test_a_window_may_be_three_of_its_length_old(
    arguments: ScannerArguments, windows_old: int, is_found: bool
) -> None:
    """Counted from its end."""
    end_ns = NOW_NS - windows_old * WINDOW_NS
    scanner = await scan(Windows([price("cheap", 99.9, 100.0, end_ns), price("dear", 101.0, 101.1, end_ns)]), arguments)
    assert bool(scanner.list_spreads(NOW_NS)) == is_found


async def test_a_pair_that_was_denied_is_no_spread_of_windows_either(arguments: ScannerArguments) -> None:
    """What operators decided about identities holds here as well."""
    symbol = "BTC/USDT:USDT"
    pair = IdentityPair("BTC", ("cheap", symbol), ("dear", symbol))
    denied = [(pair, pb.IDENTITY_STATE_DENIED)]
    assert (await scan(Windows([CHEAP, DEAR]), arguments, identities=denied)).list_spreads(NOW_NS) == []


async def test_without_windows_there_is_no_spread(arguments: ScannerArguments) -> None:
    """A new installation has none."""
    assert (await scan(Windows([]), arguments)).list_spreads(NOW_NS) == []
