"""Memory and processor time of a process and its descendants, from /proc, or from `ps` where there is no /proc."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Usage:
    """rss_mb counts memory that the processes of one tree share once."""

    rss_mb: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class _Process:
    parent: int
    private_bytes: int
    shared_bytes: int
    cpu_s: float


def tree_usage(pids: list[int]) -> dict[int, Usage]:
    """Usage of each pid with its descendants; pids that are gone are left out."""
    processes = _read_proc() if (_PROC / "self/stat").exists() else _read_ps()
    children: dict[int, list[int]] = {}
    for pid, process in processes.items():
        children.setdefault(process.parent, []).append(pid)
    return {pid: _sum(pid, processes, children) for pid in pids if pid in processes}


def _sum(root: int, processes: dict[int, _Process], children: dict[int, list[int]]) -> Usage:
    tree = [root]
    for pid in tree:
        tree.extend(children.get(pid, []))
    members = [processes[pid] for pid in tree]
    memory = sum(member.private_bytes for member in members) + max(member.shared_bytes for member in members)
    return Usage(rss_mb=memory / 1e6, cpu_s=sum(member.cpu_s for member in members))


def _read_proc() -> dict[int, _Process]:
    page, tick = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
    processes = {}
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # The name, in parentheses, may hold anything; what follows it is fixed.
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            resident, shared = (int(pages) * page for pages in (entry / "statm").read_text().split()[1:3])
        except OSError:  # it ended while we read
            continue
        cpu_s = sum(int(ticks) for ticks in fields[11:15]) / tick  # its own, and that of children that have ended
        processes[int(entry.name)] = _Process(int(fields[1]), resident - shared, shared, cpu_s)
    return processes


def _read_ps() -> dict[int, _Process]:
    output = subprocess.run(["ps", "-axo", "pid=,ppid=,rss=,time="], capture_output=True, text=True).stdout
    processes = {}
    for line in output.splitlines():
        pid, parent, rss_kb, time = line.split()
        processes[int(pid)] = _Process(int(parent), int(rss_kb) * 1024, 0, _seconds(time))
    return processes


def _seconds(time: str) -> float:
    """`[[days-]hours:]minutes:seconds`"""
    days, _, clock = time.rpartition("-")
    seconds = 0.0
    for part in clock.split(":"):
        seconds = seconds * 60 + float(part)
    return seconds + 86_400 * int(days or 0)
