"""Tasks side by side, and those that outlive what nobody foresaw."""

import asyncio
import gc
from collections.abc import Iterator

import pytest
from prometheus_client import REGISTRY

from crossbook.plumbing.errors import ConflictError, PortTakenError, SettingsError
from crossbook.plumbing.retry import without_waits
from crossbook.plumbing.tasks import Keeper, call_off, set_within, until_first
from tests.support.waiting import eventually


class PanicError(BaseException):
    """As a panic of the core, none of Exception."""


@pytest.fixture(autouse=True)
def no_waits() -> Iterator[None]:
    with without_waits():
        yield


class Worker:
    """Dies of each of the errors in turn, then goes on for ever."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.lives = 0
        self.told: list[tuple[str, bool]] = []
        self.keeper = Keeper(self.tell, stable_seconds=0)

    async def tell(self, part: str, reason: str) -> None:
        self.told.append((part, bool(reason)))

    async def run(self) -> None:
        self.lives += 1
        if self.errors:
            raise self.errors.pop(0)
        await asyncio.Event().wait()


def restarts(task: str) -> float:
    return REGISTRY.get_sample_value("crossbook_task_restarts_total", {"task": task}) or 0.0


@pytest.mark.parametrize("error", [RuntimeError("handler is closed"), PanicError(), ExceptionGroup("", [KeyError()])])
async def test_what_nobody_foresaw_is_counted_told_and_begun_again(error: BaseException) -> None:
    """And told to be over once the new life has lasted."""
    worker, before = Worker(error), restarts("one")
    task = asyncio.create_task(worker.keeper.keep("one", worker.run))
    await eventually(lambda: worker.told == [("one", True), ("one", False)])
    assert (worker.lives, restarts("one") - before) == (2, 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_task_that_dies_again_and_again_stays_unwell() -> None:
    """It is well once a life lasts, not when one begins."""
    worker = Worker(*[ValueError() for _ in range(5)])
    worker.keeper = Keeper(worker.tell, stable_seconds=3600)
    task = asyncio.create_task(worker.keeper.keep("one", worker.run))
    await eventually(lambda: worker.lives == 6)
    task.cancel()
    assert worker.told == [("one", True)] * 5


@pytest.mark.parametrize("error", [SettingsError("x"), PortTakenError("h", 1)])
async def test_what_no_restart_can_mend_ends_the_service(error: Exception) -> None:
    worker = Worker(error)
    with pytest.raises(type(error)):
        await worker.keeper.keep("one", worker.run)
    assert (worker.lives, worker.told) == (1, [])


async def test_a_task_that_is_done_is_not_begun_again() -> None:
    worker = Worker(ValueError())

    async def run() -> None:
        if worker.errors:
            await worker.run()

    await worker.keeper.keep("one", run)
    assert worker.told == [("one", True), ("one", False)]


async def test_a_group_that_dies_while_it_is_waited_for_is_begun_again() -> None:
    """Its task looks as if it had been cancelled."""
    worker = Worker(ValueError())

    async def run() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(worker.run())

    task = asyncio.create_task(worker.keeper.keep("one", run))
    await eventually(lambda: worker.lives == 2)
    task.cancel()


async def test_a_cancellation_that_nobody_asked_for_is_begun_again() -> None:
    """A library may let one out that it made itself."""
    worker = Worker(asyncio.CancelledError())
    task = asyncio.create_task(worker.keeper.keep("one", worker.run))
    await eventually(lambda: worker.lives == 2)
    task.cancel()


async def test_a_cancelled_task_whose_children_die_of_it_is_cancelled() -> None:
    """A task group tells then of its children's errors, and of no cancellation."""

    async def child() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise RuntimeError("in the cleanup")

    async def run() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(child())

    worker = Worker()
    task = asyncio.create_task(worker.keeper.keep("one", run))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert worker.told == []


async def test_what_is_called_off_dies_in_silence() -> None:
    """Of its own cleanup, or of nothing, and asyncio complains of neither when it is collected."""
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))

    async def dies() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise RuntimeError("in the cleanup")

    for run in (dies, _forever, _fail):
        task = asyncio.ensure_future(run())
        await asyncio.sleep(0)
        await call_off(task)
        assert task.done()
        del task
    gc.collect()
    assert complaints == []


async def _fail() -> None:
    raise ConflictError("no")


async def _forever() -> None:
    await asyncio.Event().wait()


async def test_the_first_to_end_ends_the_others() -> None:
    """What still runs when the first has ended is cancelled before the caller goes on."""
    ended: list[str] = []

    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("slow")

    await until_first(slow(), asyncio.sleep(0))
    assert ended == ["slow"]


async def test_an_error_comes_out_as_itself() -> None:
    """The caller sees the error of the one that failed, not a group of errors."""
    with pytest.raises(ConflictError):
        await until_first(_forever(), _fail())


async def test_cancelling_the_caller_cancels_them_all() -> None:
    """A stream whose client has gone leaves nothing running."""
    task = asyncio.create_task(until_first(_forever(), _forever()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_an_event_is_waited_for_no_longer_than_is_said() -> None:
    """Told is whether it was set; what is set already, or while it is waited for, ends the waiting."""
    event = asyncio.Event()
    assert not await set_within(event, 0.01)
    asyncio.get_running_loop().call_later(0.01, event.set)
    assert await set_within(event, None)
    assert await set_within(event, 0)
