"""Accounts as one gateway has them: with Postgres, or without, when only links of this machine's folder are known."""

import ssl
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, NoReturn

import httpx
import structlog

from crossbook.gateway.accounts.grants import Grants
from crossbook.gateway.accounts.keeper import AccessKeeper
from crossbook.gateway.accounts.passwords import Passwords
from crossbook.gateway.accounts.provider import Provider
from crossbook.gateway.accounts.quotas import Quotas
from crossbook.gateway.accounts.service import AccountService
from crossbook.gateway.accounts.sign_on import SignOn
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
from crossbook.plumbing.access.folder import Secrets, open_secrets, temporary_secrets
from crossbook.plumbing.access.roles import Caller, anonymous, role_of
from crossbook.plumbing.data.attempts import Attempts
from crossbook.plumbing.data.daily import DailyCounts
from crossbook.plumbing.data.postgres import open_pool
from crossbook.plumbing.data.redis import Redis, open_redis
from crossbook.plumbing.errors import SettingsError, UnavailableError
from crossbook.plumbing.settings import OidcSettings, Settings

POOL_SIZE = 6
CODES_PER_SECOND, CODES_BURST = 10 / 60, 10
SIGN_ONS_PER_SECOND, SIGN_ONS_BURST = 0.5, 30
PROVIDER_SECONDS = 10.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Accounts:
    """`service` answers AccountService's methods."""

    keeper: AccessKeeper
    web: WebAccess
    service: Any
    audit: Audit
    anybody: Caller
    quotas: Quotas
    sign_on: SignOn | None = None


async def open_accounts(settings: Settings, registry: Registry, stack: AsyncExitStack) -> Accounts:
    """Raises SettingsError."""
    own, folder = settings.gateway, settings.access.dir
    secrets = open_secrets(folder) if folder else temporary_secrets()
    is_nobody = settings.access.is_required or own.anonymous_role == "none"
    anybody = anonymous(ROLE_UNSPECIFIED if is_nobody else role_of(own.anonymous_role))
    if settings.postgres_dsn is None:
        log.warning("accounts_off", reason="postgres_dsn is not set")
        keeper = AccessKeeper(secrets, None, None, own.access_token_seconds, registry.end, folder)
        web = WebAccess(keeper, anybody, own.session_seconds)
        quotas = Quotas(lambda: keeper.quotas, None)
        return Accounts(keeper, web, WithoutAccounts(), Audit(_log_row), anybody, quotas)
    pool = await open_pool(settings.postgres_dsn.get_secret_value(), POOL_SIZE)
    stack.push_async_callback(pool.close)
    store, sessions, audit = AccountStore(pool), SessionStore(pool), AuditStore(pool)
    keeper = AccessKeeper(secrets, store, sessions, own.access_token_seconds, registry.end, folder)
    grants = Grants(secrets, sessions, keeper, own.access_token_seconds, own.session_seconds)
    codes = Limiter(CODES_PER_SECOND, CODES_BURST)
    redis = _redis(settings, stack)
    quotas = Quotas(lambda: keeper.quotas, DailyCounts(redis) if redis else None)
    web, kept = WebAccess(keeper, anybody, own.session_seconds), Audit(audit.keep)
    sign_on = _sign_on(own.oidc, secrets, grants, web, kept, stack)
    attempts, has_sign_on = Attempts(redis) if redis else None, sign_on is not None
    service = AccountService(store, audit, grants, keeper, Passwords(), attempts, codes, quotas, has_sign_on)
    return Accounts(keeper, web, service, kept, anybody, quotas, sign_on)


class WithoutAccounts:
    """Says who asks, and of all else that there is none."""

    async def GetMe(self, request: pb.GetMeRequest, asked: Asked) -> pb.GetMeResponse:
        """As AccountService has it."""
        return pb.GetMeResponse(principal=asked.caller.principal, role=asked.caller.role)

    def __getattr__(self, method: str) -> Any:
        async def refuse(request: Any, asked: Asked) -> NoReturn:
            raise UnavailableError("this gateway was started without Postgres: set CROSSBOOK_POSTGRES_DSN")

        return refuse


def _redis(settings: Settings, stack: AsyncExitStack) -> Redis | None:
    if settings.redis_url is None:
        return None
    redis = open_redis(settings.redis_url.get_secret_value())
    stack.push_async_callback(redis.aclose)
    return redis


def _sign_on(
    own: OidcSettings, secrets: Secrets, grants: Grants, web: WebAccess, audit: Audit, stack: AsyncExitStack
) -> SignOn | None:
    if own.issuer is None:
        return None
    if not (own.client_id and own.public_url and own.roles):
        raise SettingsError("setting gateway.oidc.issuer: needs client_id, public_url and roles beside it")
    verify: ssl.SSLContext | bool = True
    try:
        if own.ca_file is not None:
            verify = ssl.create_default_context(cafile=own.ca_file)
        if own.client_secret_file is not None:
            own.client_secret_file.read_text()
    except OSError as error:
        raise SettingsError(f"setting gateway.oidc: {error.filename or own.ca_file}: {error.strerror}") from None
    client = httpx.AsyncClient(verify=verify, trust_env=False, timeout=PROVIDER_SECONDS)
    stack.push_async_callback(client.aclose)
    tries = Limiter(SIGN_ONS_PER_SECOND, SIGN_ONS_BURST)
    return SignOn(own, Provider(own, client), secrets, grants, web, audit, tries)


async def _log_row(row: AuditRow) -> None:
    """Without Postgres the log is all that keeps it."""
    log.info("changed", **{name: getattr(row, name) for name in AuditRow.__slots__})
