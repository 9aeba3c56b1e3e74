"""`make bench`: measures rows, prints them, writes .bench/latest.json.

python -m tests.bench [--rows PATTERN ...] [--vs REV] [--document]

--rows    only rows whose names match a pattern ('window_*'); the whole run takes some minutes
--vs      another commit, built in a temporary folder, stands beside this checkout, row by row
--document  also writes docs/performance.md and .bench/baseline.json, which are committed; all rows, no --vs

Exit code 1: a row is missing, negative or zero, or could not be compared; it is named. 2: the arguments are wrong.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

import uvloop

from tests.bench.benches import (
    alone,
    board,
    decode,
    engine,
    flush,
    hops,
    intake,
    pipeline,
    replayed,
    startup,
    transport,
    whole,
)
from tests.bench.check import faults
from tests.bench.document import document
from tests.bench.interleave import measure, without_neighbours
from tests.bench.load import Load, load_now
from tests.bench.pairs import Comparison, Pair, compare
from tests.bench.product import HERE, ROOT, Bench, Product, UnsupportedError
from tests.bench.report import Stored, machine, print_table, read_rows, stored, write_json
from tests.bench.revision import RevisionError, built, resolved
from tests.bench.rows import Row, UnknownRowsError, chosen

BENCHES: tuple[Bench, ...] = (
    engine.BENCH,
    transport.BENCH,
    flush.BENCH,
    board.BENCH,
    decode.BENCH,
    replayed.BENCH,
    pipeline.BENCH,
    alone.BENCH,
    whole.BENCH,
    hops.BENCH,
    intake.BENCH,
    startup.BENCH,
)
REPORTS = ROOT / ".bench"
LATEST, BASELINE, PAGE = REPORTS / "latest.json", REPORTS / "baseline.json", ROOT / "docs" / "performance.md"


class Run:
    """What was measured, and what went wrong."""

    def __init__(self, rows: Sequence[Row], there: Product | None, revision: str) -> None:
        self.rows = rows
        self.measured: dict[str, Comparison] = {}
        self.loads: dict[str, Load] = {}
        self.unsupported: dict[str, str] = {}  # rows that the other commit cannot run, and why
        self._there = there
        self._revision = revision

    def measure_all(self) -> None:
        """Bench after bench; one that fails leaves its rows missing, which the check then names."""
        for bench in BENCHES:
            if rows := [row for row in bench.rows if row in self.rows]:
                self.loads[bench.name] = load_now()
                print(f"{bench.name}: {self.loads[bench.name].words}", file=sys.stderr, flush=True)
                self._measure(bench, rows)

    def _measure(self, bench: Bench, rows: Sequence[Row]) -> None:
        try:
            self._compare(rows, uvloop.run(measure(bench, rows, HERE, self._there)))
        except* UnsupportedError as group:
            self.unsupported |= {row.key: str(group.exceptions[0]) for row in rows}
        except* Exception as group:
            print(f"{bench.name} failed: {group.exceptions}", file=sys.stderr, flush=True)

    def _compare(self, rows: Sequence[Row], pairs: Mapping[str, Sequence[Pair]]) -> None:
        if self._there is not None:
            self.unsupported |= dict.fromkeys(without_neighbours(pairs), "it has no such row")
        for row in rows:
            if row.key in pairs:
                self.measured[row.key] = compare(pairs[row.key], is_higher_better=row.is_higher_better)

    def stored(self) -> dict[str, Stored]:
        """Every measured row, in order."""
        vs = f"commit {self._revision}"
        return {
            row.key: stored(row, self.measured[row.key], vs if self._there else row.beside)
            for row in self.rows
            if row.key in self.measured
        }

    def faults(self) -> list[str]:
        """Of the rows that could be compared at all."""
        rows = [row for row in self.rows if row.key not in self.unsupported]
        return faults(rows, self.measured, is_paired=self._there is not None)


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    try:
        rows = chosen((row for bench in BENCHES for row in bench.rows), options.rows)
        with ExitStack() as stack:
            revision = resolved(options.vs) if options.vs else ""
            if revision:
                print(f"building {revision} ...", file=sys.stderr, flush=True)
            there = stack.enter_context(built(revision)) if revision else None
            run = Run(rows, there, revision)
            run.measure_all()
    except (UnknownRowsError, RevisionError) as error:
        print(error, file=sys.stderr)
        return 2
    return _conclude(run, revision, is_documenting=options.document)


def _conclude(run: Run, revision: str, *, is_documenting: bool) -> int:
    """Prints, checks, writes; the exit code."""
    found, wrong = run.stored(), run.faults()
    print_table(f"Crossbook {f'beside commit {revision}' if revision else 'bench'}", found, read_rows(BASELINE))
    for name, load in run.loads.items():
        print(f"before {name}: {load.words}")
    for key, reason in run.unsupported.items():
        print(f"not compared: {key}: {reason}")
    for fault in wrong:
        print(f"self-check: {fault}", file=sys.stderr)
    here = machine(resolved("HEAD"))
    write_json(LATEST, found, run.loads, here)
    print(f"written to {LATEST.relative_to(ROOT)}")
    if is_documenting and not wrong:
        write_json(BASELINE, found, run.loads, here)
        PAGE.write_text(document(BENCHES, found, run.loads, here))
        print(f"written to {BASELINE.relative_to(ROOT)} and {PAGE.relative_to(ROOT)}")
    return 1 if wrong else 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    """A page is of all rows, against their own neighbours."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--rows", nargs="+", default=[], metavar="PATTERN", help="only rows whose names match")
    parser.add_argument("--vs", metavar="REV", help="another commit, measured in turn with this checkout")
    parser.add_argument("--document", action="store_true", help="write docs/performance.md and the baseline, too")
    options = parser.parse_args(arguments)
    if options.document and (options.rows or options.vs):
        parser.error("--document is of all rows: leave --rows and --vs out")
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
