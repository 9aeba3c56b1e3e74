"""Processor time of a process."""

import os
import time
from pathlib import Path

from tests.bench.cpu import cpu_ns


def test_it_is_that_of_all_threads(tmp_path: Path) -> None:
    """The first number of each thread's schedstat, in nanoseconds."""
    for thread, text in (("7", "1000 5 3\n"), ("8", "234 0 1\n")):
        (tmp_path / "7" / "task" / thread).mkdir(parents=True)
        (tmp_path / "7" / "task" / thread / "schedstat").write_text(text)
    assert cpu_ns(7, tmp_path) == 1234


def test_without_schedstat_it_is_what_the_clock_ticks_say() -> None:
    """Of this process, which has worked."""
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass
    assert cpu_ns(os.getpid(), Path("/nowhere")) >= 2e7


def test_a_process_that_is_gone_has_none() -> None:
    """The bench notices elsewhere that it ended."""
    assert cpu_ns(2**22 + 1, Path("/nowhere")) == 0
