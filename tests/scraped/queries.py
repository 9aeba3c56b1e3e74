"""What Prometheus is asked in our name: each query of each board, and each series that a rule looks at."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

FILES = Path(__file__).parents[2] / "deploy/helm/crossbook/files"
RULES = FILES / "rules.yaml"
# A series by its name and labels; the words of PromQL have neither our prefixes nor a brace behind them.
SERIES = re.compile(r"\b((?:crossbook|process)[a-z0-9_:]*|up)(\{[^}]*\})?")


def of_boards() -> Iterator[tuple[str, str]]:
    """(where it stands, query)."""
    for path in sorted((FILES / "boards").glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel.get("targets", ()):
                yield f"board {path.stem}, {panel['title']}", target["expr"]


def of_rules() -> Iterator[tuple[str, str]]:
    """(whose it is, series): that an alert finds nothing is well, that a series of it is not there is not."""
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        for rule in group["rules"]:
            name = rule.get("alert") or rule["record"]
            for series in dict.fromkeys("".join(found) for found in SERIES.findall(rule["expr"])):
                yield f"rule {name}", series
