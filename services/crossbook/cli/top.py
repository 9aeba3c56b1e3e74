"""`crossbook top`: the live view of a system that runs already."""

from pathlib import Path
from typing import Annotated

import typer

from crossbook.cli.names import split_names


def top(
    venues: Annotated[str, typer.Option(help="Venue ids, comma-separated; default: all.")] = "",
    assets: Annotated[str, typer.Option(help="Assets, comma-separated; default: all.")] = "",
    data_dir: Annotated[Path, typer.Option(help="Of the run to look at.")] = Path(".crossbook"),
) -> None:
    """Watch a running system: venues, windows, opportunities and alerts; type to narrow it to a venue or an asset."""
    from crossbook.local.show.narrowing import Narrowing
    from crossbook.local.show.top import targets_of_run, targets_of_settings
    from crossbook.local.show.top import top as show_top
    from crossbook.plumbing.logs import configure_logging
    from crossbook.plumbing.process import run_service
    from crossbook.plumbing.settings import load_settings

    configure_logging("top", "error")
    run_file = data_dir / "run.json"
    if run_file.exists():
        mode, targets = targets_of_run(run_file)
        headline = f"Crossbook is {'LIVE' if mode == 'live' else 'SIMULATED'}: the run in {data_dir}"
    else:
        targets, headline = targets_of_settings(load_settings()), "Crossbook, where this shell's settings say"
    narrowing = Narrowing(split_names(venues), split_names(assets))
    run_service(lambda lifetime: show_top(targets, headline, narrowing, lifetime, data_dir))
