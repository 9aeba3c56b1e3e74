"""Plays of many seeds, on all processors."""

from __future__ import annotations

import multiprocessing
from multiprocessing.pool import Pool

from tests.property.judge import complaints

CHUNK = 25
TOLD = 3  # failures that are told in full


def workers() -> Pool:
    """Processes that start from nothing: gRPC does not survive a fork."""
    return multiprocessing.get_context("spawn").Pool()


def failures(pool: Pool, venue: str, first: int, seeds: int) -> list[str]:
    """What failed, one text a seed that says how to play it alone."""
    jobs = [(venue, seed) for seed in range(first, first + seeds)]
    return [_told(venue, seed, found) for seed, found in pool.imap_unordered(_play, jobs, chunksize=CHUNK) if found]


def _play(job: tuple[str, int]) -> tuple[int, list[str]]:
    return job[1], complaints(*job)


def _told(venue: str, seed: int, found: list[str]) -> str:
    again = f"python -m tests.property --venues {venue} --first {seed} --seeds 1"
    return "\n  ".join((f"{venue}, seed {seed} ({again}):", *found))
