"""Calls that wait for their turn are done together: fewer and larger transactions, the more there is to do.

A call that finds a turn free goes at once, alone. The others wait; whoever is next takes its share of them along and
does the work for all of them. Nothing is delayed in the hope of company.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Generic, TypeVar

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


@dataclass(eq=False, slots=True)
class _Call(Generic[Item, Outcome]):
    item: Item
    # Those to be done with it, itself first, when it is its turn; or what became of it in another's turn.
    news: "asyncio.Future[list[_Call[Item, Outcome]] | Outcome | Exception]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    is_given_up: bool = False


class Together(Generic[Item, Outcome]):
    """`do` gives for each item, in order, what became of it, or the error that is its own."""

    def __init__(
        self,
        do: Callable[[Sequence[Item]], Awaitable[Sequence[Outcome | Exception]]],
        *,
        turns: int,
        weight: Callable[[Item], int],
        most: int,
    ) -> None:
        """So many groups at once; a group takes no more along once it weighs as much as `most`."""
        self._do = do
        self._free = turns
        self._turns = turns
        self._weight = weight
        self._most = most
        self._waiting: deque[_Call[Item, Outcome]] = deque()
        self._calls = 0  # those that wait, and those whose turn it is

    async def __call__(self, item: Item) -> Outcome:
        """Raises what `do` gives as the item's error.

        A call that is cancelled while it waits is not done. In its own turn it ends the turn, and the others that were
        in it wait for the next. In another's turn it ends with that turn: nobody is told that it is over before it is.
        """
        self._calls += 1
        try:
            outcome = await self._done(_Call(item))
        finally:
            self._calls -= 1
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def _done(self, call: _Call[Item, Outcome]) -> Outcome | Exception:
        self._waiting.append(call)
        self._begin_turns()
        try:
            news = await asyncio.shield(call.news)
        except asyncio.CancelledError:
            await self._give_up(call)
            raise
        return await self._take_turn(news) if isinstance(news, list) else news

    def _begin_turns(self) -> None:
        while self._free and self._waiting:
            self._free -= 1
            group = [self._waiting.popleft()]
            share, weight = ceil(self._calls / self._turns), self._weight(group[0].item)
            while self._waiting and len(group) < share and weight < self._most:
                group.append(self._waiting.popleft())
                weight += self._weight(group[-1].item)
            group[0].news.set_result(group)

    async def _take_turn(self, group: list[_Call[Item, Outcome]]) -> Outcome | Exception:
        try:
            outcomes = await self._do([call.item for call in group])
        except BaseException:
            self._end_turn(undone=group[1:])
            raise
        for call, outcome in zip(group[1:], outcomes[1:], strict=True):
            call.news.set_result(outcome)
        self._end_turn()
        return outcomes[0]

    def _end_turn(self, undone: Sequence[_Call[Item, Outcome]] = ()) -> None:
        for call in reversed(undone):
            if call.is_given_up:
                call.news.cancel()
            else:
                self._waiting.appendleft(call)
        self._free += 1
        self._begin_turns()

    async def _give_up(self, call: _Call[Item, Outcome]) -> None:
        call.is_given_up = True
        if call in self._waiting:
            self._waiting.remove(call)
        elif not call.news.done():
            await asyncio.wait((call.news,))
        elif isinstance(group := call.news.result(), list):
            self._end_turn(undone=group[1:])
