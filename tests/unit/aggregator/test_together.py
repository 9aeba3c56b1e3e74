"""Calls that wait for their turn are done together."""

import asyncio
from collections.abc import Sequence

import pytest

from crossbook.aggregator.store.together import Together


class Work:
    """Does each group when it is told to; an item of -1 fails by itself. `done` are the groups that came to an end."""

    def __init__(self, turns: int = 1, most: int = 100) -> None:
        self.begun: list[list[int]] = []
        self.done: list[list[int]] = []
        self.gates: list[asyncio.Event] = []
        self.together = Together(self._do, turns=turns, weight=lambda item: abs(item), most=most)

    async def _do(self, items: Sequence[int]) -> list[str | Exception]:
        gate = asyncio.Event()
        self.gates.append(gate)
        self.begun.append(list(items))
        await gate.wait()
        self.done.append(list(items))
        return [ValueError("-1") if item == -1 else str(item) for item in items]

    async def call(self, *items: int) -> list["asyncio.Task[str]"]:
        """Calls of these items, all at once, as far as they come."""
        tasks = [asyncio.create_task(self.together(item)) for item in items]
        await settled()
        return tasks

    async def end(self, group: int) -> None:
        """Lets the group that was begun as this one end."""
        self.gates[group].set()
        await settled()


async def settled() -> None:
    """Everybody has come as far as possible."""
    for _ in range(12):
        await asyncio.sleep(0)


async def test_who_finds_a_turn_goes_alone_and_who_waits_goes_together() -> None:
    work = Work()
    tasks = await work.call(1, 2, 3)
    assert work.begun == [[1]]
    await work.end(0)
    assert work.begun == [[1], [2, 3]]
    await work.end(1)
    assert await asyncio.gather(*tasks) == ["1", "2", "3"]


async def test_each_turn_takes_its_share_and_no_more_than_the_most() -> None:
    """Of two turns each takes half of all that are there, as far as they wait; heavy items fill a group."""
    work = Work(turns=2, most=18)
    tasks = await work.call(1, 2, 3, 4, 1, 9, 8)
    assert work.begun == [[1], [2]]
    await work.end(0)
    assert work.begun[2] == [3, 4, 1, 9]
    await work.end(1)
    assert work.begun[3] == [8]
    for group in (2, 3):
        await work.end(group)
    assert await asyncio.gather(*tasks) == ["1", "2", "3", "4", "1", "9", "8"]
    more = await work.call(1, 1, 18, 2, 2)
    await work.end(4)
    await work.end(5)
    assert work.begun[6:] == [[18], [2, 2]]
    for group in (6, 7):
        await work.end(group)
    await asyncio.gather(*more)


async def test_an_error_is_its_own_items() -> None:
    work = Work()
    tasks = await work.call(1, 2, -1, 3)
    await work.end(0)
    await work.end(1)
    assert [tasks[number].result() for number in (0, 1, 3)] == ["1", "2", "3"]
    with pytest.raises(ValueError, match="-1"):
        await tasks[2]


async def test_who_is_cancelled_while_it_waits_is_not_done() -> None:
    work = Work()
    tasks = await work.call(1, 2, 3)
    tasks[1].cancel()
    await settled()
    assert tasks[1].cancelled()
    await work.end(0)
    await work.end(1)
    assert work.done == [[1], [3]]


async def test_who_is_cancelled_in_its_own_turn_leaves_the_others_to_the_next() -> None:
    work = Work()
    tasks = await work.call(1, 2, 3, 4)
    await work.end(0)
    tasks[1].cancel()
    await settled()
    assert work.begun == [[1], [2, 3, 4], [3, 4]]
    await work.end(2)
    assert [tasks[2].result(), tasks[3].result()] == ["3", "4"]
    assert work.done == [[1], [3, 4]]


async def test_who_is_cancelled_when_its_turn_has_just_come_leaves_it_to_the_next() -> None:
    work = Work()
    tasks = await work.call(1, 2, 3)
    work.gates[0].set()
    for _ in range(12):
        if work.done:
            break
        await asyncio.sleep(0)
    tasks[1].cancel()
    await settled()
    assert work.begun == [[1], [3]]
    await work.end(1)
    assert tasks[1].cancelled()
    assert await tasks[2] == "3"


async def test_who_is_cancelled_in_the_turn_of_another_ends_with_it() -> None:
    """What it asked for is then done or not, and no more to be expected."""
    work = Work()
    tasks = await work.call(1, 2, 3)
    await work.end(0)
    tasks[2].cancel()
    await settled()
    assert not tasks[2].done()
    await work.end(1)
    assert tasks[2].cancelled()
    assert work.done[-1] == [2, 3]


async def test_when_all_are_cancelled_all_end() -> None:
    """Whoever of a group is told first."""
    for order in ((1, 2, 3), (3, 2, 1), (2, 3, 1)):
        work = Work()
        tasks = await work.call(1, 2, 3, 4)
        await work.end(0)
        for number in order:
            tasks[number].cancel()
        await asyncio.wait(tasks, timeout=5)
        assert [task.cancelled() for task in tasks] == [False, True, True, True]
        assert work.done == [[1]]
