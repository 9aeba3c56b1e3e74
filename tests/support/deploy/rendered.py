"""The chart as helm renders it: manifests by kind, the pods of all of them, and what each would be told."""

import shutil
import subprocess
from pathlib import Path
from typing import Any, TypeAlias

import pytest

ROOT = Path(__file__).parents[3]
CHART = ROOT / "deploy/helm/crossbook"
VALUES = [None, *sorted((CHART / "ci").glob("*.yaml"))]
Manifest: TypeAlias = dict[str, Any]


def named(values: Path | None) -> str:
    """A set of values, as a test's id."""
    return values.stem if values else "default"


def tool(name: str, comes: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs ours, or the machine's; skips the test where there is none, with where it comes from."""
    own = ROOT / ".tools/bin" / name
    found = str(own) if own.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is missing: make chart {comes}")
    return subprocess.run([found, *map(str, arguments)], capture_output=True, text=True, timeout=60)


def helm(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs it; skips the test where there is none."""
    return tool("helm", "builds it, with Go", *arguments)


def render_text(*values: Path | None, sets: tuple[str, ...] = (), chart: Path = CHART) -> str:
    """All manifests, of a release `one` in namespace `books`."""
    files = [part for one in values if one for part in ("--values", one)]
    done = helm("template", "one", chart, "--namespace", "books", *files, *(p for s in sets for p in ("--set-json", s)))
    assert done.returncode == 0, done.stderr
    return done.stdout


def render(*values: Path | None, sets: tuple[str, ...] = ()) -> list[Manifest]:
    """The same, read."""
    yaml = pytest.importorskip("yaml", reason="what reads YAML is missing: make chart fetches it")
    return [one for one in yaml.safe_load_all(render_text(*values, sets=sets)) if one]


def of_kind(manifests: list[Manifest], *kinds: str) -> list[Manifest]:
    """Those of the kinds."""
    return [one for one in manifests if one["kind"] in kinds]


def pods(manifests: list[Manifest]) -> list[Manifest]:
    """Every pod, whatever makes it: metadata and spec."""
    made = [one["spec"]["template"] for one in of_kind(manifests, "Deployment", "StatefulSet", "Job")]
    return made + of_kind(manifests, "Pod")


def component(manifest: Manifest) -> str:
    """Which service, hook or test it is."""
    return str(manifest["metadata"]["labels"]["app.kubernetes.io/component"])


def environment(container: Manifest) -> dict[str, str]:
    """What the process is told, as Kubernetes would tell its first pod: Secrets hold an address each."""
    secrets = {"CROSSBOOK_POSTGRES_DSN": "postgresql://a:b@db/c", "CROSSBOOK_REDIS_URL": "redis://cache/0"}
    told = {
        one["name"]: one.get("value", secrets.get(one["name"], "0"))
        for one in container.get("env", [])
        if "name" in one
    }
    return {name: value.replace("$(POD_INDEX)", "0") for name, value in told.items()}


def lets_out(manifests: list[Manifest], source: str, target: str, port: int) -> bool:
    """Whether the policy of one component lets its pods call a port of another."""
    return any(_names(rule, "to", target, port) for rule in _policy(manifests, source).get("egress", []))


def lets_in(manifests: list[Manifest], source: str, target: str, port: int) -> bool:
    """Whether the policy of the other lets them in."""
    return any(_names(rule, "from", source, port) for rule in _policy(manifests, target).get("ingress", []))


def _policy(manifests: list[Manifest], name: str) -> Manifest:
    policies = [one for one in of_kind(manifests, "NetworkPolicy") if not one["metadata"]["name"].endswith("-deny")]
    return next(dict(one["spec"]) for one in policies if component(one) == name)


def _names(rule: Manifest, side: str, name: str, port: int) -> bool:
    """A rule that names nobody means everybody."""
    if {"port": port} not in rule["ports"]:
        return False
    selected = [peer.get("podSelector", {}).get("matchLabels", {}) for peer in rule.get(side, [])]
    return not selected or any(labels.get("app.kubernetes.io/component") == name for labels in selected)
