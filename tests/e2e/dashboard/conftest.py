"""One seeded system with its pages, and one browser, for all tests of this folder."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.dashboard.chromium import chromium
from tests.support.dashboard.page import Opened
from tests.support.dashboard.site import Site, logged_in
from tests.support.dashboard.system import system_with_pages


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """The pages, looked at by whoever asks."""
    async with system_with_pages(tmp_path_factory.mktemp("pages")) as (system, address), chromium() as browser:
        yield Site(browser, address, system)


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def admin(site: Site) -> AsyncIterator[Opened]:
    """A page whose user came by the printed link, and may do everything."""
    async with logged_in(site) as one:
        yield one
