"""`make faults`: breaks the running system in every way of the table and says what became of it.

python -m tests.faults [--times N] [--only TEXT] [--seed N] [--keep] [GROUP ...]

Every fault comes N times, at random moments: all of them once take about half an hour. The table is printed and
written to .bench/faults.json.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.faults import chaos, scenarios
from tests.faults.report import Result, print_evidence, print_table, results_of, skipped_of, write_json
from tests.faults.run import Evidence, Outcome, run_group
from tests.faults.scenarios import Group
from tests.faults.trial import Trial

GROUPS = (*scenarios.GROUPS, *chaos.GROUPS)
LATEST = Path(__file__).parents[2] / ".bench" / "faults.json"


def main(arguments: list[str]) -> int:
    """0 when every fault was survived."""
    parser = argparse.ArgumentParser(prog="tests.faults", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(group.name for group in GROUPS)}")
    parser.add_argument("--times", type=int, default=1, help="how often each fault comes")
    parser.add_argument("--only", default="", help="only faults whose name contains this")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep logs and recordings of groups that pass, too")
    options = parser.parse_args(arguments)
    unknown = set(options.groups) - {group.name for group in GROUPS}
    if unknown:
        parser.error(f"unknown group {', '.join(sorted(unknown))}")
    results: list[Result] = []
    evidence: dict[str, Evidence] = {}
    for group in (_narrowed(group, options.only) for group in GROUPS):
        if not group.faults or (options.groups and group.name not in options.groups):
            continue
        if group.lacks:
            results += skipped_of(group)
        else:
            outcome = asyncio.run(_run(group, options))
            results += results_of(group, outcome)
            evidence[group.name] = outcome.evidence
    print_table(results)
    print_evidence(evidence)
    write_json(results, evidence, LATEST, options.seed)
    return 1 if any(result.failed for result in results) else 0


async def _run(group: Group, options: argparse.Namespace) -> Outcome:
    data_dir = Path(tempfile.mkdtemp(prefix=f"crossbook-faults-{group.name}-"))
    print(f"group {group.name} in {data_dir}", file=sys.stderr, flush=True)
    outcome = await run_group(group, options.times, options.seed, data_dir, _tell)
    is_survived = not outcome.findings and not any(trial.problems for trial in outcome.trials)
    if is_survived and not options.keep:
        shutil.rmtree(data_dir)
    return outcome


def _narrowed(group: Group, only: str) -> Group:
    return replace(group, faults=tuple(fault for fault in group.faults if only in fault.name))


def _tell(trial: Trial) -> None:
    state = "; ".join(trial.problems) or "ok"
    print(f"  {trial.fault.name}: well after {trial.recovery_seconds:.1f} s, {state}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
