"""`make quick`: format, lint and types of what changed, the unit tests that it touches, and its crates, side by side.

python -m tests.quick [--since REV]

Without --since: what is not committed, or the last commit where all is. The extension module is not built anew, for
that takes longer than the rest: `make setup` does it, and `make test` runs everything.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.quick.changes import changed_files, crates, unit_tests

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
NATIVE = ROOT / "tests" / "bench" / "native"  # a workspace of the bench's own


@dataclass(frozen=True, slots=True)
class Check:
    """A command, and where it runs."""

    name: str
    command: Sequence[str]
    folder: Path = ROOT


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check came to. `output` is shown when it failed."""

    check: Check
    seconds: float
    is_passed: bool
    output: str


def main(arguments: list[str]) -> int:
    """0 when every check passed."""
    parser = argparse.ArgumentParser(prog="tests.quick", description=__doc__)
    parser.add_argument("--since", metavar="REV", help="the commit to compare with")
    changed = changed_files(ROOT, parser.parse_args(arguments).since)
    started = time.monotonic()
    lanes = [lane for lane in (python_checks(changed), rust_checks(changed)) if lane]
    with ThreadPoolExecutor() as pool:
        outcomes = [outcome for lane in pool.map(_run_lane, lanes) for outcome in lane]
    failed = [outcome for outcome in outcomes if not outcome.is_passed]
    for outcome in failed:
        print(f"--- {outcome.check.name}: {' '.join(outcome.check.command)}\n{outcome.output}")
    for outcome in outcomes:
        print(f"{'ok    ' if outcome.is_passed else 'FAILED'} {outcome.seconds:5.1f} s  {outcome.check.name}")
    print(f"{len(changed)} files changed, {len(outcomes)} checks, {time.monotonic() - started:.1f} s")
    return 1 if failed else 0


def python_checks(changed: Sequence[Path]) -> list[Check]:
    """Nothing where no Python changed."""
    sources = [str(path) for path in changed if path.suffix == ".py" and "/pb/" not in path.as_posix()]
    if not sources:
        return []
    tests = [str(path) for path in unit_tests(ROOT, changed)]
    checks = [
        Check("format", [str(BIN / "ruff"), "format", "--check", "--force-exclude", *sources]),
        Check("lint", [str(BIN / "ruff"), "check", "--force-exclude", *sources]),
    ]
    if any("/services/" in source for source in sources):
        checks += [Check("types", [str(BIN / "mypy")]), Check("layers", [str(BIN / "lint-imports")])]
    if tests:
        checks.append(Check(f"unit tests ({len(tests)} files)", [str(BIN / "pytest"), "-q", *tests]))
    return checks


def rust_checks(changed: Sequence[Path]) -> list[Check]:
    """Nothing where no Rust changed."""
    core = ROOT / "core-rs"
    sources = [path for path in changed if path.suffix == ".rs"]
    if not sources:
        return []
    checks = [Check("rust format", ["rustfmt", "--check", "--edition", "2024", *map(str, sources)], core)]
    if any(path.is_relative_to(NATIVE) for path in sources):
        checks.append(Check("tests of bench tools", ["cargo", "test", "--quiet"], NATIVE))
        checks.append(Check("clippy of bench tools", ["cargo", "clippy", "--quiet", "--", "-D", "warnings"], NATIVE))
    if all(path.is_relative_to(NATIVE) for path in sources):
        return checks
    if names := [argument for crate in crates(changed) for argument in ("-p", f"crossbook-{crate}")]:
        checks.append(Check("rust tests", ["cargo", "test", "--quiet", *names], core))
    checks.append(Check("clippy", ["cargo", "clippy", "--quiet", "--workspace", "--", "-D", "warnings"], core))
    return checks


def _run_lane(checks: Sequence[Check]) -> list[Outcome]:
    return [_run(check) for check in checks]


def _run(check: Check) -> Outcome:
    started = time.monotonic()
    try:
        done = subprocess.run(check.command, cwd=check.folder, capture_output=True, text=True)
    except FileNotFoundError as error:
        return Outcome(check, 0.0, False, f"{error}: run `make setup` first")
    return Outcome(check, time.monotonic() - started, done.returncode == 0, done.stdout + done.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
