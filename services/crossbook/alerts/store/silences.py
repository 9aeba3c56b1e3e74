"""Silences, those that are over included: they say why something was not told."""

import secrets
from collections.abc import Sequence
from datetime import UTC, timedelta
from typing import Any

from google.protobuf.json_format import ParseDict

from crossbook.alerts.names import SILENCES
from crossbook.alerts.store.tables import Tables, stored
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import NotFoundError, OverloadedError

MAX_ACTIVE = 1_000  # that are not over: every one is looked at for every message
COLUMNS = "id, silence, from_at, to_at, created_at, from_at <= clock_timestamp() AND to_at > clock_timestamp()"
ACTIVE = f"SELECT {COLUMNS} FROM alert_silences WHERE from_at <= clock_timestamp() AND to_at > clock_timestamp()"
CREATE = f"""
INSERT INTO alert_silences (id, silence, from_at, to_at)
VALUES (%(id)s, %(silence)s, coalesce(%(from)s, clock_timestamp()), %(to)s) RETURNING {COLUMNS}
"""
LIST = f"""
SELECT {COLUMNS} FROM alert_silences WHERE %s OR to_at > clock_timestamp() ORDER BY to_at DESC, id LIMIT 1000
"""
EXPIRE = f"""
UPDATE alert_silences SET to_at = least(to_at, clock_timestamp()), from_at = least(from_at, clock_timestamp())
WHERE id = %s RETURNING {COLUMNS}
"""
WAKE = """
UPDATE alert_groups SET due_at = clock_timestamp(), due_from = clock_timestamp() WHERE state = 1 AND held_back <> ''
"""
COUNT = "SELECT count(*) FROM alert_silences WHERE to_at > clock_timestamp()"


class SilenceStore(Tables):
    """In force for every replica when the call returns: they are read where a message is made."""

    async def create(self, silence: pb.Silence) -> pb.Silence:
        """Raises OverloadedError when there are MAX_ACTIVE."""
        values = {
            "id": secrets.token_hex(8),
            "silence": stored(silence),
            "from": silence.from_time.ToDatetime(UTC) if silence.HasField("from_time") else None,
            "to": silence.to_time.ToDatetime(UTC),
        }
        async with self._transaction() as connection:
            await connection.execute("LOCK TABLE alert_silences IN SHARE ROW EXCLUSIVE MODE")
            count = await (await connection.execute(COUNT)).fetchone()
            if count is not None and count[0] >= MAX_ACTIVE:
                raise OverloadedError(f"there are {MAX_ACTIVE} silences already: expire one first")
            row = await (await connection.execute(CREATE, values)).fetchone()
            assert row is not None
        return silence_from(row)

    async def list(self, *, has_expired: bool) -> list[pb.Silence]:
        """The one that ends last first."""
        return [silence_from(row) for row in await self._rows(LIST, (has_expired,))]

    async def expire(self, silence_id: str) -> pb.Silence:
        """Ends it now, and has looked at again what was held back. Raises NotFoundError."""
        async with self._transaction() as connection:
            row = await (await connection.execute(EXPIRE, (silence_id,))).fetchone()
            if row is None:
                raise NotFoundError(SILENCES + silence_id)
            await connection.execute(WAKE)
        return silence_from(row)

    async def forget(self, age_seconds: float) -> int:
        """Deletes those that were over that long ago."""
        query = "DELETE FROM alert_silences WHERE to_at < clock_timestamp() - %s"
        return await self._execute(query, (timedelta(seconds=age_seconds),))


def silence_from(row: Sequence[Any]) -> pb.Silence:
    """From COLUMNS."""
    silence_id, fields, from_at, to_at, created_at, is_active = row
    silence = ParseDict(fields, pb.Silence(), ignore_unknown_fields=True)
    silence.name, silence.is_active = SILENCES + silence_id, is_active
    silence.from_time.FromDatetime(from_at)
    silence.to_time.FromDatetime(to_at)
    silence.create_time.FromDatetime(created_at)
    return silence
