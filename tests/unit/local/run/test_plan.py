"""What a run is about to do, decided before anything starts."""

from dataclasses import replace
from pathlib import Path

import pytest

from crossbook.local.options import UpOptions
from crossbook.local.run.plan import plan_run
from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.exposure import OpenHostError

OPTIONS = UpOptions(
    data_dir=Path("/nowhere/data"), venues=["v", "w"], port_base=0, tracker_processes=2, window_seconds=5
)


def test_a_plan_holds_all_that_the_run_is_told() -> None:
    """Settings with the options over them, an endpoint a process, and places in the data folder; nothing is made."""
    plan = plan_run(OPTIONS)
    assert plan.settings.aggregator.window_seconds == 5
    assert list(plan.targets) == ["tracker-1", "tracker-2", "aggregator", "arbitrage", "alerts", "simulator", "gateway"]
    assert plan.places.truth_file == Path("/nowhere/data/truth.jsonl")
    assert plan.headline == "Crossbook is SIMULATED: v, w, seed 1"
    first, second = (endpoint.port for endpoint in plan.ports.of("tracker"))
    assert f"Ctrl-C stops · tracker {first} {second} aggregator " in plan.footer
    assert not plan.data_dir.exists()


def test_real_venues_need_no_simulator() -> None:
    """And the headline says what they are."""
    plan = plan_run(UpOptions(venues=["v"], port_base=0, is_live=True))
    assert "simulator" not in plan.targets
    assert plan.headline == "Crossbook is LIVE: real venues v"


def test_a_played_capture_is_named() -> None:
    """It takes its venue's place in the world."""
    plan = plan_run(UpOptions(venues=["v"], port_base=0, play=Path("capture.gz")))
    assert (plan.options.mode, plan.headline) == ("play", "Crossbook is SIMULATED: v, with capture.gz played")


def test_messages_link_to_the_page_of_this_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the settings name another: a desk reads them elsewhere."""
    plan = plan_run(OPTIONS)
    assert plan.acknowledge_url == f"http://127.0.0.1:{plan.ports.one('gateway').http_port}/ack?token="
    monkeypatch.setenv("CROSSBOOK_ALERTS__ACKNOWLEDGE_URL", "https://desk.example/ack?token=")
    assert plan_run(OPTIONS).acknowledge_url == "https://desk.example/ack?token="


def test_what_is_wrong_is_said_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window that does not divide a minute, and a host that strangers reach."""
    with pytest.raises(SettingsError, match="window_seconds"):
        plan_run(UpOptions(venues=["v"], port_base=0, window_seconds=7))
    monkeypatch.setenv("CROSSBOOK_HOST", "0.0.0.0")
    with pytest.raises(OpenHostError):
        plan_run(OPTIONS)


@pytest.mark.parametrize("keeper", ["", "summary", "record_dir"])
def test_figures_are_kept_for_a_summary_and_for_a_recording(keeper: str) -> None:
    """Nothing else is worth waiting for at the end of a run."""
    options = replace(OPTIONS, **{keeper: Path("/nowhere/kept")}) if keeper else OPTIONS
    assert plan_run(options).are_figures_kept == bool(keeper)
