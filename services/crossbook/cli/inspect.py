"""`crossbook doctor`, `crossbook venues` and `crossbook version`."""

from typing import Annotated

import typer


def doctor() -> None:
    """Check that everything is there: Python, extension, ports, server binaries, DSNs. Exit code 1 when not."""
    from crossbook.local.checkup import examine

    is_well = True
    for finding in examine():
        is_well &= finding.is_ok
        print(f"{'ok  ' if finding.is_ok else 'FAIL'}  {finding.subject:<22} {finding.detail}")
    if not is_well:
        raise typer.Exit(1)


def venues(
    markdown: Annotated[bool, typer.Option("--markdown", help="As docs/venues.md keeps it.")] = False,
) -> None:
    """List the venues: channels, what proves their books whole, limits, fees, and how sure that is."""
    from crossbook.cli.venue_table import COLUMNS, page, rows

    if markdown:
        print(page(), end="")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", show_lines=True)
    for column in COLUMNS:
        table.add_column(column, overflow="fold", no_wrap=column == COLUMNS[0])
    for row in rows():
        table.add_row(*(Text(cell) for cell in row), end_section=True)  # a bare string would be markup
    Console().print(table)


def version() -> None:
    """Print the version."""
    from importlib.metadata import version as version_of

    print(f"crossbook {version_of('crossbook')}")
