"""Keys are taken one by one from a real terminal, which is left as it was found."""

import asyncio
import io
import os
import pty
import termios
from collections.abc import Iterator
from typing import TextIO

import pytest

from crossbook.local.show.keyboard import keys
from tests.support.waiting import eventually


@pytest.fixture
def terminal() -> Iterator[tuple[int, TextIO]]:
    """The side that types, and the side that reads."""
    typing, reading = pty.openpty()
    with os.fdopen(reading) as source:
        yield typing, source
    os.close(typing)


async def test_each_key_comes_at_once_and_an_arrow_not_at_all(terminal: tuple[int, TextIO]) -> None:
    """Without a line's end; what several characters stand for is no text."""
    typing, source = terminal
    pressed = keys(source)
    first = asyncio.ensure_future(anext(pressed))
    await eventually(lambda: not termios.tcgetattr(source)[3] & termios.ICANON)
    os.write(typing, b"b")
    assert await first == "b"
    os.write(typing, b"\x1b[A")
    following = asyncio.ensure_future(anext(pressed))
    await asyncio.sleep(0.05)
    os.write(typing, b"t")
    assert await following == "t"
    await pressed.aclose()


async def test_the_terminal_is_left_as_it_was(terminal: tuple[int, TextIO]) -> None:
    """Lines and echo are back when nobody reads keys any more."""
    typing, source = terminal
    before = termios.tcgetattr(source)
    pressed = keys(source)
    os.write(typing, b"x\n")
    assert await anext(pressed)
    assert termios.tcgetattr(source)[3] != before[3]
    await pressed.aclose()
    assert termios.tcgetattr(source) == before


async def test_without_a_terminal_no_key_comes() -> None:
    """A pipe is no keyboard."""
    assert [key async for key in keys(io.StringIO("abc"))] == []
