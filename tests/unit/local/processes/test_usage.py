"""Memory and processor time of process trees."""

import subprocess
import sys
from pathlib import Path

from crossbook.local.processes import usage

SPINNING_PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "sum(range(3_000_000)); print('up', flush=True); input()"],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()
print("up", flush=True)
input()
child.communicate(b"\\n")
"""


def test_a_tree_includes_its_descendants() -> None:
    """A parent that sleeps is charged with what its child did."""
    with subprocess.Popen(
        [sys.executable, "-c", SPINNING_PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        whole = usage.tree_usage([parent.pid])[parent.pid]
        processes = usage._read_proc() if Path("/proc/self/stat").exists() else usage._read_ps()
        assert any(process.parent == parent.pid for process in processes.values())
        assert whole.rss_mb > processes[parent.pid].private_bytes / 1e6
        assert whole.cpu_s > processes[parent.pid].cpu_s
        parent.communicate(b"\n")


def test_a_process_that_is_gone_is_left_out() -> None:
    """Not an error: it may end while we look."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert usage.tree_usage([process.pid]) == {}


def test_times_of_ps_are_read() -> None:
    """Minutes, hours and days."""
    assert usage._seconds("01:02.5") == 62.5
    assert usage._seconds("1:00:01") == 3601
    assert usage._seconds("2-00:00:01") == 172_801
