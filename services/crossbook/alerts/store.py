"""All SQL of the alerts service. Every method raises UnavailableError while Postgres is down or not migrated."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from psycopg.types.json import Jsonb

from crossbook.alerts.evaluation.evaluate import Match
from crossbook.alerts.evaluation.progress import Position
from crossbook.alerts.names import ALERTS, RULES
from crossbook.alerts.records import AlertQuery, ClaimedDelivery, Earlier, alert_from, claimed_from, rule_from
from crossbook.alerts.rules import cooldown_ns
from crossbook.alerts.statements import (
    CLAIM_DELIVERIES,
    EARLIER_ALERT,
    FINISH_DELIVERY,
    FORGET_ALERTS,
    INSERT_ALERT,
    LIST_ALERTS,
    LIST_DELIVERIES,
    REDRIVE,
    RELEASE_DELIVERY,
    RULE_COLUMNS,
    SAVE_POSITIONS,
)
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.data.postgres import Connection, Pool, connect, connected, translating_outages
from crossbook.plumbing.errors import (
    AlreadyExistsError,
    ConflictError,
    NotFoundError,
    OverloadedError,
    UnavailableError,
)

SHARED_SECONDS = 1.0  # between two looks where notices cannot be heard
FAILURE_SECONDS = 15.0  # after which a write that is not tried again says nothing any more
MAX_RULES = 1_000  # every one is looked at for every event
NOTICES = "crossbook_alerts"
RULES_CHANGED = "rules"
DELIVERIES_DUE = "deliveries"
FIRED = "fired:"
POSITIONS = "opportunities/"

PENDING, DELIVERED, FAILED = (
    pb.DELIVERY_STATE_PENDING,
    pb.DELIVERY_STATE_DELIVERED,
    pb.DELIVERY_STATE_FAILED,
)


class AlertStore:
    """Rules, alerts, deliveries and positions."""

    def __init__(self, pool: Pool, dsn: str) -> None:
        self._pool = pool
        self._dsn = dsn
        self._failures: dict[str, tuple[str, float]] = {}

    @property
    def write_failure(self) -> str:
        """Why alerts cannot be kept or delivered now, in words; empty while they can, as far as that was tried.

        Postgres may answer and yet take no writes, as when its disk is full or it is a replica.
        """
        since = time.monotonic() - FAILURE_SECONDS
        failures = ((what, reason) for what, (reason, at) in self._failures.items() if at > since)
        return next((f"{what} cannot be written: {reason}" for what, reason in failures), "")

    # --- Rules ---

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
                (_stored(rule), _new_etag(), rule_id, etag),
            )
            row = await cursor.fetchone()
            await _notify(connection, RULES_CHANGED)
        if row is None:
            raise ConflictError(f"{RULES}{rule_id} changed meanwhile: read it again")
        return rule_from(row)

    async def delete_rule(self, rule_id: str) -> None:
        """Raises NotFoundError."""
        async with self._transaction() as connection:
            cursor = await connection.execute("DELETE FROM alert_rules WHERE id = %s", (rule_id,))
            await _notify(connection, RULES_CHANGED)
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

    # --- Alerts ---

    async def fire(self, match: Match, tries: int) -> pb.Alert | Earlier:
        """Writes the alert and its deliveries, or tells which alert came before. One at a time per rule and pair."""
        found, rule = match.opportunity, match.rule
        values: dict[str, Any] = {
            "id": secrets.token_hex(16),
            "rule": rule.name,
            "cause": match.cause,
            "asset": found.asset,
            "buy": found.buy.venue,
            "sell": found.sell.venue,
            "cooldown": timedelta(microseconds=cooldown_ns(rule) // 1000),
            "opportunity": _stored(found),
        }
        with self._remembering("alerts"):
            return await self._fire(match, values, tries)

    async def _fire(self, match: Match, values: dict[str, Any], tries: int) -> pb.Alert | Earlier:
        found, rule = match.opportunity, match.rule
        async with self._transaction() as connection:
            key = "|".join(("crossbook.fire", rule.name, found.asset, found.buy.venue, found.sell.venue))
            await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (key,))
            earlier = await (await connection.execute(EARLIER_ALERT, values)).fetchone()
            if earlier is not None:
                return Earlier(cause=earlier[0], age_seconds=earlier[1])
            row = await (await connection.execute(INSERT_ALERT, values)).fetchone()
            assert row is not None
            await _insert_deliveries(connection, values["id"], rule.channels, tries)
            await _notify(connection, FIRED + values["id"])
        alert = pb.Alert(name=ALERTS + values["id"], rule=rule.name, opportunity=found)
        alert.fire_time.FromDatetime(row[0])
        alert.deliveries.extend(pb.Delivery(channel_id=channel.id, state=PENDING) for channel in rule.channels)
        return alert

    async def list_alerts(self, query: AlertQuery, limit: int) -> list[pb.Alert]:
        """Newest first, with their deliveries."""
        before, before_id = query.before or (None, None)
        values = {
            "rule": query.rule,
            "assets": list(query.assets) or None,
            "venues": list(query.venues) or None,
            "from": query.from_time,
            "to": query.to_time,
            "before": before,
            "before_id": before_id,
            "limit": limit,
        }
        return await self._with_deliveries([alert_from(row) for row in await self._rows(LIST_ALERTS, values)])

    async def get_alert(self, alert_id: str) -> pb.Alert:
        """Raises NotFoundError."""
        rows = await self._rows("SELECT id, rule, opportunity, fired_at FROM alerts WHERE id = %s", (alert_id,))
        if not rows:
            raise NotFoundError(ALERTS + alert_id)
        return (await self._with_deliveries([alert_from(rows[0])]))[0]

    async def forget_alerts(self, age_seconds: float, kept: int, limit: int) -> int:
        """Deletes at most `limit` alerts that are older, oldest first; never the newest, nor one still to deliver."""
        values = {"age": timedelta(seconds=age_seconds), "kept": kept, "limit": limit}
        return await self._execute(FORGET_ALERTS, values)

    async def _with_deliveries(self, alerts: list[pb.Alert]) -> list[pb.Alert]:
        by_id = {alert.name.removeprefix(ALERTS): alert for alert in alerts}
        for alert_id, channel_id, state, attempts, error, delivered_at in await self._rows(
            LIST_DELIVERIES, (list(by_id),)
        ):
            delivery = by_id[alert_id].deliveries.add(
                channel_id=channel_id, state=state, attempts=attempts, last_error=error
            )
            if delivered_at is not None:
                delivery.delivery_time.FromDatetime(delivered_at)
        return alerts

    # --- Deliveries ---

    async def claim_deliveries(self, limit: int, lease_seconds: float) -> list[ClaimedDelivery]:
        """Takes due deliveries for this process until the lease ends."""
        values = {"limit": limit, "lease": timedelta(seconds=lease_seconds), "claim": secrets.token_hex(16)}
        with self._remembering("claims of deliveries"):
            rows = await self._rows(CLAIM_DELIVERIES, values)
        return [claimed_from(row) for row in rows]

    async def finish_delivery(
        self,
        claimed: ClaimedDelivery,
        state: pb.DeliveryState.ValueType,
        error: str,
        delay_seconds: float,
        *,
        is_counted: bool = True,
    ) -> bool:
        """Records how a try ended, and gives it back unless it counts; False when the lease was lost to another."""
        values = {
            "state": state,
            "error": error,
            "delay": timedelta(seconds=delay_seconds),
            "given_back": int(not is_counted),
            "alert": claimed.alert.name.removeprefix(ALERTS),
            "channel": claimed.channel.id,
            "claim": claimed.claim,
        }
        with self._remembering("ends of deliveries"):
            return await self._execute(FINISH_DELIVERY, values) > 0

    async def release_delivery(self, claimed: ClaimedDelivery) -> None:
        """Gives a delivery back untried."""
        alert_id = claimed.alert.name.removeprefix(ALERTS)
        await self._execute(RELEASE_DELIVERY, (alert_id, claimed.channel.id, claimed.claim))

    async def redrive(self, alert_id: str | None, tries: int) -> int:
        """Makes given-up deliveries pending again; of one alert (NotFoundError when there is none) or of all."""
        if alert_id is not None:
            await self.get_alert(alert_id)
        async with self._transaction() as connection:
            cursor = await connection.execute(REDRIVE, {"alert": alert_id, "tries": tries})
            await _notify(connection, DELIVERIES_DUE)
        return cursor.rowcount

    async def count_pending(self) -> int:
        """Deliveries that wait; the query that shows that the database works."""
        rows = await self._rows("SELECT count(*) FROM deliveries WHERE state = 1", ())
        return int(rows[0][0])

    # --- Positions and notices ---

    async def load_positions(self) -> dict[int, Position]:
        """By slot; those that were never saved are missing."""
        rows = await self._rows("SELECT name, value FROM alert_positions WHERE name LIKE %s", (f"{POSITIONS}%",))
        return {int(name.removeprefix(POSITIONS)): Position.decoded(value) for name, value in rows}

    async def save_positions(self, positions: Mapping[int, Position]) -> None:
        """Overwrites. In order, so that two replicas never wait for each other."""
        rows = sorted((f"{POSITIONS}{slot}", position.encoded()) for slot, position in positions.items())
        await self._execute(SAVE_POSITIONS, ([name for name, _ in rows], [value for _, value in rows]))

    @asynccontextmanager
    async def notices(self) -> AsyncIterator[AsyncIterator[str]]:
        """What any replica announces from now on: RULES_CHANGED, DELIVERIES_DUE, FIRED + alert id.

        Behind a pooler that shares sessions nothing can be heard: it ends soon, so that the caller looks for itself.
        """
        with translating_outages():
            async with await connect(self._dsn) as connection:
                if connection.is_shared:
                    yield _nothing(SHARED_SECONDS)
                    return
                await connection.execute(f"LISTEN {NOTICES}")
                # Left open, the generator would keep the connection's lock, and closing would wait for it for ever.
                async with aclosing(connection.notifies()) as notices:
                    yield (notice.payload async for notice in notices)

    # --- Plumbing ---

    @contextmanager
    def _remembering(self, what: str) -> Iterator[None]:
        """Around writes that are tried until they succeed: how the last one ended."""
        try:
            yield
        except Exception as error:
            reason = str(error) if isinstance(error, UnavailableError) else type(error).__name__
            self._failures[what] = (reason, time.monotonic())
            raise
        self._failures.pop(what, None)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Connection]:
        async with connected(self._pool) as connection, connection.transaction():
            yield connection

    async def _rows(self, query: str, values: Any) -> list[Any]:
        async with connected(self._pool) as connection:
            return await (await connection.execute(query, values)).fetchall()

    async def _execute(self, query: str, values: Any) -> int:
        async with connected(self._pool) as connection:
            return (await connection.execute(query, values)).rowcount


async def _nothing(seconds: float) -> AsyncIterator[str]:
    await asyncio.sleep(seconds)
    return
    yield


async def _notify(connection: Connection, payload: str) -> None:
    """Goes out with the commit."""
    await connection.execute("SELECT pg_notify(%s, %s)", (NOTICES, payload))


async def _insert_rule(connection: Connection, rule_id: str, rule: pb.AlertRule) -> pb.AlertRule | None:
    cursor = await connection.execute(
        f"INSERT INTO alert_rules (id, rule, etag) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING RETURNING {RULE_COLUMNS}",
        (rule_id, _stored(rule), _new_etag()),
    )
    row = await cursor.fetchone()
    await _notify(connection, RULES_CHANGED)
    return None if row is None else rule_from(row)


async def _insert_deliveries(
    connection: Connection, alert_id: str, channels: Iterable[pb.AlertChannel], tries: int
) -> None:
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO deliveries (alert_id, channel_id, position, channel, tries_left) VALUES (%s, %s, %s, %s, %s)",
            [(alert_id, channel.id, index, _stored(channel), tries) for index, channel in enumerate(channels)],
        )


def _new_etag() -> str:
    return secrets.token_hex(8)


def _stored(message: Message) -> Jsonb:
    return Jsonb(MessageToDict(message, preserving_proto_field_name=True))
