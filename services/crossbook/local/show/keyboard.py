"""Keys of a terminal as they are pressed, unseen, and the terminal as it was afterwards. Without one, no key comes."""

import asyncio
import os
import termios
import tty
from collections.abc import AsyncIterator
from typing import TextIO

MOST_WAITING = 256  # keys that nobody has taken; further ones are lost


async def keys(source: TextIO) -> AsyncIterator[str]:
    """One key at a time, for as long as the terminal lasts; of one that sends several characters, an arrow, nothing."""
    if not source.isatty():
        return
    descriptor, loop = source.fileno(), asyncio.get_running_loop()
    pressed: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)

    def take() -> None:
        text = os.read(descriptor, 64).decode(errors="ignore")
        if not text:
            loop.remove_reader(descriptor)
        elif not (len(text) > 1 and text.startswith("\x1b")):
            for key in text[: MOST_WAITING - pressed.qsize()]:
                pressed.put_nowait(key)

    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor, termios.TCSANOW)
    loop.add_reader(descriptor, take)
    try:
        while True:
            yield await pressed.get()
    finally:
        loop.remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSANOW, before)
