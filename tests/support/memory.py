"""How much memory a process holds."""

import gc
import os
from pathlib import Path

import pytest


def resident_bytes(pid: int) -> int:
    """Resident set size, from /proc; of this process without garbage, which a large one collects seldom."""
    if pid == os.getpid():
        gc.collect()
    statm = Path(f"/proc/{pid}/statm")
    if not statm.exists():
        pytest.skip("needs /proc")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
