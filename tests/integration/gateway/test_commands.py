"""`crossbook login` and `crossbook accounts` against a running gateway, by whoever can read its folder."""

import asyncio
import json
from pathlib import Path

from typer.testing import CliRunner, Result

from crossbook.cli.main import app
from tests.integration.gateway.test_accounts import with_accounts
from tests.support.gateway.running import Gateway


def run_of(folder: Path, running: Gateway) -> None:
    """What `crossbook up` writes of itself."""
    entry = {"pid": 1, "address": f"127.0.0.1:{running.port}", "pages": str(running.web.base_url)}
    (folder / "run.json").write_text(json.dumps({"processes": {"gateway": entry}}))


async def crossbook(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments))


def said(result: Result) -> str:
    """What was printed, without lines of this process's log, which a command of its own has elsewhere."""
    return "\n".join(line for line in result.stdout.splitlines() if not line.startswith("["))


async def test_keys_are_made_listed_and_revoked(postgres_dsn: str, tmp_path: Path) -> None:
    """The secret is printed once; what was done is in the audit log."""
    where = ["--data-dir", str(tmp_path)]
    async with with_accounts(postgres_dsn, tmp_path / "access") as running:
        run_of(tmp_path, running)
        secret = said(await crossbook("accounts", "key", "create", "--role", "viewer", "--name", "desk", *where))
        identifier = secret.split("_")[1]
        listed = said(await crossbook("accounts", "key", "list", *where))
        assert f"{identifier}  viewer" in listed
        assert secret.split("_")[2] not in listed
        assert (await running.web.get("/api/prices", headers={"authorization": f"Bearer {secret}"})).status_code == 200
        assert (await crossbook("accounts", "key", "revoke", identifier, *where)).exit_code == 0
        assert "revoked" in said(await crossbook("accounts", "key", "list", *where))
        audit = said(await crossbook("accounts", "audit", *where))
        assert [word in audit for word in ("CreateApiKey", "RevokeApiKey", "local")] == [True] * 3


async def test_a_link_is_printed_that_lets_a_browser_in(postgres_dsn: str, tmp_path: Path) -> None:
    """In the address's fragment, which no server is sent."""
    async with with_accounts(postgres_dsn, tmp_path / "access") as running:
        run_of(tmp_path, running)
        link = said(await crossbook("login", "--data-dir", str(tmp_path)))
        pages, _, code = link.partition("/#code=")
        assert pages == str(running.web.base_url)
        assert (await running.web.post("/api/auth/exchange", json={"code": code})).status_code == 200


async def test_users_are_made_and_removed(postgres_dsn: str, tmp_path: Path) -> None:
    """The password is asked for where it is not given."""
    where = ["--data-dir", str(tmp_path)]
    async with with_accounts(postgres_dsn, tmp_path / "access") as running:
        run_of(tmp_path, running)
        made = await crossbook("accounts", "user", "create", "ann", "--role", "trader", "--password", "x" * 12, *where)
        assert made.exit_code == 0, made.output
        assert said(await crossbook("accounts", "user", "list", *where)) == "ann  trader"
        assert (await crossbook("accounts", "user", "delete", "ann", *where)).exit_code == 0
        assert said(await crossbook("accounts", "user", "list", *where)) == ""


async def test_what_cannot_be_done_is_one_line(tmp_path: Path) -> None:
    """No gateway, or no such role."""
    nothing = await crossbook("accounts", "key", "list", "--data-dir", str(tmp_path))
    assert "no gateway runs in" in str(nothing.exception)
    wrong = await crossbook("accounts", "key", "create", "--role", "king", "--data-dir", str(tmp_path))
    assert "is no role" in str(wrong.exception)
