"""What goes into the audit log: who asked for what, from where, and what came of it; never a secret."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from crossbook.gateway.http.front import Asked
from crossbook.plumbing.access.methods import methods
from crossbook.plumbing.errors import CrossbookError

SECRET_FIELDS = frozenset(
    {"password", "secret", "secrets", "url", "headers", "code", "token", "refreshToken", "accessToken"}
)
RESOURCE_FIELDS = ("name", "rule", "id", "venue", "alert")
MAX_REQUEST_CHARACTERS = 4_000
HIDDEN = "***"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One line of it."""

    principal: str
    role: int
    address: str
    method: str
    resource: str
    outcome: str
    request_id: str
    request: str


@dataclass(frozen=True, slots=True)
class Audit:
    """`keep` puts a row where no role can take it away. A row that cannot be kept is logged instead."""

    keep: Callable[[AuditRow], Awaitable[None]]

    async def note(self, method: str, payload: bytes, asked: Asked, outcome: str) -> None:
        """Of a call that changes something, when it is over."""
        caller = asked.caller
        resource, request = described(method, payload)
        row = AuditRow(
            caller.principal, caller.role, asked.address, method, resource, outcome, asked.request_id, request
        )
        await self.put(row)

    async def put(self, row: AuditRow) -> None:
        """One row."""
        try:
            await self.keep(row)
        except CrossbookError as error:
            log.error(
                "audit_not_kept", error=str(error), method=row.method, principal=row.principal, outcome=row.outcome
            )


def described(method: str, payload: bytes) -> tuple[str, str]:
    """What a request is about, and the request as JSON without secrets."""
    request: Message = GetMessageClass(methods()[method].input_type)()
    request.ParseFromString(payload)
    said = _without_secrets(MessageToDict(request))
    return _resource_of(said), json.dumps(said)[:MAX_REQUEST_CHARACTERS]


def _resource_of(said: dict[str, Any]) -> str:
    for field in RESOURCE_FIELDS:
        if isinstance(value := said.get(field), str):
            return value
    inner = next((value for value in said.values() if isinstance(value, dict)), None)
    return _resource_of(inner) if inner else ""


def _without_secrets(said: Any) -> Any:
    if isinstance(said, dict):
        return {key: HIDDEN if key in SECRET_FIELDS else _without_secrets(value) for key, value in said.items()}
    if isinstance(said, list):
        return [_without_secrets(value) for value in said]
    return said
