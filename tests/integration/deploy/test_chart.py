"""The chart, rendered by helm with several sets of values: what comes of it is valid, safe, and read by the program.

Nothing here runs on a node. Skipped, with the reason, where `make chart` has not fetched what it needs.
"""

import json
from pathlib import Path

import pytest

from crossbook.plumbing.grpc.health import LIVE
from crossbook.plumbing.settings import load_settings
from crossbook.plumbing.shards import read_shards
from tests.support.deploy.rendered import (
    CHART,
    VALUES,
    component,
    environment,
    helm,
    lets_in,
    lets_out,
    named,
    of_kind,
    pods,
    render,
    render_text,
)

TABLE = json.loads((CHART / "files/services.json").read_text())
SHARDS = CHART / "ci/shards-values.yaml"
every_set = pytest.mark.parametrize("values", VALUES, ids=named)


@every_set
def test_helm_finds_nothing_to_complain_of(values: Path | None) -> None:
    """Warnings count."""
    done = helm("lint", "--strict", CHART, *(("--values", values) if values else ()))
    assert done.returncode == 0, done.stdout + done.stderr


@every_set
def test_manifests_are_what_kubernetes_takes(values: Path | None) -> None:
    """By its own schemas, in which a misspelt field is an error. The Prometheus operator's are not among them."""
    validator = pytest.importorskip("kubernetes_validate", reason="its schemas are missing: make chart fetches them")
    known = [one for one in render(values) if not one["apiVersion"].startswith("monitoring.coreos.com/")]
    assert len(known) > 10
    for manifest in known:
        validator.validate(manifest, "1.37", strict=True)


@every_set
def test_every_variable_is_a_setting(values: Path | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program reads what each pod is told: its ports are the container's, its servers those that it needs."""
    for pod in pods(render(values)):
        (container,) = pod["spec"]["containers"]
        told = environment(container)
        with monkeypatch.context() as patch:
            for name, value in told.items():
                patch.setenv(name, value)
            settings = load_settings()
        if (name := component(pod)) not in TABLE:
            continue
        own, row = getattr(settings, name), TABLE[name]
        assert container["args"] == [name]
        assert [port["containerPort"] for port in container["ports"]] == [own.port, own.metrics_port]
        assert (own.port, own.metrics_port) == (row["port"], row["metricsPort"])
        needs = {"postgres": settings.postgres_dsn, "redis": settings.redis_url}
        assert [need for need, address in needs.items() if address is not None] == row["needs"]


@every_set
def test_every_shard_of_the_list_is_a_pod_of_that_name(
    values: Path | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file reads as the program reads it, and each address is of a pod that runs behind a Service that is there."""
    manifests = render(values)
    (listed,) = [one for one in of_kind(manifests, "ConfigMap") if "shards.json" in one["data"]]
    (tmp_path / "shards.json").write_text(listed["data"]["shards.json"])
    monkeypatch.setenv("CROSSBOOK_TRACKER__SHARDS_FILE", str(tmp_path / "shards.json"))
    shards = read_shards("tracker", load_settings().tracker)
    (workload,) = [one for one in of_kind(manifests, "StatefulSet") if component(one) == "aggregator"]
    behind = {one["metadata"]["name"] for one in of_kind(manifests, "Service")}
    name, service = workload["metadata"]["name"], workload["spec"]["serviceName"]
    assert service in behind
    assert workload["spec"]["replicas"] >= len(shards)
    assert shards == {
        f"shard-{index}": f"{name}-{index}.{service}.books.svc.cluster.local:{TABLE['aggregator']['port']}"
        for index in range(len(shards))
    }
    shard = next(environment(pod["spec"]["containers"][0]) for pod in pods(manifests) if component(pod) == "aggregator")
    assert shard["CROSSBOOK_AGGREGATOR__SHARD"] == "shard-0"


def test_lists_follow_the_numbers() -> None:
    """Two shards of four pods are listed, and alerts knows both replicas of arbitrage, and each group's tracker."""
    manifests = render(SHARDS)
    (listed,) = [one for one in of_kind(manifests, "ConfigMap") if "shards.json" in one["data"]]
    assert list(json.loads(listed["data"]["shards.json"])) == ["shard-0", "shard-1"]
    alerts = next(pod for pod in pods(manifests) if component(pod) == "alerts")
    targets = environment(alerts["spec"]["containers"][0])["CROSSBOOK_ALERTS__ARBITRAGE_TARGETS"].split(",")
    assert [target.partition(".")[0] for target in targets] == [
        "one-crossbook-arbitrage-0",
        "one-crossbook-arbitrage-1",
    ]
    alerts = next(pod for pod in pods(render(CHART / "ci/groups-values.yaml")) if component(pod) == "alerts")
    targets = environment(alerts["spec"]["containers"][0])["CROSSBOOK_ALERTS__TRACKER_TARGETS"].split(",")
    names = [one["metadata"]["name"] for one in of_kind(render(CHART / "ci/groups-values.yaml"), "StatefulSet")]
    assert [target.partition(".")[0] for target in targets] == [f"{name}-0" for name in names if "-tracker-" in name]
    assert all(".one-crossbook-tracker-pods." in target and target.endswith(":50051") for target in targets)


def test_each_group_of_venues_has_its_tracker() -> None:
    """One process each, with its venues and no others."""
    trackers = [
        one for one in of_kind(render(CHART / "ci/groups-values.yaml"), "StatefulSet") if component(one) == "tracker"
    ]
    venues = {
        one["metadata"]["name"]: environment(one["spec"]["template"]["spec"]["containers"][0])[
            "CROSSBOOK_TRACKER__VENUES"
        ]
        for one in trackers
    }
    assert list(venues.values()) == ["binance,okx", "bybit", "deribit"]
    assert [one["spec"]["replicas"] for one in trackers] == [1, 1, 1]
    selectors = [json.dumps(one["spec"]["selector"]) for one in trackers]
    assert len(set(selectors)) == 3


@every_set
def test_every_pod_is_as_restricted_as_can_be(values: Path | None) -> None:
    """Hooks and the test included: the restricted standard, no token, nothing to write to but volumes.

    Kubernetes' own variables of services would begin with CROSSBOOK_, and the program refuses what it does not know.
    """
    for pod in pods(render(values)):
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False
        assert (spec["securityContext"]["runAsNonRoot"], spec["securityContext"]["runAsUser"]) == (True, 10001)
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"]
            assert {"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"]


@every_set
def test_only_readiness_depends_on_others(values: Path | None) -> None:
    """A restart brings no Postgres back."""
    for pod in pods(render(values)):
        (container,) = pod["spec"]["containers"]
        if (row := TABLE.get(component(pod))) is None:
            continue
        alive = {"port": row["port"], "service": LIVE}
        assert (container["startupProbe"]["grpc"], container["livenessProbe"]["grpc"]) == (alive, alive)
        assert container["readinessProbe"]["grpc"] == {"port": row["port"]}


@every_set
def test_every_service_leads_to_pods(values: Path | None) -> None:
    """Its selector fits some, and its ports are named there; one of each service's is scraped."""
    manifests = render(values)
    for service in of_kind(manifests, "Service"):
        chosen = service["spec"]["selector"].items()
        fitting = [pod for pod in pods(manifests) if chosen <= pod["metadata"]["labels"].items()]
        assert {component(pod) for pod in fitting} == {component(service)}
    scraped = [
        component(one) for one in of_kind(manifests, "Service") if "crossbook-metrics" in one["metadata"]["labels"]
    ]
    assert sorted(scraped) == sorted(TABLE)


def test_policies_allow_what_is_dialled_and_nothing_else() -> None:
    """Between services, by who dials whom; the test calls all, migrations call none."""
    manifests = render()
    (deny,) = [one for one in of_kind(manifests, "NetworkPolicy") if one["metadata"]["name"].endswith("-deny")]
    assert set(deny["spec"]) == {"podSelector", "policyTypes"}
    assert set(deny["spec"]["podSelector"]["matchLabels"].items()) <= set(
        pods(manifests)[0]["metadata"]["labels"].items()
    )
    for source in [*TABLE, "migrate", "test"]:
        for target, row in TABLE.items():
            is_meant = source == "test" or target in TABLE.get(source, {"dials": []})["dials"]
            for lets in (lets_out, lets_in):
                assert lets(manifests, source, target, row["port"]) is is_meant, (source, target)
                assert not lets(manifests, source, target, row["metricsPort"])


def test_policies_let_out_what_a_service_needs() -> None:
    """DNS for all, the servers that its row names, and the world for those that speak to venues or receivers."""
    for policy in of_kind(render(), "NetworkPolicy"):
        name = policy["metadata"]["name"].removeprefix("one-crossbook-")
        ports = {port["port"] for rule in policy["spec"].get("egress", []) for port in rule["ports"]}
        needs = TABLE[name]["needs"] if name in TABLE else ["postgres"] if name == "migrate" else []
        assert (53 in ports) is (name != "deny")
        assert {need for need, port in (("postgres", 5432), ("redis", 6379)) if port in ports} == set(needs)
        assert (443 in ports) is (name in ("tracker", "alerts"))


def test_what_scales_by_itself_has_no_number() -> None:
    """Else every upgrade would take back what the autoscaler gave."""
    manifests = render(CHART / "ci/monitored-values.yaml")
    assert [component(one) for one in of_kind(manifests, "HorizontalPodAutoscaler")] == ["alerts"]
    (alerts,) = of_kind(manifests, "Deployment")
    assert "replicas" not in alerts["spec"]


def test_migrations_need_nothing_that_the_release_makes() -> None:
    """A hook runs before it: a Secret that is there, and the namespace's own account."""
    (job,) = of_kind(render(), "Job")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    spec = job["spec"]["template"]["spec"]
    assert "serviceAccountName" not in spec
    assert all("configMap" not in volume for volume in spec["volumes"])
    assert spec["containers"][0]["args"] == ["migrate"]


def test_pods_restart_for_a_new_list_unless_they_are_to_be_told() -> None:
    """Those that read it, and no others."""
    before = {component(pod): pod for pod in pods(render())}
    after = {component(pod): pod for pod in pods(render(sets=("aggregator.shards=2",)))}
    assert {name for name in TABLE if before[name] != after[name]} == {"tracker", "arbitrage", "alerts"}
    held = ("aggregator.restartOnNewShards=false",)
    before = {component(pod): pod for pod in pods(render(sets=held))}
    after = {component(pod): pod for pod in pods(render(sets=(*held, "aggregator.shards=2")))}
    assert {name for name in TABLE if before[name] != after[name]} == set()


def test_the_longest_names_are_not_too_long() -> None:
    """Kubernetes makes a label of 63 characters at most of a StatefulSet's name and a hash, and else starts no pod."""
    longest = (f'fullnameOverride="{"n" * 60}"', f'tracker.groups=[{{"name":"{"g" * 12}","venues":[]}}]')
    names = [one["metadata"]["name"] for one in of_kind(render(sets=longest), "StatefulSet")]
    assert max(map(len, names)) == 28 + len("-tracker-") + 12
    assert all(len(name) <= 52 for name in names)
    too_long = helm("template", "one", CHART, "--set-json", f'tracker.groups=[{{"name":"{"g" * 13}","venues":[]}}]')
    assert too_long.returncode != 0


@every_set
def test_rendering_is_the_same_each_time(values: Path | None) -> None:
    """Nothing is drawn by lot."""
    assert render_text(values) == render_text(values)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("alert.replicas=2", "alert"),
        ('alerts.replicas="two"', "replicas"),
        ("arbitrage.autoscaling={}", "autoscaling"),
        ("tracker.settings.port=1", "port"),
        ('postgres.existingSecret=""', "existingSecret"),
        ('tracker.groups=[{"name":"a","venues":["okx"]},{"name":"b","venues":["okx"]}]', "okx is in two groups"),
        ('tracker.groups=[{"name":"a","venues":[]},{"name":"b","venues":["okx"]}]', "a names no venues"),
        ('aggregator={"shards":3,"replicas":2}', "aggregator.replicas"),
        ('serviceMonitor={"enabled":true},podMonitor={"enabled":true}', "enable one of them"),
    ],
)
def test_values_that_cannot_be_meant_are_refused_by_name(given: str, said: str) -> None:
    """Before anything is sent to a cluster."""
    done = helm("template", "one", CHART, "--set-json", given)
    assert done.returncode != 0
    assert said in done.stderr


def test_it_is_a_part_of_another_chart(tmp_path: Path) -> None:
    """Which hands down its global values and whether it is enabled."""
    (tmp_path / "charts").mkdir()
    (tmp_path / "charts/crossbook").symlink_to(CHART)
    (tmp_path / "Chart.yaml").write_text(
        "apiVersion: v2\nname: parent\nversion: 1.0.0\n"
        "dependencies: [{name: crossbook, version: 0.1.0, condition: crossbook.enabled}]\n"
    )
    (tmp_path / "values.yaml").write_text("global: {any: thing}\ncrossbook: {enabled: true, logLevel: debug}\n")
    assert "value: debug" in render_text(chart=tmp_path)
