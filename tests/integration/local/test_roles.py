"""The services of a run use the embedded Postgres under a role that reads and writes rows, and nothing more."""

from pathlib import Path

import psycopg
import pytest

from crossbook.aggregator.store.store import Store
from crossbook.local.servers.postgres import embedded_postgres
from crossbook.local.servers.roles import ROLE, make_service_role
from crossbook.plumbing.data.migrate import migrate
from crossbook.plumbing.data.postgres import open_pool


async def test_the_services_role_works_and_can_do_no_more(tmp_path: Path) -> None:
    """It opens a venue, whose partitions are made with the owner's rights; it is no superuser and owns nothing."""
    folder = tmp_path / "postgres"
    async with embedded_postgres(folder) as owner_dsn:
        await migrate(owner_dsn)
        dsn = await make_service_role(owner_dsn, folder)
        assert await make_service_role(owner_dsn, folder) == dsn
        pool = await open_pool(dsn)
        try:
            assert await Store(pool, "main").open_venue("alpha") is None
        finally:
            await pool.close()
        _assert_no_more(dsn)


def _assert_no_more(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(
            "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert row == (ROLE, False, False, False)
        for refused in (
            "CREATE TABLE mine ()",
            "DROP TABLE alerts",
            "CREATE ROLE other",
            "DELETE FROM schema_migrations",
            "COPY alerts TO PROGRAM 'true'",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(refused.encode())
