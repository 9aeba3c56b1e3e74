"""The simulator's venues with frames that were encoded beforehand: far more of them than it can make itself.

`python -m tests.bench.sender VENUES [ASSETS]` prints its port; then it takes lines `FRAMES MOVES [readers]` (a second,
of all venues together; MOVES of them change a price) and answers what it sent since the line before: one JSON object
with frames, the moves (script.py: every frame that showed another price), and the address of each venue's
WebSocket. With `readers`, the frames go to clients that have subscribed to nothing (reader.py) in the place of those
that have. It ends with its standard input.

REST, handshakes, subscriptions, snapshots and heartbeats are the faces' own, and so is every byte of a frame but its
sequence and its times (templates.py). Only the rate is ours. A client that does not keep up is waited for, as TCP does.
"""

import asyncio
import json
import logging
import sys
import time
from collections import defaultdict
from pathlib import Path

import uvloop

from crossbook.plumbing.settings import SimulatorSettings
from crossbook.simulator.serve.server import serve_venues
from crossbook.simulator.simulator import Simulator
from crossbook.simulator.wire.session import Session
from tests.bench.processes import log_to_stderr
from tests.bench.script import Move, Topic, described, topics_of

WORLD_RATE = 0.1  # a change of every book a second
NEVER_SECONDS = 1e6  # no episodes: the moves are ours
TICK_SECONDS = 0.001
MAX_AT_ONCE = 2_000  # frames of one tick: what is later than that is not made up for
FULL_BYTES = 256 * 1024  # waiting for a client: it is given nothing more until it has read


class Player:
    """Says what the script holds, topic after topic, at the rate that it is told."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._topics: list[Topic] = []
        self._turn = 0
        self._readers: dict[str, Session] = {}
        self._rate = self._moves_rate = 0.0
        self._is_still = False
        self._due = self._moves_due = 0.0
        self._frames = 0  # sent, and so the moves, since the last line
        self._moves: list[Move] = []

    def set_rate(self, frames: str, moves: str, to: str = "clients") -> str:
        """From now on; told is what was sent at the rate before."""
        self._readers = self._idle_clients() if to == "readers" else {}
        if float(frames):
            self._learn()
        told = json.dumps({"frames": self._frames, "moves": self._moves, "urls": self._urls()})
        self._frames = 0
        self._moves.clear()
        self._rate, self._moves_rate, self._is_still = float(frames), float(moves), False
        self._due = self._moves_due = 0.0
        return told

    def write_script(self, path: str) -> str:
        """Behind a frame of every book: tracker would not believe a top that its book does not reach for seconds."""
        self._learn()
        self._is_still, now_ns = True, time.time_ns()
        for face in self._simulator.faces.values():
            for instrument in face.instruments.values():
                face.publish_update(instrument, True, now_ns)
        self._simulator.flush(now_ns)
        Path(path).write_text(json.dumps({"topics": [described(topic) for topic in self._topics]}))
        return "null"

    async def run(self) -> None:
        """Until cancelled."""
        last = time.monotonic()
        while True:
            await asyncio.sleep(TICK_SECONDS)
            if self._simulator.next_tick_ns <= time.time_ns() and not self._is_still:
                self._simulator.advance(time.time_ns())
            now = time.monotonic()
            self._due = min(MAX_AT_ONCE, self._due + (now - last) * self._rate)
            self._moves_due += (now - last) * self._moves_rate
            last = now
            if self._due >= 1:
                self._play()

    def _play(self) -> None:
        """What is due, each client's frames in one write."""
        now_ns = time.time_ns()
        chunks: defaultdict[Session, list[bytes]] = defaultdict(list)
        count, self._due = int(self._due), self._due % 1
        for _ in range(count):
            topic = self._topics[self._turn % len(self._topics)]
            self._turn += 1
            session = self._readers.get(topic.venue, topic.session)
            if session.connection.transport.get_write_buffer_size() < FULL_BYTES:
                chunks[session].append(self._next(topic, now_ns))
        for session, frames in chunks.items():
            session.send_frame(b"".join(frames))
            session.flush(now_ns)
            self._frames += len(frames)

    def _next(self, topic: Topic, now_ns: int) -> bytes:
        is_move = self._moves_due >= 1
        self._moves_due -= is_move
        return topic.next_frame(now_ns, is_move=is_move)

    def _learn(self) -> None:
        self._topics = [] if self._has_lost_clients() else self._topics
        self._topics = self._topics or topics_of(self._simulator, self._moves)

    def _urls(self) -> dict[str, str]:
        """Of each venue's WebSocket, as its first client asked for it."""
        return {
            topic.venue: self._simulator.faces[topic.venue].websocket_url + topic.session.path for topic in self._topics
        }

    def _idle_clients(self) -> dict[str, Session]:
        """One of each venue that has subscribed to nothing."""
        return {
            venue: session
            for venue, face in self._simulator.faces.items()
            for session in face.sessions
            if not session.topics
        }

    def _has_lost_clients(self) -> bool:
        sessions = {session for face in self._simulator.faces.values() for session in face.sessions}
        return any(topic.session not in sessions for topic in self._topics)


async def main(venues: str, assets: str = "20") -> None:
    log_to_stderr(logging.ERROR)  # that the world is behind, since it was still, is nothing wrong
    settings = SimulatorSettings(
        venues=venues.split(","),
        assets=int(assets),
        rate=WORLD_RATE,
        episode_interval_seconds=NEVER_SECONDS,
        quiet_seconds=NEVER_SECONDS,
    )
    simulator = Simulator(settings, time.time_ns())
    player = Player(simulator)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with serve_venues(simulator, None, "127.0.0.1", 0) as port, asyncio.TaskGroup() as tasks:
        print(port, flush=True)
        playing = tasks.create_task(player.run())
        while line := await reader.readline():
            match line.decode().split():
                case ["script", path]:
                    print(player.write_script(path), flush=True)
                case rates:
                    print(player.set_rate(*rates), flush=True)
        playing.cancel()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
