"""`make pictures`: starts a seeded simulation, waits until there is something to see, and writes docs/pictures.

What stands in a picture is what the run showed at that moment: nothing is drawn in or taken out.
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.support.dashboard.chromium import chromium, missing
from tests.support.dashboard.page import opened
from tests.support.dashboard.system import system_with_pages

FOLDER = Path(__file__).parents[2] / "docs/pictures"
MAX_BYTES = 200_000
HEIGHT = 720
VENUES = "binance,bybit,deribit,hyperliquid,kucoin,okx"
OPTIONS = ("--venues", VENUES, "--assets", "ADA,BTC,DOGE,ETH,LINK,PEPE,SOL,XRP")
WAIT_SECONDS = 75.0  # until minutes are closed, and alerts have fired
SHOTS = (  # name, link, theme, width, what must be there
    ("overview", "overview", "dark", 1440, "td .up"),
    ("prices", "prices?open=binance%7CBTC%2FUSDT%3AUSDT", "dark", 1180, "aside .level"),
    ("opportunities", "opportunities?explain=BTC,binance,okx", "light", 1180, "aside .level"),
    ("phone", "prices", "dark", 360, ".grid-rows .row"),
)


async def main() -> int:
    """The exit code."""
    if reason := missing():
        print(f"crossbook: {reason}", file=sys.stderr)
        return 2
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with system_with_pages(Path(folder), *OPTIONS) as (_, address), chromium() as browser:
            await asyncio.sleep(WAIT_SECONDS)
            for name, link, theme, width, awaited in SHOTS:
                await _take(browser, address, FOLDER / f"{name}.png", link, theme, width, awaited)
    return 0


async def _take(browser: Any, address: str, path: Path, link: str, theme: str, width: int, awaited: str) -> None:
    async with opened(browser, address, width, theme) as one:
        await one.page.set_viewport_size({"width": width, "height": HEIGHT})
        await one.go(link)
        await one.page.wait_for_selector(awaited, timeout=60_000)
        await one.page.wait_for_timeout(2_000)
        picture = await one.page.screenshot()
    _keep(path, picture)


def _keep(path: Path, picture: bytes) -> None:
    if len(picture) > MAX_BYTES:
        raise OSError(f"{path} would have more than {MAX_BYTES} bytes")
    path.write_bytes(picture)
    print(f"{path.name}: {len(picture) // 1000} kB")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
