"""The command as a user types it: help, and mistakes answered in one line with exit code 2."""

import os
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crossbook.cli.main import app

COMMANDS = (
    *("up", "tracker", "aggregator", "arbitrage", "alerts", "simulator", "migrate"),
    *("top", "watch", "explain", "doctor", "venues", "version"),
)


def crossbook(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "crossbook", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=120,
    )


def complaint(*arguments: str, **environment: str) -> str:
    """What a user's mistake is answered with."""
    done = crossbook(*arguments, **environment)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_help_names_every_command() -> None:
    """Each with its own help."""
    text = crossbook("--help").stdout
    for command in COMMANDS:
        assert f" {command} " in text
        shown = CliRunner().invoke(app, [command, "--help"])
        assert shown.exit_code == 0
        assert "--help" in shown.stdout


def test_help_loads_nothing_heavy() -> None:
    """So that it is there at once."""
    program = "import sys; import crossbook.cli.main; print(*sorted(name.partition('.')[0] for name in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "typer" in loaded
    assert not {"grpc", "google", "psycopg", "redis", "pydantic", "rich", "httpx", "websockets", "uvloop"} & set(loaded)


def test_version_is_the_distributions() -> None:
    """As the package says."""
    assert crossbook("version").stdout.strip() == f"crossbook {version('crossbook')}"


def test_venues_are_listed_from_the_registry() -> None:
    """Every one of them."""
    from crossbook import _core

    text = crossbook("venues", COLUMNS="160").stdout
    for profile in _core.venue_profiles():
        assert profile.id in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["up", "--venues", "binanse"], "unknown venue 'binanse'; known: binance"),
        (["up", "--window-seconds", "7"], "window_seconds"),
        (["up", "--duration", "soon"], "duration 'soon'"),
        (["up", "--faults", "binance:burn@1s"], "unknown kind 'burn'"),
        (["up", "--live", "--faults", "binance:cut@1s"], "leave --live out"),
        (["up", "--play", "missing"], "missing does not exist"),
        (["up", "--seed", "x"], "Invalid value for '--seed'"),
        (["tracker", "--venues", "binanse"], "binanse"),
        (["fly"], "No such command"),
        (["explain", "BTC"], "Missing argument"),
    ],
)
def test_mistakes_are_answered_in_words(arguments: list[str], said: str, tmp_path: Path) -> None:
    """Before anything is started."""
    data_dir = ["--data-dir", str(tmp_path / "data")] if arguments[0] == "up" else []
    assert said in complaint(*arguments, *data_dir)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("command", [["up", "--no-view", "--port-base", "0"], ["aggregator"], ["migrate"]])
def test_a_malformed_dsn_is_named_but_not_quoted(command: list[str], tmp_path: Path) -> None:
    """It holds a password."""
    said = complaint(*command, CROSSBOOK_POSTGRES_DSN="mysql://me:hunter2@host/db")
    assert "postgres_dsn" in said
    assert "CROSSBOOK_POSTGRES_DSN" in said
    assert "hunter2" not in said


def test_a_taken_port_names_its_setting(tmp_path: Path) -> None:
    """And nothing is started. The other ports are whatever is free, for a Crossbook may run on this machine."""
    free = {
        f"CROSSBOOK_{service}__{key}": "0"
        for service in ("TRACKER", "AGGREGATOR", "ARBITRAGE", "ALERTS", "SIMULATOR")
        for key in ("PORT", "METRICS_PORT")
        if (service, key) != ("SIMULATOR", "METRICS_PORT")
    }
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        taken = {**free, "CROSSBOOK_ALERTS__PORT": port}
        said = complaint("up", "--no-view", "--data-dir", str(tmp_path / "data"), **taken)
    assert f"setting alerts.port: 127.0.0.1:{port} is taken" in said
    assert not (tmp_path / "data").exists()


def test_nobody_at_the_other_end_is_said_in_one_line() -> None:
    """With what to do about it."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        target = f"127.0.0.1:{nobody.getsockname()[1]}"
        for command in (
            ["watch", "quotes"],
            ["watch", "opportunities"],
            ["watch", "alerts"],
            ["explain", "BTC", "a", "b"],
        ):
            said = complaint(*command, "--target", target)
            assert f"nothing answers at {target}: start it with `crossbook up`" in said


def test_doctor_tells_what_to_do() -> None:
    """A taken port fails, everything else is well."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = str(other.getsockname()[1])
        done = crossbook("doctor", CROSSBOOK_TRACKER__PORT=taken)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert any(
        line.startswith("FAIL") and f"port {taken}" in line and "CROSSBOOK_TRACKER__PORT" in line for line in lines
    )
    for subject in ("python", "extension", "postgres", "redis", "settings"):
        assert any(line.startswith(f"ok    {subject}") for line in lines)
