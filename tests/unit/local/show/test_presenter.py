"""Showing a run never ends it."""

import asyncio
import sys

import pytest

from crossbook.local.show.presenter import present, say


class ClosedTerminal:
    """Whatever is written to it fails, as when the other end of a pipe is gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")

    def flush(self) -> None:
        raise BrokenPipeError(32, "Broken pipe")


async def _fails(seen: list[str]) -> None:
    seen.append("view")
    raise ValueError("closing tag '[/x]' doesn't match any open tag")


async def _shows(seen: list[str], shown: asyncio.Event) -> None:
    seen.append("lines")
    shown.set()
    await asyncio.Event().wait()


async def test_a_view_that_fails_gives_way_to_the_next() -> None:
    """Which then shows the run until it is cancelled."""
    seen: list[str] = []
    shown = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        showing = group.create_task(present([_fails(seen), _shows(seen, shown)]))
        await shown.wait()
        assert not showing.done()
        showing.cancel()
    assert seen == ["view", "lines"]


async def test_a_run_that_nothing_can_show_goes_on() -> None:
    """Unseen, until somebody ends it."""
    seen: list[str] = []
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await present([_fails(seen), _fails(seen)])
    assert seen == ["view", "view"]


def test_words_to_a_terminal_that_is_gone_are_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A notice is told from within the supervisor: it must not fail there."""
    monkeypatch.setattr(sys, "stdout", ClosedTerminal())
    say("aggregator ended")
