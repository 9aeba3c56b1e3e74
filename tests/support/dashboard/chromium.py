"""A real Chromium for the dashboard's tests and pictures, or the reason why there is none here."""

import importlib.util
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

REBOUND = "rebound.test"  # a stranger's name that leads to this machine, as after DNS rebinding
FLAGS = [
    f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")


def executable() -> str | None:
    """CHROMIUM, else the system's."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def missing() -> str:
    """Why no page can be opened here; empty when one can."""
    if importlib.util.find_spec("playwright") is None:
        return "no page is opened: playwright is not installed, `make browser` installs it"
    if executable() is None:
        return "no page is opened: there is no Chromium; set CHROMIUM, or install the system's"
    return ""


@asynccontextmanager
async def chromium() -> AsyncIterator[Any]:
    """A playwright Browser."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()
