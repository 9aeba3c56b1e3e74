"""Passwords: argon2id, in a thread, two at a time at most, so that a flood of log-ins takes no more than two cores."""

import asyncio

import argon2

MIN_CHARACTERS, MAX_CHARACTERS = 12, 200
AT_A_TIME = 2
_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# What is compared with where there is no such user: it must take as long.
_NOBODY = _HASHER.hash("nobody has this password")


class Passwords:
    """Of one process."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_A_TIME)

    async def hash(self, password: str) -> str:
        """To be kept."""
        async with self._places:
            return await asyncio.to_thread(_HASHER.hash, password)

    async def is_right(self, password: str, kept: str | None) -> bool:
        """False, as slowly, where nothing is kept."""
        async with self._places:
            is_same = await asyncio.to_thread(_is_right, password, kept or _NOBODY)
        return is_same and kept is not None


def _is_right(password: str, kept: str) -> bool:
    try:
        return _HASHER.verify(kept, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False
