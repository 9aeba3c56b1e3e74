"""The hub: what readers are given, and what they may be spared."""

import threading

from crossbook._core import CLOSED, LIVE, RESYNCING, QuoteHub, VenueWindows
from crossbook.pb.v1.aggregator_pb2 import SubscribeQuoteBatchesResponse
from tests.support.aggregator.quote_stream import QuoteStream, batch_request, hello_request


class Fed:
    """A hub with one venue's stream."""

    def __init__(self, hub: QuoteHub, venue: str, instruments: int = 3) -> None:
        self.stream = QuoteStream(venue, instruments=instruments)
        self.windows = VenueWindows(venue, 15, hub)
        self.windows.on_hello(hello_request(self.stream.hello(1)))

    def feed(self, *states: int) -> None:
        """Quotes of one instrument in these states."""
        batch = self.stream.next_batch(rows=len(states))
        batch.symbol_index[:] = [0] * len(states)
        batch.state = bytes(states)
        self.windows.on_batch(batch_request(batch))


def decoded(payload: bytes | None) -> SubscribeQuoteBatchesResponse:
    assert payload is not None
    return SubscribeQuoteBatchesResponse.FromString(payload)


def test_the_first_batch_holds_everything_known_and_symbols_come_once() -> None:
    hub = QuoteHub()
    a, b = Fed(hub, "a"), Fed(hub, "b")
    a.feed(LIVE)
    b.feed(LIVE)
    reader = hub.subscribe()
    first = decoded(reader.take_batch()).batch
    assert [entry.instrument.venue for entry in first.symbols] == ["a", "b"]
    assert first.symbols[0].instrument == a.stream.entries[0].instrument
    assert (first.sequence, len(first.state), first.venue) == (1, 2, "")
    assert first.watermark_ns == max(a.windows.watermark_ns, b.windows.watermark_ns)
    assert reader.take_batch() is None
    b.feed(LIVE)
    second = decoded(reader.take_batch()).batch
    assert (second.sequence, list(second.symbols), len(second.state)) == (2, [], 1)


def test_the_newest_wins_but_a_change_of_state_is_kept() -> None:
    hub = QuoteHub()
    fed = Fed(hub, "a")
    reader = hub.subscribe()
    fed.feed(LIVE, LIVE, RESYNCING, LIVE, LIVE)
    assert (reader.pending_rows, reader.conflated_quotes) == (3, 2)
    response = decoded(reader.take_batch())
    assert list(response.batch.state) == [LIVE, RESYNCING, LIVE]
    assert response.conflated_quotes == 2


def test_what_waits_is_bounded_however_often_the_state_changes() -> None:
    hub = QuoteHub()
    fed = Fed(hub, "a")
    reader = hub.subscribe()
    for _ in range(50):
        fed.feed(LIVE, RESYNCING)
    assert reader.pending_rows <= 4
    rows = reader.take_rows(100)
    assert rows[-1].state == RESYNCING
    assert len(rows) + reader.conflated_quotes == 100


def test_filters_restrict_readers_and_latest() -> None:
    hub = QuoteHub()
    a, b = Fed(hub, "a"), Fed(hub, "b")
    reader = hub.subscribe(venues=["b"], assets=["COIN0"])
    a.feed(LIVE)
    b.feed(LIVE)
    assert [row.venue for row in reader.take_rows(9)] == ["b"]
    assert [row.venue for row in hub.latest()] == ["a", "b"]
    assert [row.venue for row in hub.latest(venues=["a"])] == ["a"]
    assert hub.latest(symbols=["COIN1/USDT:USDT"]) == []


def test_rows_carry_the_quote_and_its_names() -> None:
    hub = QuoteHub()
    fed = Fed(hub, "a")
    batch = fed.stream.next_batch(rows=1)
    fed.windows.on_batch(batch_request(batch))
    [row] = hub.subscribe().take_rows(1)
    assert (row.venue, row.symbol, row.asset) == ("a", "COIN0/USDT:USDT", "COIN0")
    assert (row.bid, row.bid_size, row.ask, row.ask_size) == (
        batch.bid[0],
        batch.bid_size[0],
        batch.ask[0],
        batch.ask_size[0],
    )
    assert (row.state, row.exchange_ns, row.receive_ns) == (batch.state[0], batch.exchange_ns[0], batch.receive_ns[0])


def test_a_venue_without_its_tracker_is_closed_until_the_stream_resumes() -> None:
    hub = QuoteHub()
    fed = Fed(hub, "a")
    fed.feed(LIVE)
    [before] = hub.latest()
    fed.windows.on_disconnected(before.receive_ns + 5)
    [gone] = hub.latest()
    assert (gone.state, gone.bid, gone.receive_ns) == (CLOSED, 0.0, before.receive_ns + 5)
    fed.windows.on_hello(hello_request(fed.stream.hello(1)))
    [after] = hub.latest()
    assert (after.state, after.bid, after.receive_ns) == (LIVE, before.bid, before.receive_ns)


def test_a_closed_subscription_gives_nothing() -> None:
    hub = QuoteHub()
    fed = Fed(hub, "a")
    reader = hub.subscribe()
    fed.feed(LIVE)
    reader.close()
    reader.close()
    assert (reader.take_batch(), reader.take_rows(9), reader.pending_rows) == (None, [], 0)


def test_a_reader_on_another_thread_misses_no_newest_quote() -> None:
    hub = QuoteHub()
    fed = Fed(hub, "a")
    reader = hub.subscribe()
    taken: list[int] = []
    is_over = threading.Event()

    def read() -> None:
        while True:
            was_over = is_over.is_set()
            taken.extend(row.receive_ns for row in reader.take_rows(100))
            if was_over:
                return

    thread = threading.Thread(target=read)
    thread.start()
    for _ in range(300):
        fed.feed(LIVE, RESYNCING, LIVE)
    is_over.set()
    thread.join()
    assert taken[-1] == hub.latest()[0].receive_ns
    assert taken == sorted(taken)
    assert len(taken) + reader.conflated_quotes == 900
