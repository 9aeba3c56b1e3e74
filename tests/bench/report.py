"""The bench's results: what is stored of each row, and the table on the terminal.

The change is against the committed .bench/baseline.json: of the ratio where there is one, for it is measured in pairs
and says little about the machine, else of the figure. Above 100 % is better.
"""

import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.load import Load
from tests.bench.pairs import Comparison
from tests.bench.rows import Row

WIDTH = 200  # of a table that is not printed to a terminal, or to a narrow one: names stay whole

Stored = dict[str, Any]


def stored(row: Row, comparison: Comparison, beside: str) -> Stored:
    """One row as JSON. `beside` is what it was measured in turn with: its own neighbour, or another commit, to which
    targets of a ratio do not refer.
    """
    ratio = comparison.ratio.median if comparison.ratio else None
    return {
        "unit": row.unit,
        "explains": row.explains,
        "direction": row.direction,
        "beside": beside if comparison.other else "",
        **asdict(comparison),
        "targets": [
            {"text": target.text(row.unit), "is_met": target.is_met(comparison.ours.median, ratio)}
            for target in row.targets
            if beside == row.beside or not target.is_of_ratio
        ],
    }


def machine(commit: str) -> dict[str, str]:
    """What the figures belong to; nothing that names the machine."""
    return {
        "commit": commit,
        "processor": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "time": datetime.now(UTC).isoformat(timespec="minutes"),
    }


def read_rows(path: Path) -> dict[str, Stored]:
    """The rows of a report by key; none when there is no such file, or one from before the pairs."""
    if not path.exists():
        return {}
    rows: dict[str, Stored] = json.loads(path.read_text())["rows"]
    return {key: row for key, row in rows.items() if "ours" in row}


def write_json(path: Path, rows: Mapping[str, Stored], loads: Mapping[str, Load], machine: Mapping[str, str]) -> None:
    """Rows by key, the machine, and how busy it was before each bench."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = {"machine": machine, "loads": {name: load.summary for name, load in loads.items()}, "rows": rows}
    path.write_text(json.dumps(body, indent=2) + "\n")


def change_percent(row: Mapping[str, Any], before: Mapping[str, Any] | None) -> float | None:
    """How good it is, in percent of how good the same row was; None when it was not measured so then."""
    if before is None:
        return None
    if row["ratio"] and before["ratio"] and row["beside"] == before["beside"]:
        return float(100 * row["ratio"]["median"] / before["ratio"]["median"])
    share = row["ours"]["median"] / before["ours"]["median"]
    return float(100 * (share if row["direction"].startswith("higher") else 1 / share))


def print_table(title: str, rows: Mapping[str, Stored], before: Mapping[str, Stored]) -> None:
    """Every row with what stands beside it, the ratio, targets, and how it has changed; then a line to explain each."""
    table = Table(title=title)
    for column, justify in _COLUMNS.items():
        table.add_column(column, justify=justify, no_wrap=column == "row", overflow="fold")
    for key, row in rows.items():
        change = change_percent(row, before.get(key))
        shown = f"{change:.0f} %" if change is not None else "new"
        table.add_row(key, figure(row), beside(row), ratio(row), targets(row), shown)
    console = Console()
    if console.width < WIDTH:
        console = Console(width=WIDTH)
    console.print(table)
    for line in explanations(rows):
        console.print(line, highlight=False)


_COLUMNS = {
    "row": "left",
    "figure (lowest to highest)": "right",
    "measured in turn with it": "right",
    "ratio (lowest to highest)": "right",
    "target": "left",
    "change": "right",
}


def explanations(rows: Mapping[str, Stored]) -> Iterable[str]:
    """One line a row."""
    return (f"{key}: {row['explains']} {row['direction'].capitalize()}." for key, row in rows.items())


def figure(row: Mapping[str, Any]) -> str:
    """`8.1 ns (7.9 to 8.4)`."""
    return f"{number(row['ours']['median'])} {row['unit']}{_range(row['ours'])}"


def beside(row: Mapping[str, Any]) -> str:
    """What it was measured in turn with, and its figure; empty where there is nothing."""
    return f"{number(row['other']['median'])} {row['unit']}: {row['beside']}" if row["other"] else ""


def ratio(row: Mapping[str, Any]) -> str:
    """`6.2x better (6.0 to 6.5)`: the number is never below 1, the word says which way, of the range too."""
    if not row["ratio"]:
        return ""
    median = row["ratio"]["median"]
    if median >= 1:
        return f"{number(median)}x better{_range(row['ratio'])}"
    turned = {"lowest": 1 / row["ratio"]["highest"], "highest": 1 / row["ratio"]["lowest"]}
    return f"{number(1 / median)}x worse{_range(turned)}"


def targets(row: Mapping[str, Any]) -> str:
    """`<= 5 ns: met; at least 25x better: missed`."""
    return "; ".join(f"{one['text']}: {'met' if one['is_met'] else 'MISSED'}" for one in row["targets"])


def number(value: float) -> str:
    """Three digits, or all before the point."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _range(spread: Mapping[str, Any]) -> str:
    if spread["lowest"] == spread["highest"]:
        return ""
    return f" ({number(spread['lowest'])} to {number(spread['highest'])})"
