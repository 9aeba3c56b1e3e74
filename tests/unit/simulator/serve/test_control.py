"""The control endpoint."""

import json
from collections.abc import Mapping

import pytest

from crossbook.plumbing.settings import SimulatorSettings
from crossbook.simulator.registry import TRAITS
from crossbook.simulator.serve.control import answer_control
from crossbook.simulator.simulator import Simulator
from crossbook.simulator.wire.answer import Answer

VENUE = next(iter(TRAITS))


@pytest.fixture
def simulator() -> Simulator:
    """Of one venue, at the beginning of time."""
    return Simulator(SimulatorSettings(venues=[VENUE], assets=1), 0)


def ask(simulator: Simulator, method: str, path: str, query: Mapping[str, str] | None = None) -> Answer:
    return answer_control(simulator, None, method, path, query or {}, 0)


def test_the_state_is_shown(simulator: Simulator) -> None:
    """With what is played, which is nothing here."""
    state = json.loads(ask(simulator, "GET", "/state").body)
    assert (list(state["venues"]), state["faults"], state["play"]) == ([VENUE], [], None)


@pytest.mark.parametrize("key", ["spec", "body"])
def test_faults_are_ordered_by_query_or_body(simulator: Simulator, key: str) -> None:
    """The answer has their ids, the state what they are."""
    answer = ask(simulator, "POST", "/faults", {key: f"{VENUE}:cut@1s,{VENUE}:refuse@2s"})
    assert (answer.status, len(json.loads(answer.body)["accepted"])) == (200, 2)
    assert [one["fault"] for one in simulator.state()["faults"]] == [f"{VENUE}:cut@1s", f"{VENUE}:refuse@2s"]


def test_what_does_not_read_is_told_with_the_grammar(simulator: Simulator) -> None:
    """And orders nothing."""
    answer = ask(simulator, "POST", "/faults", {"body": "nonsense"})
    assert answer.status == 400
    assert b"'nonsense' does not look like VENUE:KIND@START" in answer.body
    assert b"FAULT[,FAULT...]" in answer.body
    assert simulator.state()["faults"] == []


def test_a_stop_ends_everything_that_was_ordered(simulator: Simulator) -> None:
    """Faults that wait are forgotten."""
    ask(simulator, "POST", "/faults", {"body": f"{VENUE}:cut@1s"})
    assert json.loads(ask(simulator, "POST", "/stop").body) == {"stopped": True}
    assert simulator.state()["faults"] == []


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/faults", 405), ("GET", "/stop", 405), ("POST", "/else", 404)]
)
def test_what_is_not_there_is_told(simulator: Simulator, method: str, path: str, status: int) -> None:
    """A method that would change something must be asked for as one."""
    answer = ask(simulator, method, path)
    assert answer.status == status
    assert answer.headers.get("Allow") == ("POST" if status == 405 else None)
