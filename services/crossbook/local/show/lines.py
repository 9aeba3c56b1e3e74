"""The run in one line now and then, for logs and pipes."""

import asyncio

from crossbook.local.services import SERVICES
from crossbook.local.show.observer import Observer
from crossbook.local.show.view import state_name
from crossbook.plumbing.outside import OutsideText

INTERVAL_SECONDS = 10.0
MAX_LINE = 2_000  # characters; states and names are the services'


async def print_lines(observer: Observer) -> None:
    """Prints until cancelled; the first line comes after a full interval, when rates mean something."""
    while True:
        await asyncio.sleep(INTERVAL_SECONDS)
        print(OutsideText.row(line(observer), MAX_LINE), flush=True)


def line(observer: Observer) -> str:
    """What is known now."""
    venues = sorted(observer.venues.items())
    states = " ".join(
        f"{venue}={state_name(figures.stats.state)}({figures.stats.live_markets}/{figures.stats.markets})"
        for venue, figures in venues
    )
    counted_figures = [
        f"{counted.line}={observer.figure(service.name, counted)}"
        for service in SERVICES
        if service.stats
        for counted in service.stats.counted
        if counted.line
    ]
    return (
        f"{states or 'no venue yet'} frames/s={sum(figures.frames_per_s for _, figures in venues):.0f}"
        f" quotes/s={sum(figures.quotes_per_s for _, figures in venues):.0f} {' '.join(counted_figures)}"
    )
