"""What a feed is to the tracker: what it is made with, what it is told, what it asks of its driver."""

from collections.abc import Sequence
from typing import Protocol, TypeAlias, TypedDict

from crossbook._core import (
    BookView,
    Close,
    FeedStats,
    Fetch,
    Instrument,
    Open,
    OutgoingBatch,
    Reconnect,
    Report,
    Send,
    VenueFeed,
)

# As one type; the core has it as a value, under its own name `Step`.
Step: TypeAlias = Open | Close | Reconnect | Send | Fetch | Report


class FeedArguments(TypedDict):
    """What a feed is made with."""

    venue: str
    stream_id: str
    websocket_url: str | None
    rest_url: str | None
    stale_after_ns: int | None
    shards: list[str]


class Feed(Protocol):
    """VenueFeed, or one that is being recorded."""

    def pending_rows(self, shard: str) -> int: ...
    def track(self, instruments: Sequence[Instrument], now_ns: int) -> list[Step]: ...
    def untrack(self, symbols: Sequence[str], now_ns: int) -> list[Step]: ...
    def tracked(self) -> list[Instrument]: ...
    def ticketed_url(self, connection: int, answer: bytes, now_ns: int) -> str: ...
    def on_open(self, connection: int, now_ns: int) -> list[Step]: ...
    def on_frame(self, connection: int, payload: bytes, is_text: bool, now_ns: int) -> list[Step] | None: ...
    def on_closed(self, connection: int, now_ns: int) -> list[Step]: ...
    def on_answer(self, request_id: int, status: int, body: bytes, now_ns: int) -> list[Step]: ...
    def on_timer(self, now_ns: int) -> list[Step]: ...
    def route(self, shards: Sequence[str], from_ns: int) -> None: ...
    def shards(self) -> list[str]: ...
    def drop_lane(self, shard: str) -> None: ...
    def requote(self, shard: str, now_ns: int) -> None: ...
    def take_batch(self, shard: str, now_ns: int) -> OutgoingBatch: ...
    def hello(self, shard: str, oldest_sequence: int) -> bytes: ...
    def order_book(self, symbol: str, depth: int) -> BookView: ...
    def states(self) -> list[tuple[str, int]]: ...
    def stats(self) -> FeedStats: ...


def make_feed(arguments: FeedArguments) -> VenueFeed:
    """A fresh feed."""
    return VenueFeed(
        arguments["venue"],
        arguments["stream_id"],
        websocket_url=arguments["websocket_url"],
        rest_url=arguments["rest_url"],
        stale_after_ns=arguments["stale_after_ns"],
        shards=arguments["shards"],
    )
