"""Rows of the bench table: a figure, the baseline measured beside it, their ratio and the target."""

import json
import platform
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

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


def print_table(rows: Iterable[Row]) -> None:
    """Prints every row with its baseline and ratio."""
    table = Table(title="Crossbook bench (ratio: times better than the baseline of the same run)")
    for column in ("row", "figure", "baseline", "ratio", "target"):
        table.add_column(column, justify="left" if column in ("row", "target") else "right", overflow="fold")
    for row in rows:
        baseline = f"{_number(row.baseline)} {row.baseline_name}" if row.baseline is not None else ""
        ratio = f"{_number(row.ratio)}x" if row.ratio is not None else ""
        table.add_row(row.key, f"{_number(row.value)} {row.unit}", baseline, ratio, row.target)
    Console(width=None if sys.stdout.isatty() else 150).print(table)


def write_json(rows: Iterable[Row], path: Path) -> None:
    """Writes the rows keyed by name, with the machine they were measured on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = {
        "machine": {
            "processor": platform.machine(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "rows": {row.key: {**asdict(row), "ratio": row.ratio} for row in rows},
    }
    path.write_text(json.dumps(body, indent=2) + "\n")


def _number(value: float) -> str:
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
