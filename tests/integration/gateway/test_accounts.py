"""Accounts of a running gateway on a real Postgres: links, keys, users, sessions, and what is kept of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import httpx
import psycopg
import pytest

from crossbook.gateway.store.sessions import REPLAY_GRACE
from crossbook.pb.v1.access_pb2 import ROLE_OPERATOR
from crossbook.pb.v1.accounts_pb2 import CreateApiKeyRequest, ListApiKeysRequest, RevokeApiKeyRequest
from crossbook.pb.v1.accounts_pb2_grpc import AccountServiceStub
from crossbook.plumbing.access.folder import RING, open_secrets
from crossbook.plumbing.access.ring import RingFile
from crossbook.plumbing.data.migrate import migrate
from crossbook.plumbing.errors import UnauthenticatedError
from crossbook.plumbing.grpc.channel import open_channel
from tests.support.gateway.running import Gateway, gateway
from tests.support.waiting import eventually

PASSWORD = "correct horse battery"


@asynccontextmanager
async def with_accounts(dsn: str, folder: Path, redis_url: str | None = None, **own: Any) -> AsyncIterator[Gateway]:
    await migrate(dsn)
    settings = {"postgres_dsn": dsn, "redis_url": redis_url, "access": {"dir": folder}}
    async with gateway(settings, **own) as running:
        yield running


async def admin(running: Gateway, folder: Path) -> dict[str, str]:
    """The header of a session that a printed link began."""
    answer = await running.web.post("/api/auth/exchange", json={"code": open_secrets(folder).code()})
    assert answer.status_code == 200, answer.text
    return {"authorization": f"Bearer {answer.json()['session']['accessToken']}"}


async def test_a_printed_link_lets_one_browser_in_once(postgres_dsn: str, tmp_path: Path) -> None:
    """Its refresh token is in a cookie that no page reads, sent to /api/auth alone."""
    async with with_accounts(postgres_dsn, tmp_path) as running:
        code = open_secrets(tmp_path).code()
        first = await running.web.post("/api/auth/exchange", json={"code": code})
        assert first.json()["session"]["role"] == "ROLE_ADMIN"
        assert first.json()["session"]["refreshToken"] == ""
        cookie = first.headers["set-cookie"]
        assert all(part in cookie for part in ("HttpOnly", "SameSite=Strict", "Path=/api/auth"))
        assert (await running.web.post("/api/auth/exchange", json={"code": code})).status_code == 401
        token = {"authorization": f"Bearer {first.json()['session']['accessToken']}"}
        assert (await running.web.get("/api/audit", headers=token)).status_code == 200
        assert (await running.web.get("/api/auth/me")).json()["principal"] == "anonymous"
        assert (await running.web.get("/api/auth/me", headers=token)).json()["principal"] == "local"


async def test_a_gateway_that_starts_without_postgres_makes_no_key_bad(postgres_dsn: str, tmp_path: Path) -> None:
    """Processes on this machine would refuse each other, and end what streams, for as long as it takes."""
    async with with_accounts(postgres_dsn, tmp_path) as running:
        made = await running.web.post("/api/keys", json={"role": "ROLE_VIEWER"}, headers=await admin(running, tmp_path))
    before = RingFile(tmp_path / RING).ring()
    async with gateway({"access": {"dir": tmp_path}}) as running:
        shown = {"authorization": f"Bearer {made.json()['secret']}"}
        assert (await running.web.get("/api/auth/me", headers=shown)).json()["role"] == "ROLE_VIEWER"
    assert RingFile(tmp_path / RING).ring() == before


async def test_a_session_goes_on_and_a_replayed_token_ends_it(postgres_dsn: str, tmp_path: Path) -> None:
    """Two tabs that race are given the same successor; a second use after the grace is a theft."""
    async with with_accounts(postgres_dsn, tmp_path) as running:
        first = await running.web.post("/api/auth/exchange", json={"code": open_secrets(tmp_path).code()})
        old = dict(running.web.cookies)
        answers = await asyncio.gather(
            *(httpx.AsyncClient(base_url=running.web.base_url, cookies=old).post("/api/auth/refresh") for _ in range(5))
        )
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.headers["set-cookie"] for answer in answers}) == 1
        await _age_tokens(postgres_dsn)
        async with httpx.AsyncClient(base_url=running.web.base_url, cookies=old) as thief:
            assert (await thief.post("/api/auth/refresh")).status_code == 401
        token = {"authorization": f"Bearer {first.json()['session']['accessToken']}"}
        assert (await running.web.get("/api/audit", headers=token)).status_code == 401
        assert (await running.web.post("/api/auth/refresh")).status_code == 401


async def test_a_refresh_from_another_site_is_refused(postgres_dsn: str, tmp_path: Path) -> None:
    """By what the browser says of where it comes from."""
    async with with_accounts(postgres_dsn, tmp_path) as running:
        await running.web.post("/api/auth/exchange", json={"code": open_secrets(tmp_path).code()})
        answer = await running.web.post("/api/auth/refresh", headers={"sec-fetch-site": "cross-site"})
        assert answer.status_code == 403


async def test_a_key_is_good_over_rest_and_grpc_until_it_is_revoked(postgres_dsn: str, tmp_path: Path) -> None:
    """On this gateway, on another one, and for whoever reads the ring's file; only its hash is kept."""
    async with with_accounts(postgres_dsn, tmp_path) as running, with_accounts(postgres_dsn, tmp_path) as other:
        made = await running.web.post(
            "/api/keys", json={"displayName": "bot", "role": "ROLE_OPERATOR"}, headers=await admin(running, tmp_path)
        )
        secret, identifier = made.json()["secret"], made.json()["key"]["id"]
        shown = {"authorization": f"Bearer {secret}"}
        await eventually(lambda: _is(other, shown, 200))
        assert RingFile(tmp_path / RING).ring().caller(secret).role == ROLE_OPERATOR
        assert (await running.web.get("/api/keys", headers=shown)).status_code == 403
        assert secret.split("_")[2] not in await _whole_database(postgres_dsn)
        async with open_channel(f"127.0.0.1:{running.port}") as channel:
            stub = AccountServiceStub(channel)
            with pytest.raises(grpc.aio.AioRpcError) as nobody:
                await stub.ListApiKeys(ListApiKeysRequest())
            assert nobody.value.code() == grpc.StatusCode.UNAUTHENTICATED
            local = (("authorization", f"Bearer {open_secrets(tmp_path).local_token()}"),)
            assert [key.id for key in (await stub.ListApiKeys(ListApiKeysRequest(), metadata=local)).keys] == [
                identifier
            ]
            await stub.RevokeApiKey(RevokeApiKeyRequest(id=identifier), metadata=local)
        for each in (running, other):
            await eventually(lambda each=each: _is(each, shown, 401), deadline=10)  # type: ignore[misc]
        with pytest.raises(UnauthenticatedError):
            RingFile(tmp_path / RING).ring().caller(secret)


async def test_a_key_is_within_its_methods_networks_and_time(postgres_dsn: str, tmp_path: Path) -> None:
    """Scope is role and methods together."""
    async with with_accounts(postgres_dsn, tmp_path) as running:
        who = await admin(running, tmp_path)
        narrow = {"role": "ROLE_VIEWER", "methods": ["crossbook.v1.GatewayService/ListPrices"]}
        foreign = {"role": "ROLE_VIEWER", "networks": ["10.0.0.0/8"]}
        brief = {"role": "ROLE_VIEWER", "lifetime": "1s"}
        keys = [
            (await running.web.post("/api/keys", json=body, headers=who)).json() for body in (narrow, foreign, brief)
        ]
        shown = [{"authorization": f"Bearer {key['secret']}"} for key in keys]
        assert (await running.web.get("/api/prices", headers=shown[0])).status_code == 200
        assert (await running.web.get("/api/stats", headers=shown[0])).status_code == 403
        assert (await running.web.get("/api/prices", headers=shown[1])).status_code == 401
        await eventually(lambda: _is(running, shown[2], 401), deadline=10)
        wrong = await running.web.post("/api/keys", json={"role": "ROLE_PUBLIC", "networks": ["x"]}, headers=who)
        assert {one["field"] for one in wrong.json()["violations"]} == {"role", "networks[0]"}


async def test_a_user_logs_in_and_tries_are_counted(postgres_dsn: str, redis_url: str, tmp_path: Path) -> None:
    """Ten a minute for an account, from wherever; a password is kept as argon2id alone."""
    async with with_accounts(postgres_dsn, tmp_path, redis_url) as running:
        who = await admin(running, tmp_path)
        body = {"name": "ann", "role": "ROLE_TRADER", "password": PASSWORD}
        assert (await running.web.post("/api/users", json=body, headers=who)).status_code == 200
        assert (await running.web.post("/api/users", json=body, headers=who)).status_code == 409
        assert (
            await running.web.post("/api/users", json={**body, "name": "bob", "password": "short"}, headers=who)
        ).status_code == 400
        good = await running.web.post("/api/auth/login", json={"name": "ann", "password": PASSWORD})
        assert (good.json()["session"]["principal"], good.json()["session"]["role"]) == ("users/ann", "ROLE_TRADER")
        answers = [
            (await running.web.post("/api/auth/login", json={"name": "ann", "password": "x" * 12})).status_code
            for _ in range(10)
        ]
        assert (answers[0], answers[-1]) == (401, 429)
        kept = await _whole_database(postgres_dsn)
        assert PASSWORD not in kept
        assert "$argon2id$" in kept
        token = {"authorization": f"Bearer {good.json()['session']['accessToken']}"}
        assert (await running.web.delete("/api/users/ann", headers=who)).status_code == 200
        await eventually(lambda: _is(running, token, 401), deadline=10)


async def test_changes_are_in_the_audit_log_and_stay_there(postgres_dsn: str, tmp_path: Path) -> None:
    """Who, what and what came of it, without secrets; no statement takes a row away."""
    async with with_accounts(postgres_dsn, tmp_path) as running:
        who = await admin(running, tmp_path)
        body = {"name": "ann", "role": "ROLE_VIEWER", "password": PASSWORD}
        await running.web.post("/api/users", json=body, headers={**who, "x-request-id": "r-1"})
        await running.web.post("/api/binance/start", json={"symbols": ["X"]}, headers=who)
        async with open_channel(f"127.0.0.1:{running.port}") as channel:
            local = (("authorization", f"Bearer {open_secrets(tmp_path).local_token()}"),)
            await AccountServiceStub(channel).CreateApiKey(CreateApiKeyRequest(role=ROLE_OPERATOR), metadata=local)
        rows = (await running.web.get("/api/audit", headers=who)).json()["entries"]
        assert [(row["method"].split("/")[1], row["outcome"]) for row in rows] == [
            ("CreateApiKey", "OK"),
            ("StartTracking", "503"),
            ("CreateUser", "OK"),
        ]
        assert (rows[2]["resource"], rows[2]["requestId"], rows[2]["principal"]) == ("ann", "r-1", "local")
        assert PASSWORD not in str(rows)
        page = (await running.web.get("/api/audit?limit=2", headers=who)).json()
        rest = await running.web.get("/api/audit", params={"limit": 2, "pageToken": page["nextPageToken"]}, headers=who)
        assert [row["method"].split("/")[1] for row in rest.json()["entries"]] == ["CreateUser"]
        async with await psycopg.AsyncConnection.connect(postgres_dsn, autocommit=True) as connection:
            for statement in (
                "DELETE FROM account_audit",
                "UPDATE account_audit SET role = 1",
                "TRUNCATE account_audit",
            ):
                with pytest.raises(psycopg.errors.RaiseException):
                    await connection.execute(statement)


async def test_without_redis_nobody_logs_in_and_everybody_else_goes_on(postgres_dsn: str, tmp_path: Path) -> None:
    """A log-in that cannot be counted could be tried without end."""
    async with with_accounts(postgres_dsn, tmp_path, "redis://127.0.0.1:1/0") as running:
        answer = await running.web.post("/api/auth/login", json={"name": "ann", "password": PASSWORD})
        assert answer.status_code == 503
        assert (await running.web.get("/api/prices")).status_code == 200


async def _is(running: Gateway, headers: dict[str, str], status: int) -> bool:
    return (await running.web.get("/api/processes", headers=headers)).status_code == status


async def _age_tokens(dsn: str) -> None:
    """As if they had been used before the grace."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute(
            "UPDATE account_refresh_tokens SET use_time = use_time - %s::interval", [REPLAY_GRACE * 2]
        )


async def _whole_database(dsn: str) -> str:
    """Every row of every table of accounts, as text."""
    tables = ("users", "keys", "sessions", "refresh_tokens", "used_codes", "audit")
    found = []
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        for table in tables:
            cursor = await connection.execute(f"SELECT t::text FROM account_{table} t".encode())
            found += [row[0] for row in await cursor.fetchall()]
    return "\n".join(found)
