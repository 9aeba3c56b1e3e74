"""The stores of two shards that have one venue, on one Postgres."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from crossbook.aggregator.store.store import Store
from crossbook.plumbing.data.postgres import open_pool

VENUE = "alpha"

Stores = tuple[Store, Store]


@asynccontextmanager
async def two_shards(dsn: str) -> AsyncIterator[Stores]:
    """Of shards a and b; the venue is open in both."""
    pool = await open_pool(dsn)
    try:
        both = Store(pool, "a"), Store(pool, "b")
        for store in both:
            await store.open_venue(VENUE)
        yield both
    finally:
        await pool.close()
