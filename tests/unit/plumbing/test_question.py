import asyncio

import pytest

from crossbook.plumbing.question import Question


async def test_an_answer_is_passed_on() -> None:
    asked = 0

    async def put() -> None:
        nonlocal asked
        asked += 1

    question = Question(put, 30)
    await question.ask()
    await question.ask()
    assert asked == 2


async def test_what_the_question_raises_is_raised() -> None:
    async def put() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await Question(put, 30).ask()


async def test_nobody_waits_for_a_question_that_does_not_end_and_it_is_put_only_once() -> None:
    asked, answered = 0, asyncio.Event()

    async def put() -> None:
        nonlocal asked
        asked += 1
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            await answered.wait()  # as a driver that cannot break its query off

    question = Question(put, 0.01)
    for _ in range(3):
        with pytest.raises(TimeoutError, match="no answer within"):
            await question.ask()
    assert asked == 1
    question.close()
    answered.set()
