"""What `crossbook doctor`, `venues` and `version` print, and when the doctor is not content."""

from importlib.metadata import version as version_of

import pytest
from typer.testing import CliRunner

from crossbook.cli.main import app
from crossbook.cli.venue_table import page, rows
from crossbook.local import checkup
from crossbook.local.checkup import Finding

FINE, BROKEN = Finding("Python", True, "3.11"), Finding("port 50051", False, "is taken")


@pytest.mark.parametrize(("findings", "code"), [([FINE, FINE], 0), ([FINE, BROKEN, FINE], 1), ([BROKEN], 1)])
def test_the_doctor_prints_every_finding_and_fails_with_any(
    monkeypatch: pytest.MonkeyPatch, findings: list[Finding], code: int
) -> None:
    """A line each, in order; one that fails does not end the examination."""
    monkeypatch.setattr(checkup, "examine", lambda: iter(findings))
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == code
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "ok" if finding.is_ok else "FAIL" for finding in findings
    ]
    assert all(finding.detail in line for finding, line in zip(findings, done.stdout.splitlines(), strict=True))


def test_venues_are_a_table_with_a_row_each() -> None:
    """As text, whatever brackets stand in a cell."""
    done = CliRunner().invoke(app, ["venues"], env={"COLUMNS": "400"})
    assert done.exit_code == 0
    first = [line.split()[0] for line in done.stdout.splitlines() if line.strip() and not line.startswith(" ")]
    assert [name for name in first if name in {row[0] for row in rows()}] == [row[0] for row in rows()]


def test_markdown_is_the_page_and_nothing_else() -> None:
    """As it is kept in the documents."""
    assert CliRunner().invoke(app, ["venues", "--markdown"]).stdout == page()


def test_the_version_is_the_distributions() -> None:
    """In one line."""
    assert CliRunner().invoke(app, ["version"]).stdout == f"crossbook {version_of('crossbook')}\n"
