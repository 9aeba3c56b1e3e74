"""All lanes of one feed: those that its quotes go by, those that a coming move opens, and those that it leaves behind.

A lane that has left is fed with watermarks until its shard has committed everything from before the move; then it goes.
A shard that is dead keeps its lane: what it owes is sent again once a process of its name is back.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import structlog

from crossbook.tracker.feed.session import Session
from crossbook.tracker.outgoing.lane import Lane
from crossbook.tracker.outgoing.outgoing import Kept, Outgoing
from crossbook.tracker.outgoing.routing import Route, Routing

log = structlog.get_logger()


class Lanes:
    """Of one session."""

    def __init__(self, session: Session, routing: Routing, outgoing: Outgoing, spool: Path | None = None) -> None:
        self._session = session
        self._venue = session.venue
        self._feed = session.feed
        self._routing = routing
        self._outgoing = outgoing
        self._spool = spool  # the venue's folder
        self._lanes: tuple[Lane, ...] = ()  # the loop over them is in the way of every frame
        self._runs: dict[str, asyncio.Task[None]] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._moved_ns = 0  # the boundary of the last move, once it is asked for
        # Of lanes that are gone too: a shard that is listed again goes on after what it had not acknowledged.
        self._kept: dict[str, Kept] = {}

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._lanes)

    @property
    def dropped_rows(self) -> int:
        """Lost because a buffer overflowed, since the feed began."""
        return sum(kept.outbox.dropped_rows for kept in self._kept.values())

    @property
    def unacknowledged_batches(self) -> int:
        return sum(len(lane.outbox) for lane in self._lanes)

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Opens the streams of the lanes that the feed has; `tasks` runs them."""
        self._tasks = tasks
        self._open_new()

    def route(self, route: Route) -> None:
        """Another list from a boundary on, in place of a move that has not come into force."""
        self._feed.route(route.shards, route.from_ns)
        self._moved_ns = route.from_ns
        self._open_new()
        for lane in self._lanes:
            lane.is_leaving = lane.shard not in route.shards
        log.info("move_begins", venue=self._venue, shards=list(route.shards), from_ns=route.from_ns)

    def redirect(self) -> None:
        """The shards' addresses may have changed."""
        for lane in self._lanes:
            if not lane.is_leaving:
                lane.redirect(self._routing.target(lane.shard))

    def on_read(self, read_ns: int) -> None:
        """Frames read then have been fed."""
        for lane in self._lanes:
            if self._feed.pending_rows(lane.shard):
                lane.on_quotes(read_ns)

    def flush_soon(self) -> None:
        """To be called after everything else that may have made quotes."""
        for lane in self._lanes:
            lane.flush_soon()

    def keep_current(self, now_ns: int) -> None:
        """To be called a few times a second."""
        for lane in self._lanes:
            lane.keep_watermark()
        if now_ns > self._moved_ns:
            for lane in [one for one in self._lanes if one.is_leaving and one.is_settled(self._moved_ns)]:
                self._drop(lane)

    def tell_health(self, payload: bytes) -> None:
        """Every shard shows how the venue is."""
        for lane in self._lanes:
            lane.uplink.state.tell_health(payload)

    def close(self) -> None:
        """The last batches of every lane."""
        for lane in self._lanes:
            lane.close()

    async def finish(self, seconds: float) -> None:
        """Sends what is left and waits so long for the final acknowledgements."""
        for lane in self._lanes:
            lane.uplink.state.finish()
        if self._runs:
            await asyncio.wait(self._runs.values(), timeout=seconds)

    def stop(self) -> None:
        """Ends the streams as they are."""
        for run in self._runs.values():
            run.cancel()
        for kept in self._kept.values():
            kept.close()

    def _open_new(self) -> None:
        assert self._tasks is not None
        known = {lane.shard for lane in self._lanes}
        opened = [self._make(shard) for shard in self._feed.shards() if shard not in known]
        self._lanes += tuple(opened)
        for lane in opened:
            self._runs[lane.shard] = self._tasks.create_task(lane.run())

    def _make(self, shard: str) -> Lane:
        if shard not in self._kept:
            self._kept[shard] = Kept(self._session, shard, self._outgoing, self._spool)
        return Lane(self._session, shard, self._routing.target(shard), self._outgoing, self._kept[shard])

    def _drop(self, lane: Lane) -> None:
        self._lanes = tuple(one for one in self._lanes if one is not lane)
        lane.stop()
        self._runs.pop(lane.shard).cancel()
        self._feed.drop_lane(lane.shard)
        log.info("lane_left", venue=self._venue, shard=lane.shard)
