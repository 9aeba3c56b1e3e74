"""The rules, as people and programs made them."""

import secrets

from crossbook.alerts.names import RULES
from crossbook.alerts.records import rule_from
from crossbook.alerts.store.notices import RULES_CHANGED
from crossbook.alerts.store.tables import Tables, notify, stored
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.data.postgres import Connection
from crossbook.plumbing.errors import AlreadyExistsError, ConflictError, NotFoundError, OverloadedError

MAX_RULES = 1_000  # every one is looked at for every event
RULE_COLUMNS = "id, rule, etag, created_at, updated_at"


class RuleStore(Tables):
    """Every change is announced to all replicas."""

    async def list_rules(self, after_id: str = "", limit: int | None = None) -> list[pb.AlertRule]:
        """Ordered by name."""
        query = f'SELECT {RULE_COLUMNS} FROM alert_rules WHERE id > %s COLLATE "C" ORDER BY id COLLATE "C" LIMIT %s'
        return [rule_from(row) for row in await self._rows(query, (after_id, limit))]

    async def get_rule(self, rule_id: str) -> pb.AlertRule:
        """Raises NotFoundError."""
        rows = await self._rows(f"SELECT {RULE_COLUMNS} FROM alert_rules WHERE id = %s", (rule_id,))
        if not rows:
            raise NotFoundError(RULES + rule_id)
        return rule_from(rows[0])

    async def create_rule(self, rule_id: str, rule: pb.AlertRule) -> pb.AlertRule:
        """Raises AlreadyExistsError, and OverloadedError when there are MAX_RULES."""
        async with self._transaction() as connection:
            await connection.execute("LOCK TABLE alert_rules IN SHARE ROW EXCLUSIVE MODE")
            count = await (await connection.execute("SELECT count(*) FROM alert_rules")).fetchone()
            if count is not None and count[0] >= MAX_RULES:
                raise OverloadedError(f"there are {MAX_RULES} rules already: delete one first")
            stored = await _insert_rule(connection, rule_id, rule)
        if stored is None:
            raise AlreadyExistsError(RULES + rule_id)
        return stored

    async def replace_rule(self, rule_id: str, rule: pb.AlertRule, etag: str) -> pb.AlertRule:
        """Raises ConflictError unless the stored etag is the one given."""
        async with self._transaction() as connection:
            cursor = await connection.execute(
                "UPDATE alert_rules SET rule = %s, etag = %s, updated_at = clock_timestamp() "
                f"WHERE id = %s AND etag = %s RETURNING {RULE_COLUMNS}",
                (stored(rule), _new_etag(), rule_id, etag),
            )
            row = await cursor.fetchone()
            await notify(connection, RULES_CHANGED)
        if row is None:
            raise ConflictError(f"{RULES}{rule_id} changed meanwhile: read it again")
        return rule_from(row)

    async def delete_rule(self, rule_id: str) -> None:
        """Raises NotFoundError."""
        async with self._transaction() as connection:
            cursor = await connection.execute("DELETE FROM alert_rules WHERE id = %s", (rule_id,))
            await notify(connection, RULES_CHANGED)
        if not cursor.rowcount:
            raise NotFoundError(RULES + rule_id)

    async def create_first_rule(self, rule: pb.AlertRule) -> bool:
        """Makes the rule unless this database ever had one; False when it did."""
        async with self._transaction() as connection:
            marked = await connection.execute(
                "INSERT INTO alert_positions (name, value) VALUES ('first_rule', 'made') ON CONFLICT DO NOTHING"
            )
            if not marked.rowcount:
                return False
            cursor = await connection.execute("SELECT 1 FROM alert_rules LIMIT 1")
            if await cursor.fetchone():
                return False
            return await _insert_rule(connection, rule.name.removeprefix(RULES), rule) is not None


async def _insert_rule(connection: Connection, rule_id: str, rule: pb.AlertRule) -> pb.AlertRule | None:
    cursor = await connection.execute(
        "INSERT INTO alert_rules (id, rule, etag, created_at, updated_at) "
        "SELECT %s, %s, %s, moment, moment FROM clock_timestamp() AS moment "
        f"ON CONFLICT DO NOTHING RETURNING {RULE_COLUMNS}",
        (rule_id, stored(rule), _new_etag()),
    )
    row = await cursor.fetchone()
    await notify(connection, RULES_CHANGED)
    return None if row is None else rule_from(row)


def _new_etag() -> str:
    return secrets.token_hex(8)
