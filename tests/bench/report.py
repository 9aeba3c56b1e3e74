"""Rows of the bench table: a figure, the baseline measured beside it, their ratio, the target, and what has changed.

The change is against the committed .bench/baseline.json: of the ratio where there is one, for it is measured
within one run and says little about the machine, else of the figure. Above 100 % is better.
"""

import json
import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Row:
    """One figure. `ratio` says how many times better it is than the baseline; targets are texts from the design."""

    key: str
    value: float
    unit: str
    baseline: float | None = None
    baseline_name: str = ""
    is_higher_better: bool = False
    target: str = ""

    @property
    def ratio(self) -> float | None:
        if not self.baseline or not self.value:
            return None
        return self.value / self.baseline if self.is_higher_better else self.baseline / self.value

    def change_percent(self, before: Mapping[str, Any] | None) -> float | None:
        """How good it is, in percent of how good the same row was; None when it was not measured then."""
        if before is None or not before["value"]:
            return None
        if self.ratio is not None and before["ratio"]:
            return float(100 * self.ratio / before["ratio"])
        share = self.value / before["value"]
        return float(100 * (share if self.is_higher_better else 1 / share))


def read_rows(path: Path) -> dict[str, dict[str, Any]]:
    """The rows of a report by key; none when there is no such file."""
    if not path.exists():
        return {}
    rows: dict[str, dict[str, Any]] = json.loads(path.read_text())["rows"]
    return rows


def print_table(rows: Iterable[Row], before: Mapping[str, Mapping[str, Any]]) -> None:
    """Prints every row with its baseline and ratio, and how it has changed."""
    table = Table(title="Crossbook bench (ratio: times better than the baseline of the same run)")
    for column in ("row", "figure", "baseline", "ratio", "change", "target"):
        table.add_column(column, justify="left" if column in ("row", "target") else "right", overflow="fold")
    for row in rows:
        baseline = f"{_number(row.baseline)} {row.baseline_name}" if row.baseline is not None else ""
        ratio = f"{_number(row.ratio)}x" if row.ratio is not None else ""
        change = row.change_percent(before.get(row.key))
        shown = f"{change:.0f} %" if change is not None else "new"
        table.add_row(row.key, f"{_number(row.value)} {row.unit}", baseline, ratio, shown, row.target)
    Console(width=None if sys.stdout.isatty() else 150).print(table)


def write_json(rows: Iterable[Row], path: Path, kept: Mapping[str, Mapping[str, Any]]) -> None:
    """Writes the rows keyed by name, and rows kept from before, with the machine they were measured on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = {
        "machine": {
            "processor": platform.machine(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "rows": {**kept, **{row.key: {**asdict(row), "ratio": row.ratio} for row in rows}},
    }
    path.write_text(json.dumps(body, indent=2) + "\n")


def _number(value: float) -> str:
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
