"""The services' commands are made from their rows; local/test_services.py adds a row."""

import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from crossbook.cli.services import commands
from crossbook.local.services import SERVICES

DEPLOY = Path(__file__).parents[3] / "deploy" / "README.md"


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_each_row_is_a_command_with_its_options(service: object) -> None:
    """All of them, each with its help."""
    app = typer.Typer()
    for command in commands():
        app.command(command.__name__)(command)
    shown = CliRunner().invoke(app, [service.name, "--help"], env={"COLUMNS": "200"}).stdout  # type: ignore[attr-defined]
    for option in service.options:  # type: ignore[attr-defined]
        assert f"--{option.name}" in shown
        assert option.help in shown


def test_the_deployment_page_names_every_service_that_is_deployed() -> None:
    """A row more is a line more there."""
    named = set(re.findall(r"^\| `crossbook (\w+)`", DEPLOY.read_text(), re.MULTILINE))
    assert named == {service.name for service in SERVICES if not service.is_simulation} | {"migrate"}
