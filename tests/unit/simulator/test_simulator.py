"""The simulator, told the time by a test."""

from pathlib import Path

import pytest

from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.settings import SimulatorSettings
from crossbook.simulator.play.faults import FaultSpecError
from crossbook.simulator.simulator import Simulator
from crossbook.simulator.world.score import read_truth
from crossbook.simulator.world.world import TICK_NS

START_NS = 1_800_000_000_000_000_000


def _run(simulator: Simulator, seconds: float) -> None:
    for tick in range(round(seconds * 1e9) // TICK_NS):
        simulator.advance(START_NS + tick * TICK_NS)


def test_truth_dates_episodes_by_the_time_it_is_told(tmp_path: Path) -> None:
    """Start and end carry the clock of the tick in which the books moved, and the planned end is kept."""
    settings = SimulatorSettings(truth_file=tmp_path / "t.jsonl", assets=3, quiet_seconds=1, episode_interval_seconds=1)
    simulator = Simulator(settings, START_NS)
    simulator.world.arm()
    _run(simulator, 30)
    simulator.close(START_NS + 30 * 10**9)
    lines = read_truth(tmp_path / "t.jsonl")
    planned = {line["id"]: line["planned_end_ns"] for line in lines if line["kind"] == "episode_started"}
    ends = {line["id"]: line["at_ns"] for line in lines if line["kind"] == "episode_ended" and not line["ended_early"]}
    assert len(ends) >= 5
    assert all(planned[key] == at_ns for key, at_ns in ends.items())


def test_same_settings_same_truth(tmp_path: Path) -> None:
    """Two runs on the same clock write the same file."""
    for name in ("a", "b"):
        settings = SimulatorSettings(truth_file=tmp_path / name, assets=5, quiet_seconds=1, faults="okx:cut@2s")
        simulator = Simulator(settings, START_NS)
        simulator.world.arm()
        _run(simulator, 10)
        simulator.close(START_NS + 10**10)
    assert (tmp_path / "a").read_text() == (tmp_path / "b").read_text()


def test_a_long_stall_is_skipped() -> None:
    """After a pause of a minute the world does not race through it."""
    simulator = Simulator(SimulatorSettings(assets=1), START_NS)
    simulator.advance(START_NS)
    simulator.advance(START_NS + 60 * 10**9)
    assert simulator.world.tick == 2
    assert simulator.next_tick_ns > START_NS + 60 * 10**9


def test_unknown_venues_and_bad_faults_are_refused_at_the_start() -> None:
    """Both name what is wrong."""
    with pytest.raises(SettingsError, match="no such venue 'kraken'"):
        Simulator(SimulatorSettings(venues=["kraken"]), START_NS)
    with pytest.raises(FaultSpecError, match="unknown venue 'okx'"):
        Simulator(SimulatorSettings(venues=["lighter"], faults="okx:cut@1s"), START_NS)


def test_freeze_of_the_venue_pauses_every_book_and_ends() -> None:
    """All instruments stand still for the duration, those of other venues do not."""
    simulator = Simulator(SimulatorSettings(assets=2, faults="okx:freeze@1s+1s"), START_NS)
    _run(simulator, 1.5)
    assert {i.venue for i in simulator.world.instruments if i.is_paused} == {"okx"}
    assert simulator.injector.is_mute("okx")
    simulator.advance(START_NS + 2_000_000_000)
    assert not any(i.is_paused for i in simulator.world.instruments)
