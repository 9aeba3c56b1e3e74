"""The control endpoint: GET /control/state, POST /control/faults (a specification), POST /control/stop.

A specification is the request's body, or its query parameter `spec`.
"""

from collections.abc import Mapping

from crossbook.simulator.play.faults import FaultSpecError
from crossbook.simulator.play.player import Player
from crossbook.simulator.simulator import Simulator
from crossbook.simulator.wire.answer import Answer, json_answer, text_answer


def answer_control(
    simulator: Simulator, player: Player | None, method: str, path: str, query: Mapping[str, str], now_ns: int
) -> Answer:
    """The answer to a request under /control."""
    if path == "/state":
        return json_answer(simulator.state() | {"play": player.state() if player else None})
    if path not in ("/faults", "/stop"):
        return text_answer(404, "known: GET /control/state, POST /control/faults, POST /control/stop\n")
    if method != "POST":
        return text_answer(405, f"/control{path} takes POST\n", {"Allow": "POST"})
    if path == "/stop":
        simulator.stop(now_ns)
        return json_answer({"stopped": True})
    spec = query.get("spec") or query.get("body", "")
    try:
        return json_answer({"accepted": simulator.order_faults(spec, now_ns)})
    except FaultSpecError as error:
        return text_answer(400, f"{error}\n")
