"""A venue's stream that feeds a real aggregator and, beside it, the oracle that says what must be written."""

from crossbook.plumbing.grpc.channel import open_channel
from tests.support.aggregator.aggregator_process import AggregatorProcess, get_stats
from tests.support.aggregator.buffering_tracker import BufferingTracker
from tests.support.aggregator.quote_stream import QuoteStream
from tests.support.aggregator.window_oracle import MINUTE_NS, WindowOracle
from tests.support.aggregator.window_tables import committed_until_ns
from tests.support.waiting import eventually


class Feed:
    """What is sent to the aggregator is also told to the oracle. `limit` bounds the tracker's buffer in batches."""

    def __init__(self, target: str, stream: QuoteStream, limit: int | None = None) -> None:
        self.stream = stream
        self.oracle = WindowOracle(stream.venue, 15)
        self.tracker = BufferingTracker(target, stream, limit)

    def send(self, batches: int) -> None:
        """The stream's next ones."""
        for _ in range(batches):
            batch = self.stream.next_batch()
            self.oracle.feed(batch)
            self.tracker.send(batch)

    def finish_minute(self) -> None:
        """Moves the watermark to the next full minute."""
        batch = self.stream.heartbeat((self.stream.now_ns // MINUTE_NS + 1) * MINUTE_NS)
        self.oracle.feed(batch)
        self.tracker.send(batch)

    async def committed(self, dsn: str, shard: str = "main") -> None:
        """Until everything sent is in Postgres and acknowledged."""
        await eventually(lambda: committed_until_ns(dsn, self.stream.venue, shard) == self.oracle.closed_until_ns)
        await eventually(lambda: self.tracker.acknowledged == self.stream.sequence)


async def received(aggregator: AggregatorProcess, sequence: int, venues: int = 1) -> None:
    """Until each of so many venues' streams has been taken up to the sequence."""
    async with open_channel(aggregator.target) as channel:

        async def has_come() -> bool:
            streams = (await get_stats(channel)).streams
            return len(streams) == venues and all(stream.received_sequence >= sequence for stream in streams)

        await eventually(has_come)
