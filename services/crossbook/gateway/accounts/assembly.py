"""Accounts as one gateway has them: with Postgres, or without, when only links of this machine's folder are known."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, NoReturn

import structlog

from crossbook.gateway.accounts.grants import Grants
from crossbook.gateway.accounts.keeper import AccessKeeper
from crossbook.gateway.accounts.passwords import Passwords
from crossbook.gateway.accounts.service import AccountService
from crossbook.gateway.accounts.web import WebAccess
from crossbook.gateway.http.front import Asked
from crossbook.gateway.http.limits import Limiter
from crossbook.gateway.rest.audit import Audit, AuditRow
from crossbook.gateway.sockets.sockets import Registry
from crossbook.gateway.store.accounts import AccountStore
from crossbook.gateway.store.audit import AuditStore
from crossbook.gateway.store.sessions import SessionStore
from crossbook.pb.v1 import accounts_pb2 as pb
from crossbook.pb.v1.access_pb2 import ROLE_UNSPECIFIED
from crossbook.plumbing.access.folder import open_secrets, temporary_secrets
from crossbook.plumbing.access.roles import Caller, anonymous, role_of
from crossbook.plumbing.data.attempts import Attempts
from crossbook.plumbing.data.postgres import open_pool
from crossbook.plumbing.data.redis import open_redis
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.settings import Settings

POOL_SIZE = 6
CODES_PER_SECOND, CODES_BURST = 10 / 60, 10

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Accounts:
    """`service` answers AccountService's methods."""

    keeper: AccessKeeper
    web: WebAccess
    service: Any
    audit: Audit
    anybody: Caller


async def open_accounts(settings: Settings, registry: Registry, stack: AsyncExitStack) -> Accounts:
    """Raises SettingsError."""
    own, folder = settings.gateway, settings.access.dir
    secrets = open_secrets(folder) if folder else temporary_secrets()
    anybody = anonymous(ROLE_UNSPECIFIED if own.anonymous_role == "none" else role_of(own.anonymous_role))
    if settings.postgres_dsn is None:
        log.warning("accounts_off", reason="postgres_dsn is not set")
        keeper = AccessKeeper(secrets, None, None, own.access_token_seconds, registry.end, folder)
        web = WebAccess(keeper, anybody, own.session_seconds)
        return Accounts(keeper, web, WithoutAccounts(), Audit(_log_row), anybody)
    pool = await open_pool(settings.postgres_dsn.get_secret_value(), POOL_SIZE)
    stack.push_async_callback(pool.close)
    store, sessions, audit = AccountStore(pool), SessionStore(pool), AuditStore(pool)
    keeper = AccessKeeper(secrets, store, sessions, own.access_token_seconds, registry.end, folder)
    grants = Grants(secrets, sessions, keeper, own.access_token_seconds, own.session_seconds)
    codes = Limiter(CODES_PER_SECOND, CODES_BURST)
    service = AccountService(store, audit, grants, keeper, Passwords(), _attempts(settings, stack), codes)
    return Accounts(keeper, WebAccess(keeper, anybody, own.session_seconds), service, Audit(audit.keep), anybody)


class WithoutAccounts:
    """Says who asks, and of all else that there is none."""

    async def GetMe(self, request: pb.GetMeRequest, asked: Asked) -> pb.GetMeResponse:
        """As AccountService has it."""
        return pb.GetMeResponse(principal=asked.caller.principal, role=asked.caller.role)

    def __getattr__(self, method: str) -> Any:
        async def refuse(request: Any, asked: Asked) -> NoReturn:
            raise UnavailableError("this gateway was started without Postgres: set CROSSBOOK_POSTGRES_DSN")

        return refuse


def _attempts(settings: Settings, stack: AsyncExitStack) -> Attempts | None:
    if settings.redis_url is None:
        return None
    redis = open_redis(settings.redis_url.get_secret_value())
    stack.push_async_callback(redis.aclose)
    return Attempts(redis)


async def _log_row(row: AuditRow) -> None:
    """Without Postgres the log is all that keeps it."""
    log.info("changed", **{name: getattr(row, name) for name in AuditRow.__slots__})
