"""Each service's own command, and the migrations. Settings come from CROSSBOOK_ environment variables; options win."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossbook.cli.names import split_names

if TYPE_CHECKING:
    from crossbook.plumbing.process import Lifetime
    from crossbook.plumbing.settings import Settings

Port = Annotated[int | None, typer.Option(help="Port to listen on.")]
Record = Annotated[Path | None, typer.Option(help="Record into this folder what is fed in, in order.")]
Names = Annotated[str | None, typer.Option(help="Comma-separated; default: all.")]


def tracker(
    venues: Names = None, symbols: Names = None, assets: Names = None, port: Port = None, record: Record = None
) -> None:
    """Track venues: hold their sockets and books, stream quotes to the aggregator."""
    from crossbook.tracker import app

    chosen = {key: split_names(text) for key, text in _given(venues=venues, symbols=symbols, assets=assets).items()}
    _run("tracker", app.run, **chosen, **_given(port=port, record_dir=record))


def aggregator(port: Port = None) -> None:
    """Take quotes from trackers, write windows, serve both."""
    from crossbook.aggregator import app

    _run("aggregator", app.run, **_given(port=port))


def arbitrage(port: Port = None, record: Record = None) -> None:
    """Find what pays between venues."""
    from crossbook.arbitrage import app

    _run("arbitrage", app.run, **_given(port=port, record_dir=record))


def alerts(port: Port = None) -> None:
    """Keep alert rules and deliver what they find."""
    from crossbook.alerts import app

    _run("alerts", app.run, **_given(port=port))


def simulator(
    venues: Names = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the world.")] = None,
    faults: Annotated[str | None, typer.Option(help="What to break, for example VENUE:cut@20s.")] = None,
    replay: Annotated[Path | None, typer.Option(help="Serve this recording's frames for its venue.")] = None,
    speed: Annotated[float | None, typer.Option(min=0.0, help="Pace of the replay; 0 is as fast as possible.")] = None,
    truth_file: Annotated[Path | None, typer.Option(help="Write here what was planted and broken.")] = None,
    port: Port = None,
) -> None:
    """Play the venues on a local port, with planted episodes and faults on demand."""
    from crossbook.simulator import app

    chosen = _given(port=port, seed=seed, faults=faults, replay=replay, speed=speed, truth_file=truth_file)
    if venues is not None:
        chosen["venues"] = split_names(venues)
    _run("simulator", app.run, **chosen)


def migrate() -> None:
    """Bring the database's tables up to date."""
    import asyncio

    from crossbook.plumbing.data.migrate import migrate as apply
    from crossbook.plumbing.logs import configure_logging
    from crossbook.plumbing.settings import load_settings, require_postgres_dsn

    settings = load_settings()
    configure_logging("migrate", settings.log_level, settings.log_format)
    applied = asyncio.run(apply(require_postgres_dsn(settings)))
    print("\n".join(f"applied {name}" for name in applied) or "nothing to apply")


COMMANDS = (tracker, aggregator, arbitrage, alerts, simulator, migrate)


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _run(name: str, main: "Callable[[Settings, Lifetime], Awaitable[None]]", **options: Any) -> None:
    from crossbook.plumbing.exposure import check_exposure
    from crossbook.plumbing.logs import configure_logging
    from crossbook.plumbing.process import run_service
    from crossbook.plumbing.settings import load_settings

    settings = load_settings(**({name: options} if options else {}))
    check_exposure(settings)
    configure_logging(name, settings.log_level, settings.log_format)
    run_service(lambda lifetime: main(settings, lifetime))
