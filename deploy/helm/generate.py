"""Writes what the chart has from elsewhere: files/services.json from the services' own table, README.md from values.

`make chart` runs it; tests/unit/deploy/test_chart.py compares.
"""

import ipaddress
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from crossbook.local.services import Service, services_of
from crossbook.plumbing.settings import Section, Settings

NOT_CHARTED = {"gateway"}
CHART = Path(__file__).parent / "crossbook"
VALUE = re.compile(r"^( *)([A-Za-z]+):(.*)$")
HEAD = """# The chart of Crossbook

What it makes and how to use it: [docs/kubernetes.md](../../../docs/kubernetes.md). Every value, from `values.yaml`:

| value | default | what it is for |
|---|---|---|
"""


def charted() -> list[Service]:
    """Those that the chart deploys. Not the gateway yet: it needs certificates, and a folder of secrets."""
    return [service for service in services_of(is_live=True) if service.name not in NOT_CHARTED]


def services() -> str:
    """Ports, servers and who dials whom, of the services that run where venues are real."""
    settings = Settings()
    sections = {service.name: getattr(settings, service.name) for service in charted()}
    ports = {section.port: name for name, section in sections.items()}
    table = {service.name: _row(service, sections[service.name], ports) for service in charted()}
    return json.dumps(table, indent=2) + "\n"


def _row(service: Service, section: Section, ports: dict[int, str]) -> dict[str, Any]:
    values = section.model_dump()
    return {
        "port": values["port"],
        "metricsPort": values["metrics_port"],
        "needs": list(service.needs),
        "dials": sorted({ports[port] for value in values.values() for port in _dialled(value)}),
    }


def _dialled(value: object) -> Iterator[int]:
    """Ports of the targets in a setting's default: those on this machine, as all services' are."""
    targets = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    for host, _, port in (str(target).rpartition(":") for target in targets):
        if host and port.isdigit() and ipaddress.ip_address(host).is_loopback:
            yield int(port)


def readme() -> str:
    """A row for each value that has a comment of its own."""
    rows = "".join(f"| `{name}` | {default} | {text} |\n" for name, default, text in _values())
    return HEAD + rows


def _values() -> Iterator[tuple[str, str, str]]:
    """Name, default and text; a value without a text is part of the one before."""
    text, path = "", []
    for line in (CHART / "values.yaml").read_text().splitlines():
        if line.lstrip().startswith("# -- "):
            text = line.lstrip().removeprefix("# -- ")
        elif match := VALUE.match(line):
            path = [*path[: len(match[1]) // 2], match[2]]
            if text:
                yield ".".join(path), f"`{match[3].strip()}`" if match[3].strip() else "", text.replace("|", "\\|")
            text = ""


if __name__ == "__main__":
    (CHART / "files/services.json").write_text(services())
    (CHART / "README.md").write_text(readme())
