"""The JSON report of a run."""

import json
from pathlib import Path

from crossbook.local.processes.child import Child
from crossbook.local.processes.supervisor import Supervised
from crossbook.local.processes.usage import Usage
from crossbook.local.show import summary
from tests.support.local.observed import observed


async def ready() -> bool:
    return True


def process(tmp_path: Path) -> Supervised:
    child = Child("tracker", ["true"], tmp_path / "log")
    return Supervised(child, ready, restarts=1, final_exit_code=0, usage=Usage(91.26, 2.0), spent_cpu_s=1.5)


def test_every_key_of_the_report(tmp_path: Path) -> None:
    """Scripts rely on them."""
    report = summary.summarise(
        observed(venues=1),
        {"tracker": process(tmp_path)},
        duration_s=90.12345,
        mode="simulated",
        left_out={"gone": "closed"},
        ground_truth={"planted": 3, "detected": 3, "false": 0},
    )
    assert report == {
        "duration_s": 90.123,
        "mode": "simulated",
        "venues": {
            "venue00": {
                "state": "LIVE",
                "instruments": 20,
                "frames": 1000,
                "quotes": 800,
                "gaps": 2,
                "resyncs": 1,
                "parse_errors": 3,
                "reconnects": 4,
            }
        },
        "left_out": {"gone": "closed"},
        "windows": {"snapshots_written": 480, "minutes_written": 80, "incomplete": 1},
        "opportunities": {"opened": 19, "closed": 18, "refused": {"TOO_OLD": 9}},
        "alerts": {"fired": 7, "suppressed": 5, "delivered": 6, "failed": 1},
        "latency_us": {
            "frame_to_quote_p50": 50.0,
            "frame_to_opportunity_p50": 1500.0,
            "frame_to_opportunity_p99": 4000.0,
        },
        "ground_truth": {"planted": 3, "detected": 3, "false": 0},
        "processes": {"tracker": {"rss_mb": 91.3, "cpu_s": 3.5, "exit_code": 0, "restarts": 1}},
    }


def test_the_file_replaces_an_earlier_one_whole(tmp_path: Path) -> None:
    """A reader never sees half of it."""
    path = tmp_path / "s.json"
    path.write_text("old")
    summary.write(path, {"mode": "live"})
    assert json.loads(path.read_text()) == {"mode": "live"}
    assert list(tmp_path.iterdir()) == [path]
