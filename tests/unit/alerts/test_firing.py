"""The line of matches, when what nobody foresaw keeps one from being decided."""

import asyncio
from collections.abc import Iterator

import pytest

from crossbook.alerts.evaluation.evaluate import Match
from crossbook.alerts.evaluation.progress import Hold, Position
from crossbook.alerts.firing import WORKERS, Firing, FiringLine, Suppressed, Verdict
from crossbook.pb.v1 import alerts_pb2, arbitrage_pb2
from crossbook.plumbing.data.leases import Tenure
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.retry import without_waits
from tests.support.waiting import eventually


@pytest.fixture(autouse=True)
def no_waits() -> Iterator[None]:
    with without_waits():
        yield


class Broken(Firing):
    """Raises for the causes named, as often as said."""

    def __init__(self, errors: dict[str, list[Exception]]) -> None:
        self.errors = errors
        self.decided: list[str] = []

    async def fire(self, match: Match) -> Verdict:
        await asyncio.sleep(0)
        if errors := self.errors.get(match.cause):
            raise errors.pop() if len(errors) > 1 else errors[0]
        self.decided.append(match.cause)
        return Suppressed()


def held(cause: str) -> Match:
    """One that keeps its slot's position."""
    others: dict[Hold, None] = {}
    hold = Hold(Tenure(1, asyncio.get_running_loop().time(), asyncio.get_running_loop().time), Position(), others)
    others[hold] = None
    return Match(alert_rule(), arbitrage_pb2.Opportunity(), cause, hold)


def alert_rule() -> alerts_pb2.AlertRule:
    return alerts_pb2.AlertRule(name="alertRules/a")


def is_settled(match: Match) -> bool:
    return match.hold is not None and match.hold not in match.hold.others


@pytest.mark.parametrize("error", [KeyError("x"), UnavailableError("Redis cannot be reached"), RuntimeError("closed")])
async def test_a_match_stays_until_it_is_decided_whatever_is_raised(error: Exception) -> None:
    """Its slot's position does not pass it, so that no restart loses it."""
    firing = Broken({"a": [error]})
    line = FiringLine(firing)
    task = asyncio.create_task(line.run())
    await line.put([first := held("a"), held("b")])
    await eventually(lambda: firing.decided == ["b"])
    assert not is_settled(first)
    firing.errors.clear()
    await eventually(lambda: is_settled(first))
    assert firing.decided == ["b", "a"]
    task.cancel()


async def test_matches_that_break_do_not_hold_up_the_others() -> None:
    """More of them than there are workers; what is wrong is told until the last of them is decided."""
    broken = [f"broken-{number}" for number in range(3 * WORKERS)]
    firing = Broken({cause: [KeyError(cause)] for cause in broken})
    line = FiringLine(firing)
    task = asyncio.create_task(line.run())
    await line.put([held(cause) for cause in (*broken, "well")])
    await eventually(lambda: firing.decided == ["well"])
    assert line.problem == "KeyError at a match of alertRules/a"
    firing.errors.clear()
    await eventually(lambda: set(firing.decided) == {"well", *broken})
    await eventually(lambda: line.problem == "")
    task.cancel()
