"""What several tests of the aggregator begin with."""

from collections.abc import AsyncIterator

import pytest

from tests.support.aggregator.two_shards import Stores, two_shards


@pytest.fixture
async def stores(postgres_dsn: str) -> AsyncIterator[Stores]:
    """Of shards a and b; the venue is open in both."""
    async with two_shards(postgres_dsn) as both:
        yield both
