"""Faults at their time: what each does to a face, that it ends, and that the truth says both."""

from pathlib import Path
from typing import Any

import pytest

from crossbook.plumbing.settings import SimulatorSettings
from crossbook.plumbing.timestamps import SECOND_NS
from crossbook.simulator.play import injector as module
from crossbook.simulator.play.faults import FaultSpecError
from crossbook.simulator.play.injector import OVERSIZE_BYTES
from crossbook.simulator.registry import TRAITS
from crossbook.simulator.simulator import Simulator
from crossbook.simulator.world.score import read_truth

FIRST, SECOND = list(TRAITS)[:2]


class Client:
    """What the injector knows of a session."""

    def __init__(self) -> None:
        self.topics: set[str] = set()
        self.frames: list[bytes] = []
        self.is_aborted = False

    def send_frame(self, frame: bytes) -> None:
        self.frames.append(frame)

    def abort(self) -> None:
        self.is_aborted = True


class World:
    """A simulator of two venues, told the time by the test."""

    def __init__(self, path: Path | None = None) -> None:
        settings = SimulatorSettings(venues=[FIRST, SECOND], assets=2, truth_file=path)
        self.simulator = Simulator(settings, 0)
        self.injector = self.simulator.injector
        self.face = self.simulator.faces[FIRST]
        self.here, self.other = list(self.face.instruments.values())[:2]

    def order(self, kind: str, asset: str | None = None) -> None:
        place = f"{FIRST}/{asset}" if asset else FIRST
        self.simulator.order_faults(f"{place}:{kind}", 0)

    def at(self, seconds: float) -> None:
        self.injector.advance(int(seconds * SECOND_NS))

    def filtered(self, *frames: bytes, topic: str = "t") -> list[bytes]:
        """What goes out of depth frames of the first instrument."""
        spoil = self.face.depth_filter
        return [out for frame in frames for out in (spoil(self.face, topic, self.here, frame) if spoil else (frame,))]

    def follow(self, client: Client, *instruments: Any) -> None:
        """A client that listens to topics, each of which is a symbol here."""
        self.face.symbol_of_topic = lambda topic: topic  # type: ignore[method-assign]
        self.face.sessions.add(client)  # type: ignore[arg-type]
        for instrument in instruments:
            client.topics.add(instrument.symbol)
            self.face.subscribers.setdefault(instrument.symbol, set()).add(client)  # type: ignore[arg-type]


def test_a_fault_begins_and_ends_at_its_time_and_the_truth_says_so(tmp_path: Path) -> None:
    """What waits, works and is gone is shown by the state."""
    world = World(tmp_path / "truth")
    world.order("refuse@1s+2s")
    world.at(0.9)
    assert not world.injector.is_refusing(FIRST)
    assert [order["is_active"] for order in world.injector.state()] == [False]
    world.at(1.0)
    assert (world.injector.is_refusing(FIRST), world.injector.is_refusing(SECOND)) == (True, False)
    world.at(2.9)
    assert [order["is_active"] for order in world.injector.state()] == [True]
    world.at(3.0)
    assert (world.injector.is_refusing(FIRST), world.injector.state()) == (False, [])
    world.simulator.close(4 * SECOND_NS)
    lines = [line for line in read_truth(tmp_path / "truth") if line["kind"].startswith("fault")]
    assert [(line["kind"], line["at_ns"]) for line in lines] == [
        ("fault_started", SECOND_NS),
        ("fault_ended", 3 * SECOND_NS),
    ]
    assert (lines[0]["venue"], lines[0]["fault"], lines[0]["id"]) == (FIRST, "refuse", lines[1]["id"])


def test_frames_are_spoiled_by_count() -> None:
    """Dropped or doubled so many times, and then nothing more."""
    world = World()
    world.order("drop@0s x2", world.here.asset)
    world.at(0)
    assert world.filtered(b"1", b"2", b"3") == [b"3"]
    world.at(0.1)
    assert world.face.depth_filter is None
    world.order("duplicate@0s", world.here.asset)
    world.at(0.2)
    assert world.filtered(b"4", b"5") == [b"4", b"4", b"5"]


def test_a_fault_of_one_asset_leaves_the_others_alone() -> None:
    """Its frames pass as they are."""
    world = World()
    world.order("drop@0s+5s", world.other.asset)
    world.at(0)
    assert world.filtered(b"1", b"2") == [b"1", b"2"]


def test_frames_change_places_within_their_topic() -> None:
    """One waits for the next of its topic; those of other topics pass meanwhile."""
    world = World()
    world.order("reorder@0s", world.here.asset)
    world.at(0)
    assert world.filtered(b"1") == []
    assert world.filtered(b"x", topic="another") == [b"x"]
    assert world.filtered(b"2") == [b"2", b"1"]
    assert world.filtered(b"3") == [b"3"]


def test_corruption_goes_through_its_ways_in_turn() -> None:
    """By default each once; with a value only that one. No frame is what it was."""
    world = World()
    world.order("corrupt@0s", world.here.asset)
    world.at(0)
    frame = b'{"bids":[["100.10","1.000"]],"asks":[["110.10","2.000"]],"more":"' + b"x" * 40 + b'"}'
    spoiled = world.filtered(*[frame] * 6)
    assert len(set(spoiled[:5])) == 5
    assert frame not in spoiled[:5]
    assert spoiled[5] == frame
    world.order("corrupt@1s x2=truncated", world.here.asset)
    world.at(1)
    assert world.filtered(frame, frame) == [frame[: len(frame) // 2]] * 2


def test_a_freeze_mutes_a_venue_or_pauses_an_asset() -> None:
    """And both end."""
    world = World()
    world.order("freeze@0s+1s", world.here.asset)
    world.order("freeze@2s+1s")
    world.at(0)
    assert (world.here.is_paused, world.other.is_paused, world.injector.is_mute(FIRST)) == (True, False, False)
    world.at(1)
    assert not world.here.is_paused
    world.at(2)
    assert (world.here.is_paused, world.other.is_paused, world.injector.is_mute(FIRST)) == (True, True, True)
    world.at(3)
    assert (world.here.is_paused, world.injector.is_mute(FIRST)) == (False, False)


def test_a_market_is_gone_and_listed_again() -> None:
    """For the time of the fault."""
    world = World()
    world.order("delist@0s+1s", world.here.asset)
    world.at(0)
    assert list(world.face.instruments) == [world.other.symbol]
    world.at(1)
    assert set(world.face.instruments) == {world.here.symbol, world.other.symbol}


def test_times_are_shifted_and_frames_held_back_together() -> None:
    """What several faults ask for adds up."""
    world = World()
    world.order("clock@0s+2s=-3s")
    world.order("clock@1s+1s=1s")
    world.order("slow@0s+1s=500ms")
    world.at(0)
    assert (world.face.clock_shift_ns, world.face.delay_ns) == (-3 * SECOND_NS, SECOND_NS // 2)
    world.at(1)
    assert (world.face.clock_shift_ns, world.face.delay_ns) == (-2 * SECOND_NS, 0)
    world.at(2)
    assert world.face.clock_shift_ns == 0


def test_requests_are_refused_with_what_the_fault_says() -> None:
    """Of its venue, for its time."""
    world = World()
    world.order("429@0s+1s=7")
    world.at(0)
    refusal = world.injector.refusal(FIRST)
    assert refusal is not None
    assert (refusal.status, dict(refusal.headers)) == (429, {"Retry-After": "7"})
    assert world.injector.refusal(SECOND) is None
    world.at(1)
    assert world.injector.refusal(FIRST) is None


@pytest.mark.parametrize("is_of_asset", [True, False])
def test_a_cut_drops_those_whom_it_concerns(is_of_asset: bool) -> None:
    """The subscribers of an asset, or everybody."""
    world = World()
    follower, stranger = Client(), Client()
    world.follow(follower, world.here)
    world.follow(stranger, world.other)
    world.order("cut@0s", world.here.asset if is_of_asset else None)
    world.at(0)
    assert (follower.is_aborted, stranger.is_aborted) == (True, not is_of_asset)
    assert world.injector.state() == []


def test_subscriptions_are_forgotten_without_a_word() -> None:
    """Of the asset; the client is told nothing and stays connected."""
    world = World()
    client = Client()
    world.follow(client, world.here, world.other)
    world.order("forget@0s", world.here.asset)
    world.at(0)
    assert client.topics == {world.other.symbol}
    assert (client.frames, client.is_aborted) == ([], False)


def test_a_frame_of_ten_megabytes_goes_to_everybody() -> None:
    """Once."""
    world = World()
    client = Client()
    world.follow(client)
    world.order("oversize@0s")
    world.at(0)
    world.at(1)
    assert [len(frame) > OVERSIZE_BYTES for frame in client.frames] == [True]


def test_a_stop_ends_what_works_and_forgets_what_waits(tmp_path: Path) -> None:
    """The truth has an end for each beginning."""
    world = World(tmp_path / "truth")
    world.order("freeze@0s+100s")
    world.order("refuse@50s")
    world.at(0)
    world.simulator.close(SECOND_NS)
    assert (world.here.is_paused, world.injector.state()) == (False, [])
    kinds = [line["kind"] for line in read_truth(tmp_path / "truth") if line["kind"].startswith("fault")]
    assert kinds == ["fault_started", "fault_ended"]


def test_only_so_many_may_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """One order too many adds none of its faults."""
    monkeypatch.setattr(module, "MAX_ORDERS", 2)
    world = World()
    with pytest.raises(FaultSpecError, match="at most 2 faults"):
        world.simulator.order_faults(",".join([f"{FIRST}:cut@1s"] * 3), 0)
    assert world.injector.state() == []
    world.simulator.order_faults(",".join([f"{FIRST}:cut@1s"] * 2), 0)
    assert len(world.injector.state()) == 2
