"""Users of an OpenID provider come in: by a real one, and by none of the ways in which others' were deceived."""

import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import oidc_provider_mock
import psycopg
import pytest

from crossbook.local.processes.addresses import free_port
from crossbook.plumbing.data.migrate import migrate
from crossbook.plumbing.settings import load_settings
from tests.support.dashboard.chromium import chromium, missing
from tests.support.dashboard.page import opened
from tests.support.gateway.openid import CLIENT, SECRET, OpenIdProvider, openid_provider
from tests.support.gateway.running import Gateway, gateway

LOGIN, CALLBACK = "/api/auth/oidc/login", "/api/auth/oidc/callback"


@asynccontextmanager
async def open_to(
    dsn: str, folder: Path, issuer: str, *, anonymous_role: str = "viewer", **oidc: Any
) -> AsyncIterator[Gateway]:
    """A gateway whose users are the issuer's."""
    await migrate(dsn)
    secret, port = folder / "client.secret", free_port()
    secret.write_text(f"{SECRET}\n")
    own = {
        "issuer": issuer,
        "client_id": CLIENT,
        "client_secret_file": secret,
        "public_url": f"http://127.0.0.1:{port}",
        "roles": {"desk": "trader", "ops": "admin"},
        **oidc,
    }
    settings = {"postgres_dsn": dsn, "access": {"dir": folder / "access"}}
    async with gateway(settings, http_port=port, oidc=own, anonymous_role=anonymous_role) as running:
        yield running


@pytest.fixture
def provider() -> Iterator[OpenIdProvider]:
    with openid_provider() as running:
        running.claims = {"groups": ["desk"]}
        yield running


async def begin(running: Gateway, provider: OpenIdProvider) -> str:
    """The state of a log-in of this browser, as the provider is asked for it."""
    sent = await running.web.get(LOGIN)
    query = {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["location"]).query).items()}
    assert (sent.status_code, query["code_challenge_method"], query["response_type"]) == (302, "S256", "code")
    provider.challenge = query["code_challenge"]
    provider.claims.setdefault("nonce", query["nonce"])
    return query["state"]


async def log_in(running: Gateway, provider: OpenIdProvider) -> httpx.Response:
    provider.claims.pop("nonce", None)
    state = await begin(running, provider)
    return await running.web.get(CALLBACK, params={"code": "any", "state": state})


async def test_users_of_a_real_provider_come_in_with_their_roles(postgres_dsn: str, tmp_path: Path) -> None:
    """Its own form is filled in; the session is in the cookie that pages refresh, and the audit log names the user."""
    user = oidc_provider_mock.User(sub="ann", claims={"groups": ["desk"], "email": "ann@example.com"})
    with oidc_provider_mock.run_server_in_thread(user_claims=[user]) as server:
        issuer = f"http://127.0.0.1:{server.server_port}"
        async with open_to(postgres_dsn, tmp_path, issuer) as running:
            there = (await running.web.get(LOGIN)).headers["location"]
            async with httpx.AsyncClient(trust_env=False) as browser:
                back = (await browser.post(there, data={"sub": "ann"})).headers["location"]
            came = await running.web.get(back)
            assert (came.status_code, came.headers.get("location")) == (303, "/#signed-on"), came.text
            session = (await running.web.post("/api/auth/refresh")).json()["session"]
            assert (session["principal"], session["role"]) == ("oidc/ann", "ROLE_TRADER")
            assert (await running.web.get(back)).status_code == 400
    with psycopg.connect(postgres_dsn) as connection:
        rows = connection.execute("SELECT principal, outcome FROM account_audit ORDER BY id").fetchall()
    assert rows[0] == ("oidc/ann", "OK")


@pytest.mark.skipif(bool(missing()), reason=missing())
async def test_a_browser_logs_in_by_the_button(postgres_dsn: str, tmp_path: Path) -> None:
    """Who is shown nothing is led to the button, to the provider's own form and back, and is somebody then."""
    user = oidc_provider_mock.User(sub="ann", claims={"groups": ["ops"]})
    with oidc_provider_mock.run_server_in_thread(user_claims=[user]) as server:
        issuer = f"http://127.0.0.1:{server.server_port}"
        async with (
            open_to(postgres_dsn, tmp_path, issuer, anonymous_role="none") as running,
            chromium() as browser,
            opened(browser, f"http://127.0.0.1:{running.http_port}") as one,
        ):
            await one.page.goto(one.address)
            await one.page.locator(".banner.lost").get_by_role("link", name="log in").click()
            await one.page.get_by_role("link", name="Log in with your organisation").click()
            await one.page.locator("input[name=sub]").fill("ann")
            await one.page.locator("input[name=sub]").press("Enter")
            await one.page.locator(".rail .foot", has_text="oidc/ann").wait_for()
            await one.page.goto(f"{one.address}/#/accounts")
            await one.page.locator("dd", has_text="admin").first.wait_for()
            await one.page.reload()
            await one.page.locator(".rail .foot", has_text="oidc/ann").wait_for()
            await one.page.get_by_role("button", name="Log out").click()
            await one.page.get_by_role("link", name="Log in with your organisation").wait_for()


async def test_a_log_in_that_another_browser_began_is_worth_nothing(
    provider: OpenIdProvider, postgres_dsn: str, tmp_path: Path
) -> None:
    """Without its cookie, with another state, or with what somebody has made up."""
    async with open_to(postgres_dsn, tmp_path, provider.issuer) as running:
        state = await begin(running, provider)
        assert (await running.web.get(CALLBACK, params={"code": "any", "state": f"{state}x"})).status_code == 400
        sealed = running.web.cookies["crossbook-oidc"]
        running.web.cookies.clear()
        assert (await running.web.get(CALLBACK, params={"code": "any", "state": state})).status_code == 400
        forged = {"cookie": f"crossbook-oidc={'A' if sealed[0] != 'A' else 'B'}{sealed[1:]}"}
        answer = await running.web.get(CALLBACK, params={"code": "any", "state": state}, headers=forged)
        assert answer.status_code == 400
        provider.challenge = "another's"
        running.web.cookies.set("crossbook-oidc", sealed)
        assert (await running.web.get(CALLBACK, params={"code": "any", "state": state})).status_code == 401


def _unsigned(provider: OpenIdProvider) -> Callable[[dict[str, Any]], str]:
    return lambda claims: jwt.encode(claims, None, "none", {"kid": next(iter(provider.keys))})


def _by_our_secret(provider: OpenIdProvider) -> Callable[[dict[str, Any]], str]:
    return lambda claims: jwt.encode(claims, SECRET * 4, "HS256", {"kid": next(iter(provider.keys))})


def _by_a_stranger(provider: OpenIdProvider) -> Callable[[dict[str, Any]], str]:
    return lambda claims: OpenIdProvider().signed(claims)


async def test_tokens_that_prove_nothing_are_refused(
    provider: OpenIdProvider, postgres_dsn: str, tmp_path: Path
) -> None:
    """Of another issuer, audience, client or log-in, too old, without what they must say, unsigned, wrongly signed."""
    now = int(time.time())
    claims: list[dict[str, Any]] = [
        {"iss": "https://elsewhere.example"},
        {"aud": "another"},
        {"aud": [CLIENT, "another"]},
        {"azp": "another"},
        {"nonce": secrets.token_urlsafe(32)},
        {"exp": now - 60},
        {"iat": now + 600},
        {"exp": None},
    ]
    async with open_to(postgres_dsn, tmp_path, provider.issuer) as running:
        for wrong in claims:
            provider.sign = lambda said, wrong=wrong: provider.signed(  # type: ignore[misc]
                {name: value for name, value in {**said, **wrong}.items() if value is not None}
            )
            answer = await log_in(running, provider)
            assert answer.status_code == 401, (wrong, answer.text)
        for sign in (_unsigned, _by_our_secret, _by_a_stranger):
            provider.sign = sign(provider)
            assert (await log_in(running, provider)).status_code in (401, 429), sign


async def test_keys_that_are_rotated_are_fetched_again_and_not_for_every_token(
    provider: OpenIdProvider, postgres_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token of a key that is new is good at once; keys that nobody knows bring no flood upon the provider."""
    async with open_to(postgres_dsn, tmp_path, provider.issuer) as running:
        monkeypatch.setattr("crossbook.gateway.accounts.provider.KEYS_PAUSE_SECONDS", 0.0)
        assert (await log_in(running, provider)).status_code == 303
        provider.rotate("second")
        assert (await log_in(running, provider)).status_code == 303
        assert provider.key_fetches == 2
        monkeypatch.setattr("crossbook.gateway.accounts.provider.KEYS_PAUSE_SECONDS", 3600.0)
        provider.rotate("third")
        for _ in range(3):
            assert (await log_in(running, provider)).status_code == 401
        assert provider.key_fetches == 2


async def test_a_user_without_a_role_and_a_provider_under_another_name_let_nobody_in(
    provider: OpenIdProvider, postgres_dsn: str, tmp_path: Path
) -> None:
    """The one is told so, the other is an outage."""
    async with open_to(postgres_dsn, tmp_path, provider.issuer) as running:
        provider.claims = {"groups": ["guests"]}
        assert (await log_in(running, provider)).status_code == 403
    provider.named_issuer = "https://elsewhere.example"
    async with open_to(postgres_dsn, tmp_path, provider.issuer) as running:
        assert (await running.web.get(LOGIN)).status_code == 503


def test_an_issuer_that_others_could_read_on_the_way_is_a_wrong_setting() -> None:
    """Of http it may be on this machine alone."""
    with pytest.raises(Exception, match="must be a URL of https"):
        load_settings(gateway={"oidc": {"issuer": "http://login.example"}})
