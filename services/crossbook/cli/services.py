"""Each service's own command, made from its row, and the migrations. Settings come from CROSSBOOK_ environment
variables; options win.
"""

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from crossbook.cli.names import split_names
from crossbook.local.services import SERVICES, Option, Service, resolve


def command_of(service: Service) -> Callable[..., None]:
    """The command that runs the service; what it needs is imported when it runs."""

    def command(**given: Any) -> None:
        chosen = {
            option.setting or option.name: split_names(given[key]) if option.kind == "names" else given[key]
            for option in service.options
            if given[key := _key(option)] is not None
        }
        _run(service, chosen)

    command.__name__ = service.name
    command.__doc__ = service.does
    command.__signature__ = inspect.Signature([_parameter(option) for option in service.options])  # type: ignore[attr-defined]
    return command


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


def commands() -> list[Callable[..., None]]:
    """One for each service, and the migrations."""
    return [*map(command_of, SERVICES), migrate]


def _key(option: Option) -> str:
    return option.name.replace("-", "_")


def _parameter(option: Option) -> inspect.Parameter:
    kind: Any = str if option.kind == "names" else option.kind
    annotation = Annotated[kind | None, typer.Option(f"--{option.name}", help=option.help)]
    return inspect.Parameter(_key(option), inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _run(service: Service, chosen: dict[str, Any]) -> None:
    from crossbook.plumbing.access.party import take_part
    from crossbook.plumbing.exposure import check_exposure
    from crossbook.plumbing.logs import configure_logging
    from crossbook.plumbing.process import run_service
    from crossbook.plumbing.settings import load_settings

    settings = load_settings(**({service.name: chosen} if chosen else {}))
    check_exposure(settings)
    take_part(settings)
    configure_logging(service.name, settings.log_level, settings.log_format)
    main = resolve(service.app)
    run_service(lambda lifetime: main(settings, lifetime))
