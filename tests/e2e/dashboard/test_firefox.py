"""One look in Firefox, whose policies, cookies on localhost and locks are its own."""

from pathlib import Path

import pytest

from tests.support.dashboard import chromium
from tests.support.dashboard.firefox import firefox, missing
from tests.support.dashboard.site import Site
from tests.support.waiting import eventually

REASON = missing() or chromium.missing()  # `site` has a Chromium, too
pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.skipif(bool(REASON), reason=REASON)]


async def test_firefox_logs_in_and_has_live_rows(site: Site, tmp_path: Path) -> None:
    """The printed link makes an administrator who stays one after a reload; prices are live; nothing is blocked."""
    async with firefox(tmp_path) as tab:

        async def holds(expression: str) -> bool:
            return bool(await tab.evaluate(expression))

        async def until(expression: str) -> None:
            await eventually(lambda: holds(expression))

        is_admin = "document.querySelector('.rail .foot span')?.textContent === 'local'"
        await tab.go(site.link())
        await until(is_admin)
        await tab.go(f"{site.address}/#/prices")
        await until("document.querySelectorAll('.grid-rows .row:not([hidden]) .state.LIVE').length >= 9")
        await until("document.querySelector('.banner.simulated') !== null")
        await tab.evaluate("location.reload()")
        await until(is_admin)
        assert tab.said == []
