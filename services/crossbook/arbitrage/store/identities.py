"""Identity findings: pairs in doubt, and what operators decided about them."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.rows import class_row

from crossbook.plumbing.data.postgres import Pool, connected

RESOURCE = "identityFindings/"  # what the names of findings begin with
ADD_FINDING = """
    INSERT INTO identity_findings (id, asset, first_venue, first_symbol, first_mid, second_venue, second_symbol,
        second_mid, difference_percent, since_ns, found_ns)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING
"""
LIST_STATES = """
    SELECT asset, first_venue, first_symbol, second_venue, second_symbol, state FROM identity_findings ORDER BY id
"""
LIST_FINDINGS = """
    SELECT * FROM identity_findings
    WHERE (%(states)s::int[] = '{}' OR state = ANY(%(states)s::int[]))
        AND (%(assets)s::text[] = '{}' OR asset = ANY(%(assets)s::text[]))
        AND (%(found_ns)s::bigint IS NULL OR (found_ns, id) < (%(found_ns)s::bigint, %(id)s::text))
    ORDER BY found_ns DESC, id DESC LIMIT %(limit)s
"""
DECIDE = """
    UPDATE identity_findings
    SET state = %s, comment = %s, decided_ns = (extract(epoch FROM clock_timestamp()) * 1000000000)::bigint
    WHERE id = %s RETURNING *
"""


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One pair in doubt, and what is held of it."""

    id: str
    asset: str
    first_venue: str
    first_symbol: str
    first_mid: float
    second_venue: str
    second_symbol: str
    second_mid: float
    difference_percent: float
    since_ns: int
    found_ns: int
    state: int = 1
    comment: str = ""
    decided_ns: int | None = None


StateRow = tuple[str, str, str, str, str, int]
FINDING_ROWS = class_row(FindingRow)


class IdentityStore:
    """Raises UnavailableError while Postgres is away or has no such table."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, finding: FindingRow) -> None:
        """Keeps what is found; who found the same before, here or elsewhere, keeps his words and his decision."""
        found = (
            *(finding.id, finding.asset, finding.first_venue, finding.first_symbol, finding.first_mid),
            *(finding.second_venue, finding.second_symbol, finding.second_mid, finding.difference_percent),
            *(finding.since_ns, finding.found_ns),
        )
        async with connected(self._pool) as connection:
            await connection.execute(ADD_FINDING, found)

    async def states(self) -> list[StateRow]:
        """Every pair and what is held of it."""
        async with connected(self._pool) as connection:
            rows: list[StateRow] = await (await connection.execute(LIST_STATES)).fetchall()
            return rows

    async def page(
        self, states: Sequence[int], assets: Sequence[str], after: tuple[int, str] | None, limit: int
    ) -> list[FindingRow]:
        """Newest first, from behind a position."""
        found_ns, finding_id = after or (None, None)
        wanted = {"states": list(states), "assets": list(assets), "found_ns": found_ns, "id": finding_id}
        async with connected(self._pool) as connection:
            cursor = connection.cursor(row_factory=FINDING_ROWS)
            return await (await cursor.execute(LIST_FINDINGS, {**wanted, "limit": limit})).fetchall()

    async def decide(self, finding_id: str, state: int, comment: str) -> FindingRow | None:
        """The finding after the decision; None when there is none."""
        async with connected(self._pool) as connection:
            cursor = connection.cursor(row_factory=FINDING_ROWS)
            return await (await cursor.execute(DECIDE, (state, comment, finding_id))).fetchone()
