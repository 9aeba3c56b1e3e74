"""The lines of `crossbook groups` and `crossbook silences`, and what they ask for."""

from typing import Any

import pytest
from typer.testing import CliRunner

from crossbook.cli import groups as module
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.timestamps import SECOND_NS, to_timestamp

AT = to_timestamp(1_790_000_000 * SECOND_NS)
GROUP = pb.AlertGroup(
    name="alertGroups/g", rule="alertRules/r", label="BTC v", open_count=2, member_count=3, open_time=AT, held_back="x"
)
SILENCE = pb.Silence(name="silences/s", venues=["v"], author="ann", comment="known", from_time=AT, to_time=AT)
SUPPRESSION = pb.Suppression(
    reason=pb.SUPPRESSION_REASON_COOLDOWN, rule="alertRules/r", cause="o", detail="words", count=2, last_time=AT
)


class Server:
    """Answers what it is asked; the last request is kept."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}

    def __call__(self, method: str, request: Any, target: str | None) -> Any:
        self.asked[method] = request
        return {
            "ListAlertGroups": pb.ListAlertGroupsResponse(groups=[GROUP]),
            "AcknowledgeAlertGroup": pb.AcknowledgeAlertGroupResponse(group=GROUP),
            "ExplainAlert": pb.ExplainAlertResponse(explanation="told", suppressions=[SUPPRESSION]),
            "ListSuppressions": pb.ListSuppressionsResponse(suppressions=[SUPPRESSION]),
            "CreateSilence": pb.CreateSilenceResponse(silence=SILENCE),
            "ListSilences": pb.ListSilencesResponse(silences=[SILENCE]),
            "ExpireSilence": pb.ExpireSilenceResponse(silence=SILENCE),
        }[method]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    found = Server()
    monkeypatch.setattr(module, "_ask", found)
    return found


def said(app: Any, *arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), env={"USER": "ann"})
    assert result.exit_code == 0, result.output
    return result.output.strip()


def test_a_group_is_a_line_and_can_be_acknowledged_by_id_or_token(server: Server) -> None:
    """Whoever runs the command is at it, for as long as said."""
    line = "alertGroups/g · open · BTC v · 2 of 3 open · since 2026-09-21 14:13:20 · held back: x · r"
    assert said(module.groups, "list") == said(module.groups, "ack", "g", "--for", "30m") == line
    request = server.asked["AcknowledgeAlertGroup"]
    assert (request.name, request.author, request.valid_for.seconds) == ("alertGroups/g", "ann", 1800)
    said(module.groups, "ack", "g.secret")
    assert (server.asked["AcknowledgeAlertGroup"].token, server.asked["AcknowledgeAlertGroup"].name) == ("g.secret", "")


def test_why_is_said_in_words_with_what_held_it_back(server: Server) -> None:
    """Of an opportunity by a rule, or of a group."""
    line = "2026-09-21 14:13:20 · cooldown · o · words · 2 times · r"
    assert said(module.groups, "explain", "o", "--rule", "r") == f"told\n  {line}"
    assert (server.asked["ExplainAlert"].opportunity, server.asked["ExplainAlert"].rule) == ("o", "alertRules/r")
    said(module.groups, "explain", "alertGroups/g")
    assert server.asked["ExplainAlert"].group == "alertGroups/g"
    assert said(module.groups, "untold", "--assets", "BTC") == line
    assert list(server.asked["ListSuppressions"].assets) == ["BTC"]


def test_a_silence_is_made_listed_and_ended(server: Server) -> None:
    """It names what it is about, and who made it."""
    line = "silences/s · silence · not in force · v · 2026-09-21 14:13:20 to 2026-09-21 14:13:20 · ann: known"
    assert said(module.silences, "add", "--comment", "known", "--venues", "v", "--rules", "r", "--for", "2h") == line
    silence = server.asked["CreateSilence"].silence
    assert (list(silence.venues), list(silence.rules), silence.author) == (["v"], ["alertRules/r"], "ann")
    assert said(module.silences, "list") == said(module.silences, "expire", "s") == line
    assert server.asked["ExpireSilence"].name == "silences/s"
