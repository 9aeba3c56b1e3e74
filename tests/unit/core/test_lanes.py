"""A feed whose instruments belong to several shards, through the binding."""

from collections.abc import Callable

import pytest

from crossbook._core import LIVE, InvalidSettingError, VenueFeed
from crossbook.pb.v1 import aggregator_pb2
from crossbook.pb.v1.market_pb2 import QuoteBatch
from tests.unit.core.test_venues import GREETING, batch_of, book, instrument

MINUTE_NS = 60_000_000_000
NATIVES = [str(number) for number in range(1, 21)]


def open_lanes(*shards: str) -> VenueFeed:
    """A feed with a LIVE quote of every instrument pending."""
    feed = VenueFeed("lighter", "stream-1", shards=shards)
    feed.track([instrument(native=native) for native in NATIVES], 1_000)
    feed.on_open(1, 1_000)
    feed.on_frame(1, GREETING, True, 1_000)
    for native in NATIVES:
        feed.on_frame(1, book("subscribed", native, 0, 10, "99"), True, 2_000)
    return feed


def take_all(feed: VenueFeed, shard: str, now_ns: int) -> list[QuoteBatch]:
    batches = [batch_of(feed.take_batch(shard, now_ns).payload)]
    while feed.pending_rows(shard):
        batches.append(batch_of(feed.take_batch(shard, now_ns).payload))
    return batches


def test_one_shard_is_named_main_and_has_everything() -> None:
    """Who does not speak of shards has one lane."""
    feed = VenueFeed("lighter", "stream-1")
    assert feed.shards() == ["main"]
    hello = aggregator_pb2.IngestQuotesRequest.FromString(feed.hello("main", 1)).hello
    assert (hello.shard, hello.stream_id, hello.next_sequence) == ("main", "stream-1", feed.next_sequence("main"))


def test_every_instrument_has_one_lane() -> None:
    """Together they have all of them, each in its own stream."""
    feed = open_lanes("a", "b")
    first, second = (take_all(feed, shard, 3_000)[0] for shard in feed.shards())
    assert first.sequence == second.sequence == 1
    assert first.stream_id == second.stream_id == "stream-1"
    symbols = [{entry.instrument.symbol for entry in batch.symbols} for batch in (first, second)]
    assert all(symbols)
    assert len(symbols[0]) + len(symbols[1]) == len(symbols[0] | symbols[1]) == len(NATIVES)


def test_instruments_move_at_the_minute() -> None:
    """The old lane says what left, the new one which quotes are in force; the drained lane can go and come back."""
    feed = open_lanes("a")
    take_all(feed, "a", 3_000)
    feed.route(["b"], MINUTE_NS)
    assert feed.shards() == ["a", "b"]
    (left,) = take_all(feed, "a", MINUTE_NS)
    carried, roster = take_all(feed, "b", MINUTE_NS)
    assert (roster.is_roster, sorted(roster.roster_symbols)) == (True, sorted(carried.symbol_index))
    assert (left.watermark_ns, carried.watermark_ns) == (MINUTE_NS, MINUTE_NS)
    assert sorted(left.left_symbols) == sorted(carried.symbol_index)
    assert (carried.is_carried, set(carried.receive_ns), set(carried.state)) == (True, {2_000}, {LIVE})
    feed.drop_lane("a")
    assert feed.shards() == ["b"]
    feed.route(["a", "b"], 2 * MINUTE_NS)
    assert feed.next_sequence("a") == left.sequence + 1
    assert feed.pending_rows("b") == 0


def test_a_requote_is_for_one_shard() -> None:
    """The others have lost nothing."""
    feed = open_lanes("a", "b")
    had = {entry.index for entry in take_all(feed, "a", 3_000)[0].symbols}
    assert had
    take_all(feed, "b", 3_000)
    feed.requote("a", 4_000)
    assert feed.pending_rows("b") == 0
    roster, quotes = take_all(feed, "a", 5_000)
    assert set(roster.roster_symbols) == set(quotes.symbol_index) == had


def test_a_stream_says_what_it_tracks_as_soon_as_that_changes() -> None:
    """Only so does its aggregator know that an instrument is gone, and not merely silent."""
    feed = VenueFeed("lighter", "stream-1")
    feed.track([instrument(native="1"), instrument(native="2")], 1_000)
    (both,) = take_all(feed, "main", 2_000)
    assert (both.is_roster, list(both.roster_symbols), both.watermark_ns) == (True, [0, 1], 1_000)
    assert [entry.instrument.native_symbol for entry in both.symbols] == ["1", "2"]
    feed.untrack([instrument(native="1").symbol], 3_000)
    assert list(take_all(feed, "main", 3_000)[-1].roster_symbols) == [1]
    feed.track([instrument(native="1")], 4_000)
    (back,) = take_all(feed, "main", 4_000)
    assert list(back.roster_symbols) == [1, 2]
    assert [entry.index for entry in back.symbols] == [2]


@pytest.mark.parametrize(
    ("misuse", "message"),
    [
        (lambda feed: feed.route([], MINUTE_NS), "at least one"),
        (lambda feed: feed.route(["b", "b"], MINUTE_NS), "twice"),
        (lambda feed: feed.route(["B"], MINUTE_NS), "lower-case"),
        (lambda feed: feed.route(["b"], MINUTE_NS + 1), "full minute"),
        (lambda feed: feed.route(["b"], 0), "after"),
        (lambda feed: feed.drop_lane("a"), "list of shards"),
        (lambda feed: feed.take_batch("z", 3_000), "name one of a"),
        (lambda feed: feed.pending_rows("z"), "name one of a"),
        (lambda feed: feed.hello("z", 1), "name one of a"),
        (lambda feed: feed.requote("z", 3_000), "name one of a"),
        (lambda feed: VenueFeed("lighter", "s", shards=[]), "at least one"),
    ],
)
def test_a_misuse_of_lanes_is_refused_and_says_what_to_do(misuse: Callable[[VenueFeed], object], message: str) -> None:
    """It is a setting that is wrong."""
    with pytest.raises(InvalidSettingError, match=message):
        misuse(open_lanes("a"))
