"""Plays a capture through the real socket, in place of the world, to whoever subscribes.

The venue's face lists the recorded symbols and acknowledges subscriptions; each connection then gets the recorded
frames it subscribed to, from the first one, at the recorded pace times `speed` (0: as fast as the client takes them).
A REST request for a book is answered with the recorded snapshot, and the frames wait at the snapshot's place until it
was fetched: so a client that buffers from its subscription can always join, however fast the replay runs. Later
requests get the book as the recorded frames have made it since.
"""

import asyncio
import dataclasses
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog

from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.timestamps import SECOND_NS
from crossbook.simulator.faces.base import Face
from crossbook.simulator.play.captures import Capture, Frame, read_capture
from crossbook.simulator.registry import TRAITS, build_faces
from crossbook.simulator.wire.answer import Answer
from crossbook.simulator.wire.session import Session, encode_frame
from crossbook.simulator.world.listing import Asset, Listing
from crossbook.simulator.world.world import Instrument

JOIN_SECONDS = 0.1  # a client subscribes in several messages: the frames start so long after the first
FETCH_SECONDS = 5.0  # longest wait for a snapshot to be fetched
FRAMES_AT_ONCE = 256

log = structlog.get_logger()


@dataclasses.dataclass(frozen=True, slots=True)
class _Cue:
    """One frame, ready to be sent; or a place where a snapshot of snapshot_of was taken."""

    offset_ns: int
    payload: bytes
    encoded: bytes
    topics: tuple[str, ...]
    snapshot_of: str | None


class Player:
    """One capture and who is being played it."""

    def __init__(self, path: Path, speed: float) -> None:
        capture = read_capture(path)
        self.path = path
        self.venue = capture.venue
        self.face = _face_of(capture)
        self._speed = speed
        self._snapshots = {frame.snapshot_of: frame.payload for frame in capture.frames if frame.snapshot_of}
        self._cues = _cues(capture, self.face)
        self._fetched: dict[str, asyncio.Event] = {}
        self._running = 0
        self._finished = 0
        self._positions: dict[Session, int] = {}
        self._advanced: dict[str, tuple[int, bytes]] = {}  # latest computed book of a symbol, and its position

    def answer(self, path: str, query: Mapping[str, str]) -> Answer | None:
        """The recorded snapshot, when a book is asked for that was recorded."""
        symbol = self.face.symbol_of_snapshot(path, query)
        body = self._snapshots.get(symbol) if symbol else None
        if symbol is None or body is None:
            return None
        self._event(symbol).set()
        return Answer(200, self._book_now(symbol, body))

    async def play(self, session: Session) -> None:
        """Plays the whole recording to one client, from its first subscription on."""
        await session.has_subscribed.wait()
        self._fetched.clear()
        self._forget_gone()
        self._positions[session] = 0
        await asyncio.sleep(JOIN_SECONDS)
        self._running += 1
        log.info("play_started", path=str(self.path), frames=len(self._cues), speed=self._speed)
        try:
            await self._play(session)
            self._finished += 1
            log.info("play_done", path=str(self.path), frames=session.frames_sent)
        finally:
            self._running -= 1

    def state(self) -> dict[str, Any]:
        """What GET /control/state shows."""
        return {
            "venue": self.venue,
            "frames": len(self._cues),
            "position": max(self._positions.values(), default=0),
            "is_done": self._finished > 0 and self._running == 0,
        }

    async def _play(self, session: Session) -> None:
        start_ns, queued = time.time_ns(), 0
        for position, cue in enumerate(self._cues, start=1):
            self._positions[session] = position
            ahead = (cue.offset_ns / self._speed - (time.time_ns() - start_ns)) / SECOND_NS if self._speed else 0.0
            if queued and (ahead > 0.002 or queued >= FRAMES_AT_ONCE or cue.snapshot_of):
                queued = await _send(session)
            if ahead > 0.002:
                await asyncio.sleep(ahead)
            if cue.snapshot_of is not None:
                start_ns += await self._wait_for_fetch(session, cue.snapshot_of)
            elif not session.topics.isdisjoint(cue.topics):
                session.send_frame(cue.encoded)
                queued += 1
        await _send(session)

    async def _wait_for_fetch(self, session: Session, symbol: str) -> int:
        """Holds the frames of a client that follows the symbol's book; returns for how many nanoseconds."""
        if not self._follows(session, symbol):
            return 0
        began_ns = time.time_ns()
        try:
            await asyncio.wait_for(self._event(symbol).wait(), FETCH_SECONDS)
        except TimeoutError:
            log.warning("play_snapshot_not_fetched", symbol=symbol)
        return time.time_ns() - began_ns

    def _follows(self, session: Session, symbol: str) -> bool:
        """Whether the client listens to any depth of the symbol."""
        return any("depth" in topic and self.face.symbol_of_topic(topic) == symbol for topic in session.topics)

    def _book_now(self, symbol: str, recorded: bytes) -> bytes:
        """The recorded snapshot; brought up to what the symbol's readers have been sent, when that is beyond it."""
        self._forget_gone()
        now = max((p for s, p in self._positions.items() if self._follows(s, symbol)), default=0)
        taken = next(index for index, cue in enumerate(self._cues) if cue.snapshot_of == symbol)
        position, book = self._advanced.get(symbol, (taken, recorded))
        if now < position:
            position, book = taken, recorded
        if now > position + 1:
            frames = [cue.payload for cue in self._cues[position:now] if any("depth" in topic for topic in cue.topics)]
            position, book = now, self.face.advance_snapshot(book, symbol, frames)
            self._advanced[symbol] = (position, book)
        return book

    def _forget_gone(self) -> None:
        """Keeps the positions of clients that are there."""
        self._positions = {s: position for s, position in self._positions.items() if s in self.face.sessions}

    def _event(self, symbol: str) -> asyncio.Event:
        return self._fetched.setdefault(symbol, asyncio.Event())


async def _send(session: Session) -> int:
    session.flush(time.time_ns())
    await session.drain()
    return 0


def _cues(capture: Capture, face: Face) -> list[_Cue]:
    first_ns = capture.frames[0].at_ns if capture.frames else 0
    cues = []
    for frame in capture.frames:
        topics = () if frame.snapshot_of else tuple(face.topics_of_recording(frame.payload, frame.is_text) or ())
        if topics or frame.snapshot_of:
            encoded = encode_frame(frame.payload, is_text=frame.is_text)
            cues.append(_Cue(frame.at_ns - first_ns, frame.payload, encoded, topics, frame.snapshot_of))
    return cues


def _face_of(capture: Capture) -> Face:
    """A face that lists exactly the recorded symbols and leaves speaking to the capture."""
    probe = build_faces([_instrument(capture.venue, Listing("", "", 1.0, 8, 8))])[capture.venue]
    symbols: dict[str, Frame] = {}
    for frame in capture.frames:
        if frame.snapshot_of is None:
            for topic in probe.topics_of_recording(frame.payload, frame.is_text) or ():
                symbols.setdefault(probe.symbol_of_topic(topic), frame)
    if not symbols:
        raise SettingsError(f"setting simulator.play: no market data of {capture.venue} in the capture")
    listings = [_listing(symbol, frame) for symbol, frame in symbols.items()]
    face = build_faces([_instrument(capture.venue, listing) for listing in listings])[capture.venue]
    face.is_world_hidden = True
    return face


def _instrument(venue: str, listing: Listing) -> Instrument:
    traits = dataclasses.replace(TRAITS[venue], list_asset=lambda _: listing)
    return Instrument(traits, Asset(listing.base, 1.0), seed=0)


def _listing(symbol: str, frame: Frame) -> Listing:
    """Decimals as spelled in a frame of the symbol; a binary frame has eight."""
    decimals = [len(digits) for digits in re.findall(rb'"\d+\.(\d+)"', frame.payload)] if frame.is_text else [8]
    shown = max(decimals, default=0)
    base = symbol.split("-")[0] if "-" in symbol else re.sub(r"(USDT|USDC|BUSD)$", "", symbol)
    return Listing(symbol, base, 1.0, shown, shown)
