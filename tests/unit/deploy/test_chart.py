"""What the chart and the image have from elsewhere is what stands there today."""

import json
import re
import tomllib
from pathlib import Path

from tests.support.deploy.scripts import script

ROOT = Path(__file__).parents[3]
CHART = ROOT / "deploy/helm/crossbook"
GENERATE = "deploy/helm/generate.py"
DOCKERFILE = (ROOT / "deploy/docker/Dockerfile").read_text()


def test_ports_servers_and_who_dials_whom_are_those_of_the_table() -> None:
    """A service that is added, moved or needs another server is red here until `make chart` has written it."""
    assert (CHART / "files/services.json").read_text() == script(GENERATE).services()


def test_what_services_dial_is_found_in_their_settings() -> None:
    """The table says nothing of it."""
    rows = json.loads(script(GENERATE).services())
    dialled = {name: row["dials"] for name, row in rows.items() if row["dials"]}
    assert dialled == {
        "tracker": ["aggregator"],
        "arbitrage": ["aggregator"],
        "alerts": ["aggregator", "arbitrage", "tracker"],
    }


def test_every_service_has_its_values() -> None:
    """A section of its own, which the schema knows."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    names = {service.name for service in script(GENERATE).charted()}
    sections = set(re.findall(r"^(\w+):", (CHART / "values.yaml").read_text(), re.MULTILINE))
    assert names <= set(schema["properties"])
    assert sections == set(schema["properties"]) - {"global", "enabled"}


def test_the_page_of_values_is_that_of_values() -> None:
    """Every value has a row."""
    assert (CHART / "README.md").read_text() == script(GENERATE).readme()


def test_the_image_is_of_the_versions_that_the_sources_need() -> None:
    """Rust as Cargo says it, a Python that the distribution takes, and the chart's version is the distribution's."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    cargo = tomllib.loads((ROOT / "core-rs/Cargo.toml").read_text())
    arguments = dict(re.findall(r"^ARG (\w+)=(\S+)$", DOCKERFILE, re.MULTILINE))
    assert arguments["RUST_IMAGE"].startswith(f"rust:{cargo['workspace']['package']['rust-version']}-")
    assert arguments["BASE_IMAGE"].startswith(f"python:{project['requires-python'].removeprefix('>=')}-")
    assert f"\nappVersion: {project['version']}\n" in (CHART / "Chart.yaml").read_text()


def test_the_image_runs_as_the_user_that_the_chart_names() -> None:
    """As a number: Kubernetes refuses a name where it must not be root."""
    assert re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE) == ["10001:10001"]
    assert "runAsUser: 10001" in (CHART / "templates/_helpers.tpl").read_text()


def test_the_image_takes_no_package_without_its_hash() -> None:
    """Our own wheel alone is installed as it was built."""
    installs = [line for line in DOCKERFILE.splitlines() if "pip install" in line]
    assert len(installs) == 4
    assert [
        line for line in installs if "--require-hashes" not in line and "--no-deps /build/wheels/" not in line
    ] == []
