"""A cancellation that was swallowed."""

import asyncio

import pytest

from crossbook.plumbing.cancellation import Cancellations


async def swallowing(heeds: bool) -> str:
    """Ends well although it was cancelled meanwhile, as some libraries do."""
    cancellations = Cancellations()
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        if heeds:
            cancellations.check()
    return "went on"


@pytest.mark.parametrize("heeds", [False, True])
async def test_a_swallowed_cancellation_is_raised_again(heeds: bool) -> None:
    """Without the check the task goes on."""
    task = asyncio.create_task(swallowing(heeds))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait((task,))
    assert task.cancelled() is heeds


async def test_one_of_before_does_not_count() -> None:
    """What a cancelled task does to end well may take its time."""
    goodbye = asyncio.Event()

    async def leaving() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancellations = Cancellations()
            await asyncio.sleep(0)
            cancellations.check()
            goodbye.set()

    task = asyncio.create_task(leaving())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait((task,))
    assert goodbye.is_set()


async def test_a_time_limit_that_was_met_does_not_count() -> None:
    """It cancels and takes the cancellation back."""
    cancellations = Cancellations()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await asyncio.Event().wait()
    cancellations.check()
