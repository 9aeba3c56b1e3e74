"""What was found against what was planted."""

import json
from pathlib import Path

from crossbook.local.options import UpOptions
from crossbook.local.show.observer import Sighting
from crossbook.local.show.truth import NO_TRUTH, score_run

SECOND_NS = 1_000_000_000
OPTIONS = UpOptions(venues=["binance", "okx"])


def truth(tmp_path: Path) -> Path:
    """BTC is cheap on binance from second 10 to 14."""
    path = tmp_path / "truth.jsonl"
    start = {
        "kind": "episode_started",
        "at_ns": 10 * SECOND_NS,
        "id": "episode-1",
        "asset": "BTC",
        "cheap": ["binance"],
        "rich": ["okx"],
        "gross_percent": 0.5,
        "planned_end_ns": 14 * SECOND_NS,
    }
    end = {"kind": "episode_ended", "at_ns": 14 * SECOND_NS, "id": "episode-1", "asset": "BTC", "ended_early": False}
    path.write_text(f"{json.dumps(start)}\n{json.dumps(end)}\n")
    return path


def sighting(asset: str, opened_s: float) -> Sighting:
    return Sighting("1", asset, "binance", "okx", int(opened_s * SECOND_NS), None, 0.2, 0)


def test_what_was_planted_and_found_is_detected(tmp_path: Path) -> None:
    """And nothing else is."""
    assert score_run(truth(tmp_path), [sighting("BTC", 10.3)], OPTIONS) == {"planted": 1, "detected": 1, "false": 0}


def test_what_nobody_planted_is_false(tmp_path: Path) -> None:
    """The planted one is then missed."""
    assert score_run(truth(tmp_path), [sighting("ETH", 10.3)], OPTIONS) == {"planted": 1, "detected": 0, "false": 1}


def test_what_was_not_tracked_is_not_asked_for(tmp_path: Path) -> None:
    """By asset, by symbol or by venue."""
    path = truth(tmp_path)
    for options in (
        UpOptions(venues=["binance", "okx"], assets=["ETH"]),
        UpOptions(venues=["binance", "okx"], symbols=["ETH/USDT:USDT"]),
        UpOptions(venues=["binance"]),
    ):
        assert score_run(path, [], options) == NO_TRUTH


def test_a_run_without_truth_has_no_score(tmp_path: Path) -> None:
    """Real venues plant nothing."""
    assert score_run(tmp_path / "missing.jsonl", [], OPTIONS) == NO_TRUTH
