"""`crossbook alerts check` and `preview`, which need nothing that runs, and `alerts` as the service's own command."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from crossbook.alerts.evaluation.decisions import Rehearsal
from crossbook.alerts.rule_files import RuleFileError
from crossbook.cli.main import app
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.timestamps import SECOND_NS
from crossbook.replay import compare

FILE = """
rules:
  night:
    min_net_percent: 0.15
    channels: [{id: console, text_template: "{{ alert.opportunity.asset }} moves\\nnet", console: {}}]
"""


def said(*arguments: str) -> tuple[int, list[str]]:
    done = CliRunner().invoke(app, ["alerts", *arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output.splitlines()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """With one rule."""
    path = tmp_path / "rules.yaml"
    path.write_text(FILE)
    return path


def test_a_check_names_what_is_wrong_and_ends_with_1(file: Path) -> None:
    """Or says that nothing is."""
    assert said("check", str(file)) == (0, ["1 rules, nothing wrong"])
    file.write_text(FILE.replace("0.15", "-1"))
    code, lines = said("check", str(file))
    assert (code, lines[0].split(": ")[:2]) == (1, ["night", "min_net_percent"])


def test_a_preview_is_what_each_channel_would_say(file: Path) -> None:
    """Of a made-up alert."""
    assert said("preview", "night", "--file", str(file)) == (0, ["--- console (console)", "SAMPLE moves", "net"])
    with pytest.raises(RuleFileError, match="it has: night"):
        said("preview", "day", "--file", str(file))


def test_what_would_have_fired_is_a_line_each(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With when and as what; what would not have been told is counted by its reason, and shown to whoever asks."""
    found = arbitrage_pb2.Opportunity(asset="BTC")
    rehearsed = [
        Rehearsal("alertRules/night", found, SECOND_NS, "begins BTC binance", begins_group=True),
        Rehearsal("alertRules/night", found, SECOND_NS, "joins BTC binance"),
        Rehearsal("alertRules/night", found, SECOND_NS, "net 0.1% is below 0.15%", pb.SUPPRESSION_REASON_THRESHOLD),
    ]
    monkeypatch.setattr(compare, "rehearsed", lambda directory, rule: iter(rehearsed))
    arguments = ("test", "night", "--file", str(file), "--replay", str(tmp_path))
    code, lines = said(*arguments)
    assert (code, len(lines), lines[-1]) == (0, 4, "2 alerts in 1 groups; not told: 1 threshold")
    assert lines[1].split()[1] == "BTC"
    assert lines[1].endswith("fires, begins BTC binance")
    assert said(*arguments, "--untold")[1][3].endswith("threshold: net 0.1% is below 0.15%")


def test_a_rule_that_looks_at_no_opportunities_is_not_tested_with_them(file: Path, tmp_path: Path) -> None:
    """It would fire nothing, which says nothing."""
    file.write_text(FILE.replace("min_net_percent: 0.15", "trigger: ALERT_TRIGGER_SNAPSHOT"))
    with pytest.raises(RuleFileError, match="does not look at opportunities"):
        said("test", "night", "--file", str(file), "--replay", str(tmp_path))


def test_without_a_command_it_is_the_service() -> None:
    """With its own options."""
    code, lines = said("--help")
    assert code == 0
    assert {"--port", "apply", "export", "check", "test", "preview"} <= {
        line.split()[0] for line in lines if line.strip()
    }
