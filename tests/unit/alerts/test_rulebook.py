"""The rules as a replica knows them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from crossbook.alerts import rulebook as module
from crossbook.alerts.rulebook import Rulebook
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import UnavailableError
from tests.support.alerts.memory_rules import MemoryRules
from tests.support.waiting import eventually


@asynccontextmanager
async def running(rulebook: Rulebook) -> AsyncIterator[None]:
    task = asyncio.create_task(rulebook.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait((task,))


async def test_the_same_list_stands_for_the_same_rules() -> None:
    """So that whoever has reckoned from it need not again; another list stands for a change."""
    store = MemoryRules()
    await store.create_rule("a", pb.AlertRule())
    rulebook = Rulebook(store)
    await rulebook.refresh()
    before = rulebook.rules()
    await rulebook.refresh()
    assert rulebook.rules() is before
    await store.replace_rule("a", pb.AlertRule(display_name="other"), before[0].etag)
    await rulebook.refresh()
    assert [rule.display_name for rule in rulebook.rules()] == ["other"]


async def test_the_last_rules_stay_while_postgres_is_away() -> None:
    """And who wants them read now hears it."""
    store = MemoryRules()
    await store.create_rule("a", pb.AlertRule())
    rulebook = Rulebook(store)
    await rulebook.refresh()
    store.is_away = True
    with pytest.raises(UnavailableError):
        await rulebook.refresh()
    assert [rule.name for rule in rulebook.rules()] == ["alertRules/a"]


async def test_a_new_installation_has_a_first_rule_once_postgres_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it has been read nothing counts as read; one that was deleted does not come again."""
    monkeypatch.setattr(module, "UNREAD_SECONDS", 0.001)
    store = MemoryRules()
    store.is_away = True
    rulebook = Rulebook(store)
    async with running(rulebook):
        await asyncio.sleep(0.01)
        assert not rulebook.is_read.is_set()
        store.is_away = False
        await rulebook.is_read.wait()
    assert [rule.name for rule in rulebook.rules()] == ["alertRules/default"]
    await store.delete_rule("default")
    again = Rulebook(store)
    async with running(again):
        await again.is_read.wait()
    assert list(again.rules()) == []


async def test_a_change_that_is_announced_is_read_at_once() -> None:
    """Not only with the next round, seconds later."""
    store = MemoryRules()
    rulebook = Rulebook(store)
    async with running(rulebook):
        await rulebook.is_read.wait()
        reads = store.reads
        await store.create_rule("new", pb.AlertRule())
        rulebook.wake()
        await eventually(lambda: "alertRules/new" in {rule.name for rule in rulebook.rules()}, deadline=4.0)
        assert store.reads == reads + 1
