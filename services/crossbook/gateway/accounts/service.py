"""The RPC face of AccountService: checks, asks, translates. It is told who asks, by REST or by gRPC."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from crossbook.gateway.accounts.grants import Grants
from crossbook.gateway.accounts.keeper import AccessKeeper
from crossbook.gateway.accounts.made_keys import made_key
from crossbook.gateway.accounts.passwords import MAX_CHARACTERS, MIN_CHARACTERS, Passwords
from crossbook.gateway.accounts.quotas import Quotas
from crossbook.gateway.http.front import Asked
from crossbook.gateway.http.limits import Limiter, network_of
from crossbook.gateway.store.accounts import AccountStore, KeyRow, SessionRow, UserRow
from crossbook.gateway.store.audit import AuditStore, KeptRow
from crossbook.pb.v1 import access_pb2
from crossbook.pb.v1 import accounts_pb2 as pb
from crossbook.plumbing.access.methods import methods
from crossbook.plumbing.access.roles import Role
from crossbook.plumbing.data.attempts import Attempts
from crossbook.plumbing.errors import FieldViolation, OverloadedError, UnauthenticatedError
from crossbook.plumbing.paging import decode_token, encode_token, page_limit, query_fingerprint
from crossbook.plumbing.requests import check_names, refuse

SERVICE_NAME = pb.DESCRIPTOR.services_by_name["AccountService"].full_name
USER_NAME = re.compile(r"[a-z0-9._-]{1,63}")
KEY_ROLES = frozenset(
    {
        access_pb2.ROLE_VIEWER,
        access_pb2.ROLE_TRADER,
        access_pb2.ROLE_OPERATOR,
        access_pb2.ROLE_ADMIN,
        access_pb2.ROLE_TRACKER,
    }
)
USER_ROLES = KEY_ROLES - {access_pb2.ROLE_TRACKER}
MAX_DISPLAY_NAME, MAX_LISTED = 100, 100
MAX_QUOTA = 1_000_000_000
MAX_LIFETIME_SECONDS = 10 * 366 * 86_400
DEFAULT_ENTRIES, MAX_ENTRIES = 100, 1_000
LOGINS_PER_MINUTE = 10


@dataclass(frozen=True, slots=True)
class AccountService:
    """Every method takes its request and who asked."""

    store: AccountStore
    audit: AuditStore
    grants: Grants
    keeper: AccessKeeper
    passwords: Passwords
    attempts: Attempts | None  # shared by all gateways; without Redis nobody logs in with a password
    codes: Limiter  # of tries to use a code, by address
    quotas: Quotas
    has_sign_on: bool

    async def ExchangeCode(self, request: pb.ExchangeCodeRequest, asked: Asked) -> pb.ExchangeCodeResponse:
        """See accounts.proto; so are all below."""
        if self.codes.take(network_of(asked.address)):
            raise OverloadedError("too many codes were tried from this address: try again in a minute")
        session = await self.grants.begin_by_code(request.code, access_pb2.ROLE_ADMIN, asked.address)
        return pb.ExchangeCodeResponse(session=session)

    async def Login(self, request: pb.LoginRequest, asked: Asked) -> pb.LoginResponse:
        if self.attempts is None:
            raise OverloadedError("this gateway was started without Redis, and counts no tries to log in")
        for key in (f"user {request.name[:64]}", f"address {network_of(asked.address)}"):
            if not await self.attempts.take(key, LOGINS_PER_MINUTE, 60):
                raise OverloadedError("too many tries to log in: try again in a minute")
        is_name = USER_NAME.fullmatch(request.name) is not None
        user = await self.store.user(request.name) if is_name else None
        password = request.password[:MAX_CHARACTERS]
        if not await self.passwords.is_right(password, user.password_hash if user else None) or user is None:
            raise UnauthenticatedError("name or password are not right")
        return pb.LoginResponse(session=await self.grants.begin(f"users/{user.name}", Role(user.role), asked.address))

    async def RefreshSession(self, request: pb.RefreshSessionRequest, asked: Asked) -> pb.RefreshSessionResponse:
        return pb.RefreshSessionResponse(session=await self.grants.refresh(request.refresh_token, asked.address))

    async def Logout(self, request: pb.LogoutRequest, asked: Asked) -> pb.LogoutResponse:
        await self.grants.end(request.refresh_token)
        return pb.LogoutResponse()

    async def GetMe(self, request: pb.GetMeRequest, asked: Asked) -> pb.GetMeResponse:
        caller = asked.caller
        answer = pb.GetMeResponse(
            principal=caller.principal,
            role=caller.role,
            has_passwords=bool(await self.store.users()),
            has_sign_on=self.has_sign_on,
        )
        if caller.expires_at is not None:
            answer.expire_time.FromMilliseconds(int(caller.expires_at * 1000))
        return answer

    async def CreateApiKey(self, request: pb.CreateApiKeyRequest, asked: Asked) -> pb.CreateApiKeyResponse:
        refuse(_wrong_key(request))
        lifetime = request.lifetime.ToTimedelta() if request.HasField("lifetime") else None
        kept, shown = made_key(
            request.display_name,
            request.role,
            asked.caller.principal,
            venues=request.venues,
            methods=request.methods,
            networks=request.networks,
            lifetime=lifetime,
            daily_quota=request.daily_quota or None,
        )
        row = await self.store.create_key(kept)
        await self.keeper.look()
        return pb.CreateApiKeyResponse(key=_key(row), secret=shown)

    async def ListApiKeys(self, request: pb.ListApiKeysRequest, asked: Asked) -> pb.ListApiKeysResponse:
        keys = [_key(row) for row in await self.store.keys()]
        for key in keys:
            key.used_today = self.quotas.used(key.id)
        return pb.ListApiKeysResponse(keys=keys)

    async def RevokeApiKey(self, request: pb.RevokeApiKeyRequest, asked: Asked) -> pb.RevokeApiKeyResponse:
        await self.store.revoke_key(request.id)
        await self.keeper.look()
        return pb.RevokeApiKeyResponse()

    async def CreateUser(self, request: pb.CreateUserRequest, asked: Asked) -> pb.CreateUserResponse:
        refuse([*_wrong_name(request.name), *_wrong_role(request.role, USER_ROLES), *_wrong_password(request.password)])
        hashed = await self.passwords.hash(request.password)
        return pb.CreateUserResponse(user=_user(await self.store.create_user(request.name, request.role, hashed)))

    async def ListUsers(self, request: pb.ListUsersRequest, asked: Asked) -> pb.ListUsersResponse:
        return pb.ListUsersResponse(users=map(_user, await self.store.users()))

    async def UpdateUser(self, request: pb.UpdateUserRequest, asked: Asked) -> pb.UpdateUserResponse:
        wrong = [*_wrong_name(request.name)]
        wrong += _wrong_role(request.role, USER_ROLES) if request.role else []
        refuse([*wrong, *(_wrong_password(request.password) if request.password else [])])
        hashed = await self.passwords.hash(request.password) if request.password else None
        row = await self.store.update_user(request.name, request.role or None, hashed)
        await self.keeper.look()
        return pb.UpdateUserResponse(user=_user(row))

    async def DeleteUser(self, request: pb.DeleteUserRequest, asked: Asked) -> pb.DeleteUserResponse:
        await self.store.delete_user(request.name)
        await self.keeper.look()
        return pb.DeleteUserResponse()

    async def ListSessions(self, request: pb.ListSessionsRequest, asked: Asked) -> pb.ListSessionsResponse:
        return pb.ListSessionsResponse(sessions=map(_session, await self.store.sessions()))

    async def RevokeSession(self, request: pb.RevokeSessionRequest, asked: Asked) -> pb.RevokeSessionResponse:
        await self.store.revoke_session(request.id)
        await self.keeper.look()
        return pb.RevokeSessionResponse()

    async def ListAudit(self, request: pb.ListAuditRequest, asked: Asked) -> pb.ListAuditResponse:
        limit = page_limit(request.page_size, DEFAULT_ENTRIES, MAX_ENTRIES)
        query = query_fingerprint(request)
        position = decode_token(query, request.page_token)
        before = int(position[0] or 0) if position else None
        rows = await self.audit.page(request.principal, before, limit + 1)
        token = encode_token(query, [rows[limit - 1].id]) if len(rows) > limit else ""
        return pb.ListAuditResponse(entries=map(_entry, rows[:limit]), next_page_token=token)


def _wrong_name(name: str) -> Iterator[FieldViolation]:
    if not USER_NAME.fullmatch(name):
        yield FieldViolation("name", "must be 1 to 63 of a-z, 0-9, '.', '_' and '-'")


def _wrong_role(role: int, roles: frozenset[Any]) -> Iterator[FieldViolation]:
    if role not in roles:
        names = (access_pb2.Role.Name(one) for one in sorted(roles))
        yield FieldViolation("role", f"must be one of {', '.join(names)}")


def _wrong_password(password: str) -> Iterator[FieldViolation]:
    if not MIN_CHARACTERS <= len(password) <= MAX_CHARACTERS:
        yield FieldViolation("password", f"must be {MIN_CHARACTERS} to {MAX_CHARACTERS} characters")


def _wrong_key(request: pb.CreateApiKeyRequest) -> Iterator[FieldViolation]:
    yield from _wrong_role(request.role, KEY_ROLES)
    yield from check_names("venues", request.venues, MAX_LISTED)
    if len(request.display_name) > MAX_DISPLAY_NAME or not request.display_name.isprintable():
        yield FieldViolation("display_name", f"must be up to {MAX_DISPLAY_NAME} printable characters")
    if request.HasField("lifetime") and not 0 < request.lifetime.seconds <= MAX_LIFETIME_SECONDS:
        yield FieldViolation("lifetime", "must be a second to ten years")
    if not 0 <= request.daily_quota <= MAX_QUOTA:
        yield FieldViolation("daily_quota", f"must be 1 to {MAX_QUOTA}, or 0 for none")
    if max(len(request.methods), len(request.networks)) > MAX_LISTED:
        yield FieldViolation("methods", f"and networks must not hold more than {MAX_LISTED}")
    for index, method in enumerate(request.methods[:MAX_LISTED]):
        if method not in methods():
            yield FieldViolation(f"methods[{index}]", "is no method, such as crossbook.v1.GatewayService/ListPrices")
    for index, network in enumerate(request.networks[:MAX_LISTED]):
        if not _is_network(network):
            yield FieldViolation(f"networks[{index}]", "is no address or network, such as 10.0.0.0/8")


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _key(row: KeyRow) -> pb.ApiKey:
    return pb.ApiKey(
        id=row.id,
        display_name=row.display_name,
        role=Role(row.role),
        venues=row.venues,
        create_time=_time(row.create_time),
        expire_time=_time(row.expire_time),
        last_use_time=_time(row.last_use_time),
        revoke_time=_time(row.revoke_time),
        creator=row.creator,
        methods=row.methods,
        networks=row.networks,
        daily_quota=row.daily_quota,
    )


def _user(row: UserRow) -> pb.User:
    return pb.User(name=row.name, role=Role(row.role), create_time=_time(row.create_time))


def _session(row: SessionRow) -> pb.Session:
    return pb.Session(
        id=row.id,
        principal=row.principal,
        role=Role(row.role),
        create_time=_time(row.create_time),
        refresh_time=_time(row.refresh_time),
        expire_time=_time(row.expire_time),
        address=row.address,
    )


def _entry(kept: KeptRow) -> pb.AuditEntry:
    row = kept.row
    return pb.AuditEntry(
        id=kept.id,
        time=_time(kept.time),
        principal=row.principal,
        role=Role(row.role),
        address=row.address,
        method=row.method,
        resource=row.resource,
        outcome=row.outcome,
        request_id=row.request_id,
        request=row.request,
    )


def _time(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    found = Timestamp()
    found.FromDatetime(moment)
    return found
