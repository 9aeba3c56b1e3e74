"""What the sender says of a simulated world."""

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from crossbook.simulator.faces.base import Face, not_found
from crossbook.simulator.wire.answer import Answer
from crossbook.simulator.wire.session import Session
from crossbook.simulator.world.listing import assets_of_world, listing_in_base_units
from crossbook.simulator.world.world import Instrument, Traits
from tests.bench.script import SIZES, STATES, Move, Topic, topics_of
from tests.bench.templates import UnplayableError

NOW_NS = 1_800_000_000_000_000_000
ASSET = assets_of_world(1)[0]
TRAITS = Traits("lisbon", 0.05, 0.006, 0, 0, lambda asset: listing_in_base_units(asset, "{base}USDT", "1000"))


class LisbonFace(Face):
    """A venue with a topic for the top of a book and one for its depth; all it says is its top."""

    venue = "lisbon"
    ping_seconds = 1e9
    sequence = 500_000_000

    def refuse_handshake(self, path: str, query: Mapping[str, str]) -> Answer | None:
        return None

    def answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        return not_found(path)

    def on_open(self, session: Session, now_ns: int) -> None: ...

    async def on_text(self, session: Session, text: str, now_ns: int) -> None: ...

    async def on_timer(self, session: Session, now_ns: int) -> None: ...

    def topics_of_recording(self, frame: bytes, is_text: bool) -> list[str] | None:
        return None

    def symbol_of_topic(self, topic: str) -> str:
        return topic.partition("|")[2]

    def publish_update(self, instrument: Instrument, is_depth_due: bool, now_ns: int) -> None:
        self.sequence += 7
        bid, bid_size, ask, ask_size = instrument.book.top()
        told = {"ms": now_ns // 1_000_000, "seq": self.sequence, "sizes": [f"{bid_size}.0", f"{ask_size}.0"]}
        told["prices"] = [f"{bid}.0", f"{ask}.0"]
        self.publish(f"top|{instrument.symbol}", json.dumps(told).encode())
        if is_depth_due:
            self.publish(f"depth|{instrument.symbol}", b"{}")


class Played:
    """One instrument of the venue with one client, and what comes of playing it."""

    def __init__(self, *subscribed: str) -> None:
        self.instrument = Instrument(TRAITS, ASSET, seed=1)
        self.face = LisbonFace([self.instrument], 0)
        self.session = Session(SimpleNamespace(), "/ws", {}, NOW_NS)  # type: ignore[arg-type]
        self.moves: list[Move] = []
        for topic in subscribed:
            self.face.subscribe(self.session, f"{topic}|{self.instrument.symbol}")

    def topics(self) -> list[Topic]:
        world = SimpleNamespace(latent_price=lambda asset: ASSET.price)
        simulator: Any = SimpleNamespace(faces={"lisbon": self.face}, world=world)
        return topics_of(simulator, self.moves)

    def world_moves(self, shift_percent: float) -> None:
        """As the simulator does on its own."""
        self.instrument.requote([ASSET.price], shift_percent)
        self.face.publish_update(self.instrument, True, NOW_NS)


def said(frame: bytes) -> dict[str, Any]:
    """What a client reads."""
    found: dict[str, Any] = json.loads(frame[2 if frame[1] < 126 else 4 :])
    return found


def test_only_the_topic_of_the_top_is_played() -> None:
    """A depth topic chains its frames, and is told nothing when the top alone changes."""
    (topic,) = Played("depth", "top").topics()
    assert (topic.venue, len(topic.tops), len(topic.form.templates)) == ("lisbon", STATES, STATES)


def test_the_client_hears_nothing_while_the_script_is_made() -> None:
    """Frames of times to come are for the script alone; the client stays subscribed."""
    played = Played("depth", "top")
    played.topics()
    assert played.session._outbox == []
    played.world_moves(0.5)
    assert len(played.session._outbox) == 2


def test_a_venue_without_such_a_topic_is_refused() -> None:
    """By its name; before a client has subscribed, too."""
    with pytest.raises(UnplayableError, match="lisbon"):
        Played("depth").topics()
    with pytest.raises(UnplayableError, match="lisbon"):
        Played().topics()


def test_a_move_changes_the_price_and_other_frames_the_size_alone() -> None:
    """Round after round through all states."""
    (topic,) = Played("top").topics()
    before = said(topic.next_frame(NOW_NS, is_move=False))
    for number in range(2 * STATES):
        frame = said(topic.next_frame(NOW_NS, is_move=number % 2 == 0))
        assert (frame["prices"] != before["prices"]) is (number % 2 == 0)
        assert frame["sizes"] != before["sizes"]
        before = frame


def test_moves_are_told_with_their_time_and_price() -> None:
    """The first frame is one: it shows a price to somebody who had none."""
    played = Played("top")
    (topic,) = played.topics()
    topic.next_frame(NOW_NS, is_move=False)
    topic.next_frame(NOW_NS + 1, is_move=False)
    topic.next_frame(NOW_NS + 2, is_move=True)
    tops = (topic.tops[0], topic.tops[SIZES])
    assert [(move[0], move[3:5], move[5]) for move in played.moves] == [
        (NOW_NS, tops[0], True),
        (NOW_NS + 2, tops[1], True),
    ]


def test_the_worlds_own_frames_are_followed() -> None:
    """Their sequence is the next frame's, and their price is told as not ours: the next frame moves it back."""
    played = Played("top")
    (topic,) = played.topics()
    topic.next_frame(NOW_NS, is_move=False)
    played.world_moves(0.5)
    frame = said(topic.next_frame(NOW_NS, is_move=False))
    assert frame["seq"] == played.face.sequence
    assert [move[5] for move in played.moves] == [True, False, True]
    assert played.moves[1][3:5] == played.instrument.top_prices()


def test_a_script_can_be_made_again_for_another_client() -> None:
    """The ears of the old one are gone with it: its topics note no moves any more."""
    played = Played("top")
    (old,) = played.topics()
    played.face.forget(played.session)
    played.session = Session(SimpleNamespace(), "/ws", {}, NOW_NS)  # type: ignore[arg-type]
    played.face.subscribe(played.session, f"top|{played.instrument.symbol}")
    (new,) = played.topics()
    assert (old.session is played.session, new.session is played.session) == (False, True)
    played.world_moves(0.5)
    assert len(played.moves) == 1
