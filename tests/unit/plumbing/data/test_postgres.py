"""The Postgres pool when the server is not there."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from crossbook.plumbing.data.failures import Failure
from crossbook.plumbing.data.postgres import connect, connected, failure_of, open_pool
from crossbook.plumbing.errors import SettingsError, UnavailableError


async def test_a_pool_opens_while_the_server_is_down_and_then_says_unavailable(free_port: int) -> None:
    """And says nothing of what its DSN holds: clients are told the same."""
    pool = await open_pool(f"postgresql://me:hidden@127.0.0.1:{free_port}/x")
    with pytest.raises(UnavailableError) as raised:
        async with connected(pool):
            pass
    await pool.close()
    assert str(raised.value) == "Postgres cannot be reached"


async def test_a_malformed_dsn_is_a_settings_error_that_does_not_quote_it() -> None:
    with pytest.raises(SettingsError) as raised:
        await open_pool("postgresql://me:hidden@h/x?no_such_option=1")
    assert "hidden" not in str(raised.value)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (psycopg.OperationalError(), Failure.OUTAGE),
        (psycopg.errors.InsufficientPrivilege(), Failure.OUTAGE),
        (psycopg.errors.FeatureNotSupported(), Failure.OUTAGE),
        (psycopg.errors.UndefinedTable(), Failure.OUTAGE),
        (RuntimeError("unable to perform operation; the handler is closed"), Failure.OUTAGE),
        (psycopg.errors.UniqueViolation(), Failure.REFUSAL),
        (psycopg.errors.CheckViolation(), Failure.REFUSAL),
        (psycopg.errors.SyntaxError(), Failure.FAULT),
        (psycopg.errors.NumericValueOutOfRange(), Failure.FAULT),
        (psycopg.errors.ProgramLimitExceeded(), Failure.FAULT),
        (psycopg.ProgrammingError("the query has 1 placeholder"), Failure.FAULT),
        (KeyError(), Failure.FAULT),
    ],
)
def test_only_what_is_listed_is_no_outage(error: Exception, expected: Failure) -> None:
    assert failure_of(error) is expected


def test_whatever_code_a_server_may_invent_is_an_outage() -> None:
    """Of all that the library knows, few are listed: integrity and data, syntax, size."""
    listed = {kind for kind in errors_of_the_library() if failure_of(kind()) is not Failure.OUTAGE}
    assert {kind.sqlstate[:2] for kind in listed} == {"22", "23", "42", "54"}
    assert {kind for kind in listed if kind.sqlstate[:2] in ("42", "54")} == {
        psycopg.errors.SyntaxError,
        psycopg.errors.ProgramLimitExceeded,
    }


def errors_of_the_library() -> Iterator[Any]:
    """Every class that stands for a code."""
    return (kind for kind in vars(psycopg.errors).values() if isinstance(getattr(kind, "sqlstate", None), str))


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


async def test_what_a_dsn_says_is_kept(postgres_dsn: str) -> None:
    """Its own settings win over ours, and the others of ours still hold."""
    dsn = make_conninfo(postgres_dsn, options="-c statement_timeout=77s -c work_mem=5MB", connect_timeout=9)
    async with await connect(dsn) as connection:
        names = ("statement_timeout", "work_mem", "idle_in_transaction_session_timeout", "timezone")
        shown = [await (await connection.execute(f"SHOW {name}".encode())).fetchone() for name in names]
        assert [row[0] for row in shown if row] == ["77s", "5MB", "30s", "UTC"]
        assert connection.info.get_parameters()["connect_timeout"] == "9"
        assert not connection.is_shared
