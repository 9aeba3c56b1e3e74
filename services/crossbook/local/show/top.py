"""`crossbook top`: the view of `up` against a system that runs already, narrowed by options and by what is typed.

Where the processes listen says the run's own file, in its data folder; where there is none, this shell's settings.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from crossbook.local.run.beside import settings_beside
from crossbook.local.services import SERVICES
from crossbook.local.show.keyboard import keys
from crossbook.local.show.lines import print_lines
from crossbook.local.show.narrowing import Narrowing
from crossbook.local.show.observer import Observer
from crossbook.local.show.presenter import present
from crossbook.local.show.view import show
from crossbook.plumbing.access.party import take_part
from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.settings import Settings
from crossbook.plumbing.shards import read_shards
from crossbook.plumbing.targets import target_of

FOOTER = "type to narrow · Esc everything · Ctrl-C ends"
QUIT = "\x03\x04"  # Ctrl-C, Ctrl-D
ESCAPE = "\x1b"
ERASE = "\x7f\b"
MAX_TEXT = 40
MOST_ROWS = 500  # what is typed may be about any of them


def targets_of_run(path: Path) -> tuple[str, dict[str, str]]:
    """The run's mode and where its processes listen. Raises SettingsError for a file that is none of a run."""
    known = {service.name for service in SERVICES}
    try:
        document = json.loads(path.read_text())
        processes: Mapping[str, Mapping[str, str | None]] = document["processes"]
        addresses = {name: entry["address"] for name, entry in processes.items() if name.partition("-")[0] in known}
        return str(document["mode"]), {name: address for name, address in addresses.items() if address}
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise SettingsError(
            f"{path} does not tell of a run ({type(error).__name__}): start one, or remove it"
        ) from None


def targets_of_settings(settings: Settings) -> dict[str, str]:
    """Where each service listens by default, every listed shard of the aggregator among them."""
    own = [service.name for service in SERVICES if service.speaks == "grpc" and service.name != "aggregator"]
    targets = {name: target_of(settings.host, getattr(settings, name).port) for name in own}
    shards = read_shards("arbitrage", settings.arbitrage)
    return targets | {f"aggregator-{name}": target for name, target in shards.items()}


async def top(
    targets: Mapping[str, str], headline: str, narrowing: Narrowing, lifetime: Lifetime, data_dir: Path
) -> None:
    """Shows until it is told to stop; lines where there is no terminal. Raises SettingsError."""
    take_part(settings_beside(targets.values(), data_dir))
    observer = Observer(targets, lambda _: 0, MOST_ROWS)
    async with observer.running():
        view = [show(observer, headline, FOOTER, [], narrowing)] if sys.stdout.isatty() else []
        showing = asyncio.create_task(present([*view, print_lines(observer)]))
        reading = asyncio.create_task(_read(narrowing, lifetime))
        try:
            await lifetime.stopping.wait()
        finally:
            showing.cancel()
            reading.cancel()
            await asyncio.wait((showing, reading))


async def _read(narrowing: Narrowing, lifetime: Lifetime) -> None:
    async for key in keys(sys.stdin):
        if key in QUIT:
            lifetime.stop()
        else:
            narrowing.text = typed(narrowing.text, key)


def typed(text: str, key: str) -> str:
    """The text after one more key."""
    if key == ESCAPE:
        return ""
    if key in ERASE:
        return text[:-1]
    return (text + key)[:MAX_TEXT] if key.isprintable() else text
