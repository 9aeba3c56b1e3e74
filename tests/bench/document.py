"""docs/performance.md, written from the results of one whole run: the table, how each figure is made, the limits."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.bench import report
from tests.bench.load import Load
from tests.bench.product import Bench

INTRODUCTION = """# Performance

Written by `make performance`, which measures everything anew; not by hand. `make bench` prints the same table and
changes nothing here. {quiet}

{machine}

## How to read it

- **In turn.** Ours, then what it is compared with, then ours again, for as many rounds as are given. Each round gives a
  pair and a ratio. A figure is the median of its rounds, a ratio the median of the pairs' ratios, never a ratio of
  medians; in parentheses the lowest and the highest round.
- **Ratios say a direction.** `6x better` is six times better than what stands beside it, `2x worse` twice as bad,
  whichever way the unit counts. A floor is what cannot be beaten: beside one, the best is little worse.
- **Stages** are differences of two stamps of one event, by one clock; a row is their median over the events of a round.
- **Checked.** A figure that is missing, negative or zero fails the run and is named.
- **Targets** are those of the design; `met` and `MISSED` are of this run.
- `make bench ARGS="--rows 'stage_*'"` measures some rows, `ARGS="--vs REV"` this checkout in turn with another commit.
"""

ELSEWHERE = """
## Measured elsewhere

- `make bench-peers`: real recorded frames through cryptofeed and ccxt as well (targets: 5 and 20 times better).
- `make soak`: memory and processor time of every process over half an hour (target: flat).
- `make stalled`: clients that stop reading, under 50,000 quotes a second.
- `make bench-shards`: what dividing the instruments costs; [capacity.md](capacity.md) counts on from there.
"""


def document(
    benches: Sequence[Bench],
    rows: Mapping[str, Mapping[str, Any]],
    loads: Mapping[str, Load],
    machine: Mapping[str, str],
) -> str:
    """The page, as Markdown."""
    is_quiet = all(load.is_quiet for load in loads.values())
    quiet = (
        "" if is_quiet else "**The machine was busy with other things in this run: take the figures as provisional.**"
    )
    facts = "Commit {commit}, {time}, {system} on {processor}, Python {python}.".format(**machine)
    parts = [INTRODUCTION.format(quiet=quiet, machine=facts)]
    parts += [_section(bench, rows, loads[bench.name]) for bench in benches]
    return "\n".join(parts).rstrip().replace("\n\n\n", "\n\n") + "\n" + ELSEWHERE


def _section(bench: Bench, rows: Mapping[str, Mapping[str, Any]], load: Load) -> str:
    mine = {row.key: rows[row.key] for row in bench.rows}
    lines = [
        f"## {bench.name}",
        "",
        f"{bench.what}",
        "",
        f"Limits: {bench.limits}",
        "",
        f"{bench.rounds} rounds; before it: {load.summary}.",
        "",
        "| row | figure | measured in turn with it | ratio | target |",
        "|---|---|---|---|---|",
        *(_line(key, row) for key, row in mine.items()),
        "",
        *(f"- `{key}`: {row['explains']} {row['direction'].capitalize()}." for key, row in mine.items()),
        "",
    ]
    return "\n".join(lines)


def _line(key: str, row: Mapping[str, Any]) -> str:
    cells = (f"`{key}`", report.figure(row), report.beside(row), report.ratio(row), report.targets(row))
    return f"| {' | '.join(cells)} |"
