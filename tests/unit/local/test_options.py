"""What `crossbook up` is asked for, checked before anything starts."""

from pathlib import Path

import pytest

from crossbook._core import venue_profiles
from crossbook.local.options import UpOptions, check_faults, check_together, choose_venues, leave_out, parse_duration
from crossbook.plumbing.errors import CrossbookError, SettingsError

FOUR = ["binance", "lighter", "okx", "paradex"]


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("1.5m", 90), ("500ms", 0.5), ("2h", 7200), ("45", 45), (" 3s ", 3)]
)
def test_durations_are_read(text: str, seconds: float) -> None:
    """A number without a unit is seconds."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "-5s", "5d", "1m30s", "0s", "nan"])
def test_other_durations_are_refused(text: str) -> None:
    """With the form that is wanted."""
    with pytest.raises(SettingsError, match="does not look like 90s"):
        parse_duration(text)


@pytest.mark.parametrize("wanted", [[], ["all"], ["binance", "all"]])
def test_no_name_means_every_venue(wanted: list[str]) -> None:
    """So does "all"."""
    assert set(FOUR) <= set(choose_venues(wanted, is_live=False))


def test_named_venues_keep_their_order_and_lose_doubles() -> None:
    """As typed."""
    assert choose_venues(["okx", "binance", "okx"], is_live=False) == ["okx", "binance"]


def test_an_unknown_venue_lists_the_known_ones() -> None:
    """So that a typo is mended at once."""
    with pytest.raises(SettingsError, match=r"unknown venue 'binanse'; known: .*binance.*okx"):
        choose_venues(["binanse"], is_live=False)


def test_a_venue_that_can_only_be_replayed_is_refused_live_and_played_when_it_is_named() -> None:
    """Among all it is left out, with its reason."""
    gone = {one.id: one.unavailable_reason for one in venue_profiles() if one.unavailable_reason is not None}
    assert gone, "this test needs one"
    assert leave_out([]) == leave_out(["all"]) == gone
    assert leave_out(["okx"]) == {}
    for venue, reason in gone.items():
        assert choose_venues([venue], is_live=False) == [venue]
        assert not {venue} & {*choose_venues([], is_live=False), *choose_venues(["all"], is_live=True)}
        with pytest.raises(SettingsError, match=f"venue '{venue}' cannot be tracked: {reason}"):
            choose_venues(["okx", venue], is_live=True)


@pytest.mark.parametrize(
    "options", [UpOptions(is_live=True, faults="binance:cut@1s"), UpOptions(is_live=True, play=Path())]
)
def test_real_venues_take_no_faults_and_no_recordings(options: UpOptions) -> None:
    """Only the simulator does."""
    with pytest.raises(SettingsError, match="leave --live out"):
        check_together(options)


def test_paths_that_cannot_work_are_named(tmp_path: Path) -> None:
    """A missing recording, a data folder that is a file, a summary in no folder."""
    file = tmp_path / "file"
    file.touch()
    for options, option in (
        (UpOptions(play=tmp_path / "missing"), "--play"),
        (UpOptions(data_dir=file), "--data-dir"),
        (UpOptions(summary=tmp_path / "missing" / "s.json"), "--summary"),
        (UpOptions(summary=tmp_path), "--summary"),
    ):
        with pytest.raises(SettingsError, match=option):
            check_together(options)


def test_a_recording_is_read_before_the_start(tmp_path: Path) -> None:
    """It is one, and of a venue of this run."""
    recording = tmp_path / "recording"
    recording.write_text('5 {"stream": "btcusdt@trade", "data": {"e": "trade", "s": "BTCUSDT"}}\n')
    check_together(UpOptions(play=recording, venues=["binance"]))
    with pytest.raises(SettingsError, match=r"is of binance, which --venues leaves out"):
        check_together(UpOptions(play=recording, venues=["okx"]))
    recording.write_text("something else")
    with pytest.raises(SettingsError, match="no capture of a known form"):
        check_together(UpOptions(play=recording, venues=["binance"]))


def test_a_bad_fault_is_refused_before_the_start() -> None:
    """By the simulator's own grammar, for the venues of this run."""
    check_faults(UpOptions(venues=["okx"], faults="okx/BTC:freeze@1s+5s"))
    with pytest.raises(CrossbookError, match="unknown venue 'binance'"):
        check_faults(UpOptions(venues=["okx"], faults="binance:cut@1s"))


def test_trackers_are_at_most_one_per_venue() -> None:
    """More processes than venues would idle."""
    assert UpOptions(venues=["okx"], tracker_processes=8).processes_for_trackers() == 1
    assert UpOptions(venues=FOUR, tracker_processes=3).processes_for_trackers() == 3
