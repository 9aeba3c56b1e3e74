"""A service is one row: a made-up one that is added to the table is seen in every place that is made from it."""

import asyncio
from typing import Annotated

import pytest
import typer
from pydantic import Field
from rich.console import Console
from typer.testing import CliRunner

from crossbook.cli.services import commands
from crossbook.local import checkup, services
from crossbook.local.options import UpOptions
from crossbook.local.run import ports as ports_module
from crossbook.local.run.environments import Environment, Places, Setup, environment_of
from crossbook.local.run.plan import Plan
from crossbook.local.run.ports import Endpoint, choose_ports
from crossbook.local.services import SERVICES, Counted, Option, Service, Stats, service_named, services_of, waves
from crossbook.local.show import lines, summary, view
from crossbook.local.show.observer import Observer
from crossbook.pb.v1 import alerts_pb2
from crossbook.pb.v1.alerts_pb2_grpc import AlertServiceServicer, add_AlertServiceServicer_to_server
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server
from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.settings import Section, Settings, load_settings, loader
from tests.support.local.observed import observed


class GreeterSettings(Section):
    """The made-up service's own."""

    port: Annotated[int, Field(ge=0)] = 50077
    metrics_port: Annotated[int, Field(ge=0)] = 9177
    greeting: str = "hello"


class SettingsWithGreeter(Settings):
    """The tree with one section more."""

    greeter: GreeterSettings = GreeterSettings()


def told(setup: Setup, _: Endpoint) -> Environment:
    return {"CROSSBOOK_GREETER__GREETING": f"seed {setup.options.seed}"}


STARTED: list[str] = []


async def run(settings: SettingsWithGreeter, lifetime: Lifetime) -> None:
    """The made-up service."""
    STARTED.append(settings.greeter.greeting)


GREETER = Service(
    "greeter",
    "Serve clients from outside.",
    app=f"{__name__}:run",
    told=f"{__name__}:told",
    needs=("redis",),
    starts_after=("arbitrage",),
    options=(Option("port", int, "Port to listen on."), Option("greeting", str, "What it says first.")),
    stats=Stats(
        "alerts",  # whatever proto tells its numbers
        "AlertService",
        "GetAlertStats",
        "greeter",
        (Counted("fired", summary="served", view="served", line="served"),),
    ),
)


@pytest.fixture(autouse=True)
def with_greeter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table with one row more. Modules that import the tuple by name are given it too."""
    table = (*SERVICES, GREETER)
    for module in (services, ports_module, checkup, lines, summary, view):
        monkeypatch.setattr(module, "SERVICES", table)
    monkeypatch.setattr("crossbook.cli.services.SERVICES", table)
    monkeypatch.setattr(loader, "Settings", SettingsWithGreeter)
    monkeypatch.setattr("crossbook.plumbing.process.os.umask", lambda mask: mask)
    monkeypatch.setattr("crossbook.plumbing.logs.configure_logging", lambda *_: None)


def plan(**options: object) -> Plan:
    chosen = UpOptions(venues=["v"], tracker_processes=1, port_base=41000, **options)  # type: ignore[arg-type]
    settings = load_settings()
    return Plan(chosen, settings, choose_ports(settings, chosen), Places(chosen.data_dir, None))


def test_it_has_a_command_with_its_options(monkeypatch: pytest.MonkeyPatch) -> None:
    """The option sets its section's setting, and the app runs."""
    monkeypatch.setattr("crossbook.local.services.import_module", lambda _: __import__("sys").modules[__name__])
    app = typer.Typer()
    for command in commands():
        app.command(command.__name__)(command)
    assert "Serve clients from outside." in CliRunner().invoke(app, ["--help"]).stdout
    done = CliRunner().invoke(app, ["greeter", "--greeting", "good day"])
    assert (done.exit_code, STARTED.pop()) == (0, "good day")


def test_it_has_ports_and_is_told_what_it_needs() -> None:
    """Its default ports, its place under a port base, Redis and no Postgres, and what its row says."""
    alone = choose_ports(load_settings(), UpOptions(venues=["v"], tracker_processes=1)).one("greeter")
    assert (alone.port, alone.metrics_port) == (50077, 9177)
    made = plan(seed=7)
    endpoint = made.ports.one("greeter")
    setup = Setup(made.options, "::1", made.ports, made.places, {"postgres": "p", "redis": "r"})
    assert environment_of(setup, service_named("greeter"), endpoint) == {
        "CROSSBOOK_HOST": "::1",
        "CROSSBOOK_GREETER__PORT": "41006",
        "CROSSBOOK_GREETER__METRICS_PORT": "41016",
        "CROSSBOOK_REDIS_URL": "r",
        "CROSSBOOK_GREETER__GREETING": "seed 7",
    }


def test_it_starts_after_what_it_follows_and_is_in_the_runs_addresses() -> None:
    """Beside the trackers, which wait for the same; run.json and the footer name it."""
    ordered = [[service.name for service in wave] for wave in waves(services_of(is_live=False))]
    assert ordered == [["aggregator", "arbitrage", "alerts", "simulator"], ["tracker", "gateway", "greeter"]]
    assert plan().targets["greeter"] == "127.0.0.1:41006"
    assert ("127.0.0.1", 41016) in plan().addresses
    assert "greeter 41006" in plan().footer


def test_the_doctor_looks_at_its_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """As at everybody's."""
    findings = {finding.subject: finding for finding in checkup.examine()}
    assert "greeter" in findings["port 50077"].detail


def test_the_view_the_lines_and_the_summary_show_its_numbers() -> None:
    """By the words of its row."""
    observer = observed()
    observer.counters["greeter"] = observer.counters.pop("alerts")
    screen = view.Screen(observer, "headline", "footer", [])
    console = Console(width=160, height=40)
    drawn = "".join(s.text for line in console.render_lines(screen, console.options) for s in line)
    assert "greeter 7 served" in drawn
    assert "served=7" in lines.line(observer).split()
    report = summary.summarise(observer, {}, duration_s=1, mode="live", left_out={}, ground_truth={})
    assert report["greeter"] == {"served": 7}


async def test_the_observer_asks_it() -> None:
    """Through the RPC that its row names, over restarts."""

    class Stand(AlertServiceServicer):
        async def GetAlertStats(self, *_: object) -> alerts_pb2.GetAlertStatsResponse:
            return alerts_pb2.GetAlertStatsResponse(fired=4)

    def register(server: object) -> None:
        add_AlertServiceServicer_to_server(Stand(), server)

    restarts = iter(range(100))
    async with grpc_server("127.0.0.1", 0, register, ServiceHealth()) as server:
        observer = Observer({"greeter": f"127.0.0.1:{server.port}"}, lambda _: next(restarts))
        async with observer.running(), asyncio.timeout(30):
            await observer.poll()
            await observer.poll()
    assert observer.totals("greeter")["fired"] >= 8


def test_what_follows_each_other_in_a_circle_is_refused() -> None:
    """Nothing of it could start."""
    circle = [Service(name, "", "", told, starts_after=(other,)) for name, other in (("a", "b"), ("b", "a"))]
    with pytest.raises(ValueError, match="start after each other: a, b"):
        waves(circle)


@pytest.mark.parametrize("name", [service.name for service in SERVICES])
def test_every_row_names_what_is_there(name: str) -> None:
    """Its app, its section of the settings, its RPC with each of its fields, and its looks."""
    service = service_named(name)
    for reference in (service.app, *service.looks, *service.follows):
        assert callable(services.resolve(reference))
    assert hasattr(load_settings(), name)
    if service.stats:
        messages = services.resolve(f"crossbook.pb.v1.{service.stats.proto}_pb2:{service.stats.method}Response")
        assert {counted.field for counted in service.stats.counted} <= set(messages.DESCRIPTOR.fields_by_name)
    for option in service.options:
        assert (option.setting or option.name) in type(getattr(load_settings(), name)).model_fields
