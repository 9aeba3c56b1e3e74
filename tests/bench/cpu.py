"""Processor time of a process to the microsecond, where the kernel tells it so, else to a clock's tick."""

from pathlib import Path

from crossbook.local.processes.usage import tree_usage

PROC = Path("/proc")


def cpu_ns(pid: int, proc: Path = PROC) -> float:
    """Nanoseconds that its threads have run; of those that have ended, nothing. 0 when it is gone."""
    found = [path.read_text() for path in (proc / str(pid) / "task").glob("*/schedstat")]
    if found:
        return float(sum(int(text.split()[0]) for text in found))
    usages = tree_usage([pid])
    return 1e9 * usages[pid].cpu_s if pid in usages else 0.0
