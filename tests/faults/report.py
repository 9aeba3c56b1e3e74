"""The table of a fault run: fault, how often, how often survived, how soon well again, what went wrong."""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from tests.faults.run import Evidence, Outcome
from tests.faults.scenarios import Group

SHOWN_PROBLEMS = 3


@dataclass(frozen=True)
class Result:
    """One row."""

    group: str
    fault: str
    times: int
    failed: int
    recovery_median_seconds: float
    recovery_max_seconds: float
    problems: list[str]


def results_of(group: Group, outcome: Outcome) -> list[Result]:
    """A row for every fault, and one for what the run as a whole got wrong."""
    results, trials, findings = [], outcome.trials, outcome.findings
    for fault in group.faults:
        own = [trial for trial in trials if trial.fault is fault]
        seconds = [trial.recovery_seconds for trial in own]
        problems = [problem for trial in own for problem in trial.problems]
        failed = sum(bool(trial.problems) for trial in own)
        results.append(Result(group.name, fault.name, len(own), failed, median(seconds), max(seconds), problems))
    if findings:
        results.append(Result(group.name, "the run as a whole", 1, 1, 0.0, 0.0, [text for _, text in findings]))
    return results


def skipped_of(group: Group) -> list[Result]:
    """A row for every fault that this machine cannot inflict, with the reason."""
    return [Result(group.name, fault.name, 0, 0, 0.0, 0.0, [f"SKIPPED: {group.lacks}"]) for fault in group.faults]


def print_table(results: Iterable[Result]) -> None:
    """One line per fault, and the first problems of each."""
    table = Table(title="Faults: what was broken, and what became of it")
    for column in ("fault", "times", "survived", "well after (s): median", "longest", "problems"):
        table.add_column(column, justify="left" if column in ("fault", "problems") else "right", overflow="fold")
    for result in results:
        shown = [*result.problems[:SHOWN_PROBLEMS]]
        if len(result.problems) > SHOWN_PROBLEMS:
            shown.append(f"and {len(result.problems) - SHOWN_PROBLEMS} more")
        survived = str(result.times - result.failed)
        times = (f"{result.recovery_median_seconds:.1f}", f"{result.recovery_max_seconds:.1f}")
        table.add_row(result.fault, str(result.times), survived, *times, "\n".join(shown))
    Console(width=None if sys.stdout.isatty() else 150).print(table)


def print_evidence(evidence: Mapping[str, Evidence]) -> None:
    """What was checked, group by group."""
    for group, found in evidence.items():
        figures = ", ".join(f"{value} {name.replace('_', ' ')}" for name, value in asdict(found).items())
        print(f"{group}: {figures}")


def write_json(results: Iterable[Result], evidence: Mapping[str, Evidence], path: Path, seed: int) -> None:
    """All of it, problems included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = {
        "seed": seed,
        "faults": [asdict(result) for result in results],
        "checked": {group: asdict(found) for group, found in evidence.items()},
    }
    path.write_text(json.dumps(body, indent=2) + "\n")
