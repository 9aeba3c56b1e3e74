"""Members whose opportunity is over though nobody was told so."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from crossbook.alerts.evaluation.replicas import open_replicas
from crossbook.alerts.groups.lost_closings import LostClosings
from crossbook.plumbing.clock import Clock
from tests.support.alerts.stand_in_arbitrage import CLOSED, OPENED, event, opportunity, stand_in_arbitrage


class World:
    """Members that are open by the tables, and which of them were closed here."""

    def __init__(self, *members: str) -> None:
        self.members, self.closed = list(members), list[str]()

    def lost(self, replicas: Any, owned: str = "BTC") -> LostClosings:
        store = SimpleNamespace(open_members=self.open_members)
        slots = SimpleNamespace(owns=lambda _, asset: asset == owned)
        closings = SimpleNamespace(close=lambda cause, _: self.closed.append(cause))
        return LostClosings(cast(Any, store), cast(Any, slots), replicas, cast(Any, closings), Clock())

    async def open_members(self, age_seconds: float, limit: int) -> list[tuple[str, str, str]]:
        return [("alertRules/r", cause, "BTC") for cause in self.members]


async def test_one_that_arbitrage_does_not_have_open_twice_in_a_row_has_closed() -> None:
    """Not one that it has; and not one that another replica evaluates."""
    async with stand_in_arbitrage() as arbitrage, open_replicas([f"127.0.0.1:{arbitrage.port}"]) as replicas:
        over = opportunity("over")
        await arbitrage.tell(event(OPENED, opportunity("open")), event(OPENED, over), event(CLOSED, over))
        world = World("open", "over", "unheard of")
        lost, other = world.lost(replicas), world.lost(replicas, owned="ETH")
        for _ in range(2):
            await other.look()
        await lost.look()
        assert world.closed == []
        await lost.look()
        assert sorted(world.closed) == ["over", "unheard of"]


async def test_without_an_answer_nothing_has_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """An arbitrage that is away is no proof."""
    monkeypatch.setattr("crossbook.alerts.groups.lost_closings.ANSWER_SECONDS", 0.2)
    world = World("open")
    async with open_replicas(["127.0.0.1:1"]) as replicas:
        for _ in range(3):
            with pytest.raises(Exception) as refused:  # noqa: PT011 (what it is depends on the moment)
                await world.lost(replicas).look()
            assert not isinstance(refused.value, AssertionError)
    assert world.closed == []
