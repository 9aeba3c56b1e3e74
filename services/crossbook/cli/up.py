"""`crossbook up`."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossbook.cli.names import split_names

if TYPE_CHECKING:
    from crossbook.local.options import UpOptions

_LIST = "comma-separated; default: all"


def up(
    duration: Annotated[str | None, typer.Option(help="Stop after so long, for example 60s or 5m.")] = None,
    venues: Annotated[str, typer.Option(help=f"Venue ids, {_LIST}.")] = "all",
    symbols: Annotated[str, typer.Option(help=f"Unified symbols such as BTC/USDT:USDT, {_LIST}.")] = "",
    assets: Annotated[str, typer.Option(help=f"Assets such as BTC, {_LIST}.")] = "",
    seed: Annotated[int, typer.Option(help="Seed of the simulated world.")] = 1,
    data_dir: Annotated[Path, typer.Option(help="Where state, logs and recordings live.")] = Path(".crossbook"),
    no_view: Annotated[bool, typer.Option("--no-view", help="Lines instead of the live view.")] = False,
    faults: Annotated[str, typer.Option(help="What the simulator breaks, for example VENUE:cut@20s.")] = "",
    play: Annotated[Path | None, typer.Option(help="Serve this capture's frames for its venue.")] = None,
    speed: Annotated[float, typer.Option(min=0.0, help="Pace of the play; 0 is as fast as possible.")] = 1.0,
    summary: Annotated[Path | None, typer.Option(help="Write a JSON report of the run here.")] = None,
    record: Annotated[bool, typer.Option("--record", help="Record frames and batches under the data folder.")] = False,
    live: Annotated[bool, typer.Option("--live", help="Dial the real venues instead of the simulator.")] = False,
    window_seconds: Annotated[int | None, typer.Option(help="Length of a window; must divide 60.")] = None,
    port_base: Annotated[int | None, typer.Option(min=0, max=65000, help="First port; 0 takes free ones.")] = None,
    tracker_processes: Annotated[int, typer.Option(min=0, help="0: one per processor, at most one per venue.")] = 0,
    shards: Annotated[int, typer.Option(min=1, max=16, help="Aggregators that share the instruments.")] = 1,
) -> None:
    """Run everything on this machine: servers, simulator or real venues, trackers, windows, arbitrage, alerts."""
    from crossbook.local.options import UpOptions, choose_venues, leave_out, parse_duration

    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    options = UpOptions(
        data_dir=data_dir,
        duration_seconds=parse_duration(duration) if duration else None,
        venues=choose_venues(split_names(venues), is_live=live),
        left_out=leave_out(split_names(venues)),
        symbols=split_names(symbols),
        assets=split_names(assets),
        seed=seed,
        is_live=live,
        is_view_wanted=not no_view,
        faults=faults,
        play=play,
        speed=speed,
        summary=summary,
        record_dir=data_dir / "recordings" / stamp if record else None,
        window_seconds=window_seconds,
        port_base=port_base,
        tracker_processes=tracker_processes,
        shards=shards,
    )
    run_everything(options)


def run_everything(options: "UpOptions") -> None:
    """Checks the options as a whole and runs until it ends. Raises CrossbookError."""
    # Starting a process forks; gRPC's handling of forks can crash the new process before it is another program.
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
    from crossbook.local.options import check_faults, check_together
    from crossbook.local.run.up import up as run_up
    from crossbook.plumbing.logs import configure_logging
    from crossbook.plumbing.process import run_service

    configure_logging("up", "warning")
    check_together(options)
    check_faults(options)
    run_service(lambda lifetime: run_up(options, lifetime))
