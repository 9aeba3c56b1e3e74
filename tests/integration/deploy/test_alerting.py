"""Alerting rules, as Prometheus itself evaluates them. Skipped where `make chart` has not fetched promtool."""

import re
import subprocess

from tests.support.deploy.rendered import CHART, ROOT, of_kind, render, tool

RULES = CHART / "files/rules.yaml"
TESTS = ROOT / "deploy/prometheus/rules_test.yaml"
MONITORED = CHART / "ci/monitored-values.yaml"


def promtool(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs it; skips the test where there is none."""
    return tool("promtool", "fetches it, from Debian's packages", *arguments)


def test_prometheus_reads_every_rule() -> None:
    """Its own check."""
    done = promtool("check", "rules", RULES)
    assert done.returncode == 0, done.stderr


def test_every_alert_fires_where_it_should_and_only_there() -> None:
    """Series are played for each: one that is bad, and one that is not."""
    done = promtool("test", "rules", TESTS)
    assert done.returncode == 0, done.stdout
    tested, text = TESTS.read_text(), RULES.read_text()
    for name in re.findall(r"- alert: (\w+)", text):
        assert f"name: {name} fires\n" in tested
        assert f"name: {name} is quiet\n" in tested


def test_the_chart_carries_rules_and_boards_unchanged() -> None:
    """What looks like a template in them is Prometheus' and Grafana's."""
    (rule,) = of_kind(render(MONITORED), "PrometheusRule")
    names = [one["alert"] for group in rule["spec"]["groups"] for one in group["rules"] if "alert" in one]
    assert names == re.findall(r"- alert: (\w+)", RULES.read_text())
    assert "{{ $labels.venue }}" in rule["spec"]["groups"][1]["rules"][0]["annotations"]["summary"]
    (boards,) = [one for one in of_kind(render(MONITORED), "ConfigMap") if one["metadata"]["name"].endswith("-boards")]
    files = {f"crossbook-{one.name}": one.read_text() for one in (CHART / "files/boards").glob("*.json")}
    assert boards["data"] == files
    assert boards["metadata"]["labels"]["grafana_dashboard"] == "1"
