"""The Postgres pool when the server is not there."""

import psycopg
import psycopg_pool
import pytest

from crossbook.plumbing.data.postgres import connect, is_unavailable, open_pool
from crossbook.plumbing.errors import SettingsError


async def test_a_pool_opens_while_the_server_is_down_and_then_says_unavailable(free_port: int) -> None:
    pool = await open_pool(f"postgresql://me@127.0.0.1:{free_port}/x")
    with pytest.raises(psycopg_pool.PoolTimeout) as raised:
        async with pool.connection(timeout=0.1):
            pass
    await pool.close()
    assert is_unavailable(raised.value)


async def test_a_malformed_dsn_is_a_settings_error_that_does_not_quote_it() -> None:
    with pytest.raises(SettingsError) as raised:
        await open_pool("postgresql://me:hidden@h/x?no_such_option=1")
    assert "hidden" not in str(raised.value)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (psycopg.OperationalError(), True),
        (psycopg.errors.AdminShutdown(), True),
        (psycopg.errors.QueryCanceled(), True),
        (psycopg.errors.DiskFull(), True),
        (psycopg.errors.ReadOnlySqlTransaction(), True),
        (psycopg.errors.InternalError_(), True),
        (psycopg.errors.UniqueViolation(), False),
        (psycopg.errors.UndefinedTable(), False),
        (ValueError(), False),
    ],
)
def test_only_what_may_pass_by_itself_counts_as_unavailable(error: Exception, expected: bool) -> None:
    assert is_unavailable(error) is expected


async def test_a_client_that_vanished_does_not_keep_its_locks_for_long(postgres_dsn: str) -> None:
    """The server ends a transaction in which nothing happens, and notices within half a minute that nobody is there."""
    async with await connect(postgres_dsn) as connection:
        for setting, expected in (
            ("idle_in_transaction_session_timeout", "30s"),
            ("tcp_keepalives_idle", "10"),
            ("tcp_keepalives_interval", "5"),
            ("tcp_keepalives_count", "3"),
        ):
            (shown,) = await (await connection.execute(f"SHOW {setting}")).fetchone() or ("",)
            assert (setting, shown) == (setting, expected)
