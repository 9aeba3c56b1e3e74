"""The audit log in Postgres, which is only ever added to."""

from dataclasses import astuple, dataclass
from datetime import datetime

from crossbook.gateway.rest.audit import AuditRow
from crossbook.plumbing.data.postgres import Pool, connected

MAX_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row as it was kept."""

    id: int
    time: datetime
    row: AuditRow


class AuditStore:
    """Everything raises UnavailableError while Postgres is away."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def keep(self, row: AuditRow) -> None:
        """Adds a row."""
        statement = """
            INSERT INTO account_audit (principal, role, address, method, resource, outcome, request_id, request)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
        """
        async with connected(self._pool) as connection:
            await connection.execute(statement, astuple(row))

    async def page(self, principal: str, before: int | None, limit: int) -> list[KeptRow]:
        """Newest first, older than the row of that number."""
        statement = """
            SELECT id, time, principal, role, address, method, resource, outcome, request_id, request
            FROM account_audit WHERE (%(principal)s = '' OR principal = %(principal)s)
                AND (%(before)s::bigint IS NULL OR id < %(before)s) ORDER BY id DESC LIMIT %(limit)s
        """
        values = {"principal": principal, "before": before, "limit": limit}
        async with connected(self._pool) as connection:
            rows = await (await connection.execute(statement, values)).fetchall()
        return [KeptRow(number, time, AuditRow(*rest)) for number, time, *rest in rows]
