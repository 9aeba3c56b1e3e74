"""`make pictures`: starts a seeded simulation, waits until there is something to see, and writes docs/pictures.

What stands in a picture is what the run showed at that moment: nothing is drawn in or taken out.
"""

import asyncio
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.support.dashboard.chromium import chromium, missing
from tests.support.dashboard.page import Opened, opened
from tests.support.dashboard.site import Site, logged_in
from tests.support.dashboard.system import system_with_pages

FOLDER = Path(__file__).parents[2] / "docs/pictures"
MAX_BYTES = 200_000
HEIGHT = 720
VENUES = "binance,bybit,deribit,hyperliquid,kucoin,okx"
OPTIONS = ("--venues", VENUES, "--assets", "ADA,BTC,DOGE,ETH,LINK,PEPE,SOL,XRP")
WAIT_SECONDS = 75.0  # until minutes are closed, and alerts have fired
VIEWER, ADMIN = "viewer", "admin"
FAULTS = "binance:corrupt@0s+120s,okx:refuse@0s+120s,okx:cut@0s"


@dataclass(frozen=True)
class Shot:
    """One picture: a page's link, and what must be in it."""

    name: str
    link: str
    awaited: str
    theme: str = "dark"
    width: int = 1180
    role: str = VIEWER


SHOTS = (
    Shot("overview", "overview", "td .up", width=1440),
    Shot("prices", "prices?open=binance%7CBTC%2FUSDT%3AUSDT", "aside .level"),
    Shot("opportunities", "opportunities?explain=BTC,binance,okx", "aside .level", "light"),
    Shot("venues", "venues?venue=okx", "aside.detail table"),
    Shot("windows", "windows?length=15s&span=15", "section[aria-label=Rows] tbody tr td.num", "light"),
    Shot("alerts", "alerts", "section[aria-label=Groups] tbody tr", role=ADMIN),
    Shot("identity", "identity", "h1", "light", role=ADMIN),
    Shot("system", "system", "section table tbody tr", role=ADMIN),
    Shot("accounts", "accounts", "section table", "light", role=ADMIN),
    Shot("phone", "prices", ".grid-rows .row", width=360),
    Shot("phone-overview", "overview", "td .up", "light", 360),
    Shot("phone-alerts", "alerts", "section[aria-label=Groups] tbody tr", width=360),
)
IN_TROUBLE = (
    Shot("fault-venues", "venues", ".state.DOWN, .state.DEGRADED"),
    Shot("fault-prices", "prices?q=btc", ".grid-rows .row .state:not(.LIVE)", "light"),
)


async def main() -> int:
    """The exit code."""
    if reason := missing():
        print(f"crossbook: {reason}", file=sys.stderr)
        return 2
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with (
            system_with_pages(Path(folder), *OPTIONS) as (system, address),
            chromium() as browser,
            logged_in(Site(browser, address, system)) as admin,
        ):
            site = Site(browser, address, system)
            await asyncio.sleep(WAIT_SECONDS)
            for shot in SHOTS:
                await _take(site, shot, admin)
            await site.break_something(FAULTS)
            for shot in IN_TROUBLE:
                await _take(site, shot, admin)
    return 0


async def _take(site: Site, shot: Shot, admin: Opened) -> None:
    if shot.role == ADMIN:
        await _shoot(admin, shot)
    else:
        async with opened(site.browser, site.address, shot.width, shot.theme) as one:
            await _shoot(one, shot)


async def _shoot(one: Opened, shot: Shot) -> None:
    await one.page.emulate_media(color_scheme=shot.theme)
    await one.page.set_viewport_size({"width": shot.width, "height": HEIGHT})
    await one.go(shot.link)
    await one.page.wait_for_selector(shot.awaited, timeout=60_000)
    await one.page.wait_for_timeout(2_000)
    _keep(FOLDER / f"{shot.name}.png", await one.page.screenshot())


def _keep(path: Path, picture: bytes) -> None:
    if len(picture) > MAX_BYTES:
        raise OSError(f"{path} would have more than {MAX_BYTES} bytes")
    path.write_bytes(picture)
    print(f"{path.name}: {len(picture) // 1000} kB")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
