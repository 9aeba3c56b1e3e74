"""What `crossbook export` refuses before it asks anybody."""

import pytest
from typer.testing import CliRunner

from crossbook.cli.main import app

TIMES = ["--from", "2026-11-30", "--to", "2026-12-01"]


@pytest.mark.parametrize(
    "arguments", [["trades", *TIMES], ["windows", *TIMES, "--format", "xlsx"], ["windows", "--from", "2026-11-30"]]
)
def test_a_wrong_option_ends_with_what_there_is(arguments: list[str]) -> None:
    """Exit code 2."""
    assert CliRunner().invoke(app, ["export", *arguments]).exit_code == 2
