"""The venue face of the core: profiles, market lists, feeds and the stream that leaves them."""

import random

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from crossbook._core import (
    CLOSED,
    LIVE,
    RESYNCING,
    Fetch,
    Instrument,
    InvalidSettingError,
    Open,
    PayloadError,
    Report,
    Send,
    UnknownInstrumentError,
    UnknownVenueError,
    VenueFeed,
    next_market_request,
    parse_markets,
    venue_profiles,
)
from crossbook.pb.v1 import aggregator_pb2, market_pb2, tracker_pb2

GREETING = b'{"session_id":"x","type":"connected"}'


def instrument(venue: str = "lighter", native: str = "1") -> Instrument:
    return Instrument(
        venue=venue,
        symbol=f"A{native}/USDC:USDC",
        native_symbol=native,
        asset="A",
        quote_currency="USDC",
        settle_currency="USDC",
        taker_fee_percent=0.05,
    )


def book(kind: str, market: str, begin: int, nonce: int, bid: str) -> bytes:
    sides = f'"bids":[{{"price":"{bid}","size":"1.5"}}],"asks":[{{"price":"101","size":"2"}}]'
    body = f'"order_book":{{{sides},"nonce":{nonce},"begin_nonce":{begin},"last_updated_at":7}}'
    return f'{{"channel":"order_book:{market}",{body},"timestamp":1,"type":"{kind}/order_book"}}'.encode()


def open_feed(*natives: str) -> VenueFeed:
    feed = VenueFeed("lighter", "stream-1")
    feed.track([instrument(native=native) for native in natives], 1_000)
    feed.on_open(1, 1_000)
    feed.on_frame(1, GREETING, True, 1_000)
    return feed


def batch_of(payload: bytes) -> market_pb2.QuoteBatch:
    request = aggregator_pb2.IngestQuotesRequest.FromString(payload)
    assert request.WhichOneof("message") == "batch"
    return request.batch


def test_profiles_say_what_an_operator_and_the_driver_need() -> None:
    profiles = venue_profiles()
    ids = [profile.id for profile in profiles]
    assert ids == sorted(set(ids))
    assert set(ids) >= {"binance", "lighter", "okx", "paradex"}
    for profile in profiles:
        assert profile.websocket_url.startswith("wss://")
        assert len(profile.channels) in (1, 2, 3)
        assert profile.status_channel in (None, *profile.channels)
        assert profile.taker_fee_percent >= 0
        assert profile.request_weight_per_minute > 0
        assert profile.unavailable_reason is None or profile.name in profile.unavailable_reason


def test_an_unknown_venue_is_refused_by_name() -> None:
    for call in (
        lambda: VenueFeed("nowhere", "s"),
        lambda: next_market_request("nowhere", []),
        lambda: parse_markets("nowhere", [], 0),
    ):
        with pytest.raises(UnknownVenueError, match="nowhere"):
            call()


def test_bad_arguments_of_a_feed_name_what_is_wrong() -> None:
    with pytest.raises(InvalidSettingError, match="stale_after_ns"):
        VenueFeed("lighter", "s", stale_after_ns=0)
    with pytest.raises(ValueError, match="okx"):
        VenueFeed("lighter", "s").track([instrument("okx")], 1)
    with pytest.raises(UnknownInstrumentError, match="B/USDC"):
        VenueFeed("lighter", "s").untrack(["B/USDC:USDC"], 1)
    with pytest.raises(UnknownInstrumentError):
        VenueFeed("lighter", "s").order_book("B/USDC:USDC", 5)


def test_a_body_that_is_no_market_list_is_a_payload_error_and_a_bad_row_is_not() -> None:
    for body in (b"", b"<html>", b"[]", b'{"code":500}'):
        with pytest.raises(PayloadError):
            parse_markets("lighter", [body], 0)
    listing = parse_markets("lighter", [b'{"order_book_details":[{"symbol":"X","market_id":"?"}]}'], 0)
    assert listing.instruments == []
    assert listing.quarantined[0][0] == "X"


def test_a_market_list_is_asked_for_until_there_is_nothing_left_to_ask() -> None:
    first = next_market_request("okx", [], "http://127.0.0.1:1/x")
    assert first is not None
    assert first.url == "http://127.0.0.1:1/x/api/v5/public/instruments?instType=SWAP"
    assert (first.body, first.weight) == (None, 1)
    assert next_market_request("okx", [b"{}"]) is None


def test_a_ticket_that_nobody_asked_for_is_refused() -> None:
    with pytest.raises(PayloadError, match="ticket"):
        VenueFeed("okx", "s").ticketed_url(1, b"{}", 1)


def test_steps_come_typed_and_in_order() -> None:
    feed = VenueFeed("binance", "s", websocket_url="ws://127.0.0.1:1/x", rest_url="http://127.0.0.1:2/y")
    (opened,) = feed.track([instrument("binance", "BTCUSDT")], 1)
    assert isinstance(opened, Open)
    assert (opened.url, opened.ticket) == ("ws://127.0.0.1:1/x/public/stream", None)
    assert opened.headers == []
    (sent,) = feed.on_open(opened.connection, 2)
    assert isinstance(sent, Send)
    assert "btcusdt@" in sent.text
    (fetch,) = feed.on_frame(opened.connection, b'{"result":null,"id":1}', True, 3) or []
    assert isinstance(fetch, Fetch)
    assert fetch.request.url.startswith("http://127.0.0.1:2/y/fapi/v1/depth?symbol=BTCUSDT")
    (report,) = feed.on_answer(fetch.request_id, 503, b"", 4)[:1]
    assert isinstance(report, Report)
    assert (report.event, report.symbol) == ("snapshot_failed", "ABTCUSDT/USDC:USDC")


def test_a_venue_may_have_headers_of_its_own_for_the_handshake() -> None:
    """They come with what is to be dialled."""
    (opened,) = VenueFeed("gateio", "s").track([instrument("gateio", "BTC_USDT")], 1)
    assert isinstance(opened, Open)
    assert opened.headers == [("X-Gate-Size-Decimal", "1")]


def test_a_frame_that_asks_nothing_gives_none_and_its_quote_stands_in_the_batch() -> None:
    feed = open_feed("1")
    feed.take_batch("main", 1_000)  # what it tracks
    assert feed.on_frame(1, book("subscribed", "1", 0, 10, "99.5"), True, 2_000) is None
    assert feed.pending_rows("main") == 2
    batch = batch_of(feed.take_batch("main", 3_000).payload)
    assert (batch.venue, batch.stream_id, batch.sequence, batch.watermark_ns) == ("lighter", "stream-1", 2, 3_000)
    assert list(batch.state) == [RESYNCING, LIVE]
    assert list(batch.receive_ns) == [1_000, 2_000]
    assert list(batch.exchange_ns) == [0, 7_000]
    assert (batch.bid[1], batch.bid_size[1], batch.ask[1], batch.ask_size[1]) == (99.5, 1.5, 101.0, 2.0)
    assert feed.pending_rows("main") == 0


def test_symbols_are_announced_once_each_and_all_of_them_in_a_hello() -> None:
    feed = open_feed("1", "2")
    first = batch_of(feed.take_batch("main", 2_000).payload)
    assert [(entry.index, entry.instrument.native_symbol) for entry in first.symbols] == [(0, "1"), (1, "2")]
    assert first.symbols[0].instrument.taker_fee_percent == 0.05
    feed.take_batch("main", 2_000)
    feed.on_frame(1, book("subscribed", "2", 0, 10, "99"), True, 3_000)
    second = batch_of(feed.take_batch("main", 3_000).payload)
    assert (second.sequence, list(second.symbols), list(second.symbol_index)) == (3, [], [1])
    hello = aggregator_pb2.IngestQuotesRequest.FromString(feed.hello("main", 2)).hello
    assert (hello.venue, hello.stream_id, hello.oldest_sequence) == ("lighter", "stream-1", 2)
    assert [entry.index for entry in hello.symbols] == [0, 1]


def test_the_watermark_never_steps_back_and_an_empty_batch_still_carries_it() -> None:
    feed = open_feed("1")
    feed.take_batch("main", 1_000)  # what it tracks
    marks = [batch_of(feed.take_batch("main", now).payload).watermark_ns for now in (5_000, 4_000, 6_000)]
    assert marks == [5_000, 5_000, 6_000]
    feed.on_frame(1, book("subscribed", "1", 0, 10, "99"), True, 2_000)
    assert list(batch_of(feed.take_batch("main", 2_000).payload).receive_ns) == [6_000]


def test_a_book_can_be_looked_into_and_states_follow_the_connection() -> None:
    feed = open_feed("1")
    feed.on_frame(1, book("subscribed", "1", 0, 10, "99"), True, 2_000)
    view = feed.order_book("A1/USDC:USDC", 5)
    assert (view.state, view.bids, view.asks, view.sequence) == (LIVE, [(99.0, 1.5)], [(101.0, 2.0)], 10)
    feed.on_closed(1, 3_000)
    assert feed.states() == [("A1/USDC:USDC", CLOSED)]
    assert feed.order_book("A1/USDC:USDC", 5).bids == []
    assert [one.symbol for one in feed.tracked()] == ["A1/USDC:USDC"]


@pytest.mark.parametrize("venue", [profile.id for profile in venue_profiles()])
def test_no_frame_and_no_answer_ever_raises(venue: str) -> None:
    feed = VenueFeed(venue, "s")
    feed.track([instrument(venue)], 1)
    feed.on_open(1, 1)
    rng = random.Random(venue)
    for size in range(300):
        payload = rng.randbytes(size)
        feed.on_frame(1, payload, size % 2 == 0, size)
        feed.on_answer(size, 200, payload, size)
        feed.on_timer(size)
    stats = tracker_pb2.VenueStats.FromString(feed.stats().encode())
    assert stats.messages_received == 300
    assert stats.parse_errors > 100
    assert stats.live_markets == 0


def test_the_counters_of_a_feed_are_its_part_of_the_venues_stats() -> None:
    """Under the names of tracker.proto, and nothing that only the tracker knows."""
    feed = open_feed("1", "2")
    feed.on_frame(1, book("subscribed", "1", 0, 5, "99.5"), True, 3_000_000_007)
    stats = feed.stats()
    assert tracker_pb2.VenueStats.FromString(stats.encode()) == tracker_pb2.VenueStats(
        connected=True,
        markets=2,
        live_markets=1,
        messages_received=2,
        quotes_emitted=3,
        last_message_time=Timestamp(seconds=3, nanos=7),
    )
    assert (stats.instruments, stats.live_instruments) == (2, 1)
    assert (stats.wanted_connections, stats.open_connections, stats.confirmed, stats.clock_offset_ns) == (1, 1, 0, None)
    feed.on_closed(1, 3_000_000_008)
    assert not tracker_pb2.VenueStats.FromString(feed.stats().encode()).connected
