"""A pytest plugin: at the end of a run, how long each suite took, and how many of its tests did not run and why."""

from collections import Counter, defaultdict
from pathlib import PurePosixPath

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A suite is a folder below tests/; integration tests are told by the part that they are of."""
    seconds: dict[str, float] = defaultdict(float)
    tests: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    for outcome, reports in terminalreporter.stats.items():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                suite = suite_of(report.nodeid)
                seconds[suite] += report.duration
                tests[suite] += report.when == "call"
                skipped[suite] += outcome == "skipped"
    if seconds:
        terminalreporter.section("suites")
    for suite in sorted(seconds):
        left_out = f", {skipped[suite]} skipped" if skipped[suite] else ""
        terminalreporter.write_line(f"suite {suite}: {seconds[suite]:.0f} s, {tests[suite]} tests{left_out}")


def suite_of(node_id: str) -> str:
    """An integration test is of its part, `integration/alerts`; others are of their folder below tests."""
    folders = PurePosixPath(node_id.split("::")[0]).parts[1:-1]
    return "/".join(folders[: 2 if folders[:1] == ("integration",) else 1]) or "tests"
