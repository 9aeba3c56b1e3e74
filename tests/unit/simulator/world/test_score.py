"""The scorer."""

from pathlib import Path
from typing import Any

from crossbook.simulator.world.score import Detected, read_truth, score

S = 1_000_000_000


def _episode(number: int, start_s: float, end_s: float | None, asset: str = "BTC") -> list[dict[str, Any]]:
    """Cheap on a, rich on b and c."""
    key = f"episode-{number}"
    start = {"kind": "episode_started", "id": key, "asset": asset, "cheap": ["a"], "rich": ["b", "c"]}
    lines: list[dict[str, Any]] = [start | {"at_ns": int(start_s * S), "planned_end_ns": int((start_s + 3) * S)}]
    if end_s is not None:
        lines.append(
            {"kind": "episode_ended", "id": key, "asset": asset, "at_ns": int(end_s * S), "ended_early": False}
        )
    return lines


def _fault(venue: str, start_s: float, end_s: float, asset: str | None = None) -> list[dict[str, Any]]:
    return [
        {
            "kind": "fault_started",
            "id": "f",
            "venue": venue,
            "asset": asset,
            "fault": "freeze",
            "at_ns": int(start_s * S),
        },
        {"kind": "fault_ended", "id": "f", "at_ns": int(end_s * S)},
    ]


def _seen(buy: str, sell: str, at_s: float, asset: str = "BTC") -> Detected:
    return Detected(asset, buy, sell, int(at_s * S))


def test_a_found_episode_counts_with_its_delay() -> None:
    """Detected within the episode: found, nothing missed, nothing false."""
    result = score(_episode(1, 10, 13), [_seen("a", "b", 10.25)])
    assert (result.planted, result.detected, result.missed, result.false) == (1, 1, [], [])
    assert result.delays_ms == [250.0]
    assert result.is_perfect


def test_one_matching_leg_is_enough() -> None:
    """A neutral venue against a cheap or a rich one is an effect of the same episode."""
    assert score(_episode(1, 10, 13), [_seen("a", "x", 11), _seen("x", "c", 11)]).false == []


def test_a_relay_is_as_rich_as_the_venue_whose_books_it_shows() -> None:
    """What is sold on it is no invention; without that line of the truth it would be."""
    truth = _episode(1, 10, 13)
    started = {"kind": "simulator_started", "at_ns": 1, "relays": {"r": "b"}}
    assert score([started, *truth], [_seen("x", "r", 11)]).false == []
    assert score(truth, [_seen("x", "r", 11)]).false == [_seen("x", "r", 11)]
    assert score([started, *truth], [_seen("r", "x", 11)]).false == [_seen("r", "x", 11)]


def test_an_unseen_episode_is_missed() -> None:
    """No opportunity in its time."""
    result = score(_episode(1, 10, 13), [])
    assert (result.planted, result.detected, result.missed) == (1, 0, ["episode-1"])
    assert not result.is_perfect


def test_short_episodes_need_not_be_found_but_explain_what_is_seen() -> None:
    """Below a second nothing is demanded, and nothing is false."""
    result = score(_episode(1, 10, 10.7), [_seen("a", "b", 10.3)])
    assert (result.planted, result.missed, result.false) == (0, [], [])


def test_wrong_asset_time_or_direction_is_false() -> None:
    """Each of these is not what was planted."""
    wrong = [
        _seen("a", "b", 11, "ETH"),
        _seen("a", "b", 9.5),
        _seen("a", "b", 14.5),
        _seen("b", "a", 11),
    ]
    result = score(_episode(1, 10, 13), wrong)
    assert result.false == wrong
    assert result.missed == ["episode-1"]


def test_latency_is_forgiven_after_the_end() -> None:
    """What opens just after the end still comes from the episode."""
    assert score(_episode(1, 10, 13), [_seen("a", "b", 13.4)]).is_perfect


def test_an_episode_without_an_end_lasts_as_planned() -> None:
    """After a kill the file has no end line."""
    assert score(_episode(1, 10, None), [_seen("a", "b", 12.5)]).is_perfect


def test_only_what_was_tracked_is_demanded() -> None:
    """An episode between venues or of assets that nobody watched does not count."""
    lines = _episode(1, 10, 13)
    assert score(lines, [], venues=["a", "x"]).planted == 0
    assert score(lines, [], venues=["a", "c"]).planted == 1
    assert score(lines, [], assets=["ETH"]).planted == 0


def test_a_fault_on_every_pair_excuses_a_miss() -> None:
    """Venue a is part of every pair; a fault on b leaves the pair with c."""
    assert score([*_fault("a", 9, 11), *_episode(1, 10, 13)], []).excused == ["episode-1"]
    assert score([*_fault("a", 9, 11, "ETH"), *_episode(1, 10, 13)], []).missed == ["episode-1"]
    assert score([*_fault("b", 9, 11), *_episode(1, 10, 13)], []).missed == ["episode-1"]


def test_recovery_time_counts_as_fault() -> None:
    """A venue that was cut may need a while to come back."""
    lines = [*_fault("a", 1, 2), *_episode(1, 10, 13)]
    assert score(lines, [], recovery_seconds=15).excused == ["episode-1"]
    assert score(lines, [], recovery_seconds=5).missed == ["episode-1"]


def test_stale_prices_of_a_frozen_leg_are_not_false() -> None:
    """A venue frozen in an episode keeps its prices until it thaws."""
    lines = [*_episode(1, 10, 11.5), *_fault("b", 11, 16)]
    assert score(lines, [_seen("a", "b", 10.2), _seen("x", "b", 14)]).false == []
    assert score(lines, [_seen("a", "b", 10.2), _seen("a", "c", 14)]).false == [_seen("a", "c", 14)]


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    """A kill in the middle of a write costs that line only."""
    path = tmp_path / "truth.jsonl"
    path.write_text('{"kind": "simulator_started", "at_ns": 1}\n{"kind": "episode_st')
    assert read_truth(path) == [{"kind": "simulator_started", "at_ns": 1}]
