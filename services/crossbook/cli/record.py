"""`crossbook record` and `crossbook replay`."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossbook.cli.names import split_names
from crossbook.cli.up import run_everything

if TYPE_CHECKING:
    from crossbook.replay.compare import Comparison

_LIST = "comma-separated; default: all"


def record(
    path: Annotated[Path, typer.Argument(help="A new folder; the run's own state goes there too.")],
    duration: Annotated[str, typer.Option(help="Stop after so long, for example 60s or 5m.")] = "60s",
    venues: Annotated[str, typer.Option(help=f"Venue ids, {_LIST}.")] = "all",
    symbols: Annotated[str, typer.Option(help=f"Unified symbols, {_LIST}.")] = "",
    assets: Annotated[str, typer.Option(help=f"Assets, {_LIST}.")] = "",
    seed: Annotated[int, typer.Option(help="Seed of the simulated world.")] = 1,
    live: Annotated[bool, typer.Option("--live", help="The real venues instead of the simulator.")] = False,
    shards: Annotated[int, typer.Option(min=1, max=16, help="Aggregators that share the instruments.")] = 1,
) -> None:
    """Run everything for a while, keep every frame and every batch, then replay it and print the fingerprints."""
    from crossbook.local.options import UpOptions, choose_venues, leave_out, parse_duration
    from crossbook.plumbing.errors import SettingsError

    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise SettingsError(f"{path} is there already: name a new folder")
    run_everything(
        UpOptions(
            data_dir=path / "state",
            record_dir=path,
            duration_seconds=parse_duration(duration),
            venues=choose_venues(split_names(venues), is_live=live),
            left_out=leave_out(split_names(venues)),
            symbols=split_names(symbols),
            assets=split_names(assets),
            seed=seed,
            is_live=live,
            is_view_wanted=False,
            port_base=0,
            shards=shards,
        )
    )
    _compare(path, 0.0, is_quiet=True)


def replay(
    path: Annotated[Path, typer.Argument(help="A folder that `crossbook record` has written.")],
    speed: Annotated[str, typer.Option(help="How many times as fast as it was, for example 1 or 10; or max.")] = "max",
) -> None:
    """Do again what a recorded run did and compare. Exit code 1 when something differs."""
    _compare(path, _speed_of(speed), is_quiet=False)


def _speed_of(text: str) -> float:
    from crossbook.plumbing.errors import SettingsError

    if text == "max":
        return 0.0
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.0 < speed < float("inf"):
        raise SettingsError(f"--speed: {text!r} is neither max nor a number above 0")
    return speed


def _compare(path: Path, speed: float, *, is_quiet: bool) -> None:
    from crossbook.cli import rows
    from crossbook.replay.compare import replay as replay_everything

    @cache
    def printer() -> rows.Printer:  # made when there is something to show, so that an error stands alone
        return rows.Printer(False, rows.OPPORTUNITY_HEAD, rows.opportunity_event)

    comparisons = replay_everything(path, speed, lambda event: None if is_quiet else printer().show(event))
    _print(comparisons)
    if any(one.verdict == "DIFFERS" for one in comparisons):
        raise typer.Exit(1)


def _print(comparisons: "list[Comparison]") -> None:
    print(f"{'what':<24}{'items':>9}  {'recorded':<16}  {'items':>9}  {'replayed':<16}")
    for one in comparisons:
        recorded = str(one.recorded) if one.recorded else f"{'-':>9}  {'-':<16}"
        print(f"{one.what:<24}{recorded}  {one.replayed}  {one.verdict}", flush=True)
