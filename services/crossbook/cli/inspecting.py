"""`crossbook doctor`, `crossbook venues` and `crossbook version`."""

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


def venues() -> None:
    """List the venues that can be tracked, with how their books are proven whole."""
    from rich.console import Console
    from rich.table import Table

    from crossbook import _core

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("id", "name", "taker fee %", "per connection", "stale after", "what proves a book whole"):
        table.add_column(column, overflow="fold")
    for profile in _core.venue_profiles():
        table.add_row(
            profile.id,
            f"{profile.name} (relays {profile.relays})" if profile.relays else profile.name,
            f"{profile.taker_fee_percent:g}",
            str(profile.instruments_per_connection),
            f"{profile.stale_after_ns / 1e9:g} s",
            profile.unavailable_reason or profile.guard_rule,
        )
    Console().print(table)


def version() -> None:
    """Print the version."""
    from importlib.metadata import version as version_of

    print(f"crossbook {version_of('crossbook')}")
