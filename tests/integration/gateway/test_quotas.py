"""A key's quota of a day, counted by two gateways that share Postgres and Redis."""

from pathlib import Path
from typing import Any

import httpx

from tests.integration.gateway.test_accounts import admin, with_accounts
from tests.support.gateway.running import Gateway
from tests.support.waiting import eventually

QUOTA = 10


async def _key(running: Gateway, folder: Path, **how: Any) -> dict[str, str]:
    made = await running.web.post(
        "/api/keys", json={"role": "ROLE_VIEWER", **how}, headers=await admin(running, folder)
    )
    assert made.status_code == 200, made.text
    return {"authorization": f"Bearer {made.json()['secret']}"}


async def test_a_quota_holds_over_all_gateways_and_is_told(postgres_dsn: str, redis_url: str, tmp_path: Path) -> None:
    """What one has answered counts at the other within a second or two; beyond the quota both say 429 and until when;
    the list of keys tells how many were asked, and a key without one goes on.
    """
    async with (
        with_accounts(postgres_dsn, tmp_path, redis_url) as one,
        with_accounts(postgres_dsn, tmp_path, redis_url) as other,
    ):
        key, free = await _key(one, tmp_path, dailyQuota=QUOTA), await _key(one, tmp_path)
        await eventually(lambda: _is_known(other, key))
        lefts = [_left(await one.web.get("/api/auth/me", headers=key)) for _ in range(4)]
        assert lefts == sorted(set(lefts), reverse=True)
        assert QUOTA - 5 <= lefts[-1] <= QUOTA - 4
        await eventually(lambda: _is_over(other, key))
        refused = await one.web.get("/api/auth/me", headers=key)
        while refused.status_code == 200:  # what the other has answered is on its way
            refused = await one.web.get("/api/auth/me", headers=key)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 86_400
        assert (await one.web.get("/api/auth/me", headers=free)).headers.get("ratelimit") is None
        listed = (await one.web.get("/api/keys", headers=await admin(one, tmp_path))).json()["keys"]
        assert sorted((entry.get("dailyQuota", 0), entry["usedToday"] >= QUOTA) for entry in listed) == [
            (0, False),
            (QUOTA, True),
        ]


async def test_without_redis_each_gateway_counts_for_itself(postgres_dsn: str, tmp_path: Path) -> None:
    """And data is answered until then."""
    async with with_accounts(postgres_dsn, tmp_path) as running:
        key = await _key(running, tmp_path, dailyQuota=2)
        answers = [(await running.web.get("/api/auth/me", headers=key)).status_code for _ in range(4)]
        assert answers == [200, 200, 429, 429]


async def test_a_quota_that_is_none_is_refused(postgres_dsn: str, tmp_path: Path) -> None:
    """With its field."""
    async with with_accounts(postgres_dsn, tmp_path) as running:
        wrong = {"role": "ROLE_VIEWER", "dailyQuota": -1}
        answer = await running.web.post("/api/keys", json=wrong, headers=await admin(running, tmp_path))
        assert (answer.status_code, answer.json()["violations"][0]["field"]) == (400, "daily_quota")


def _left(answer: httpx.Response) -> int:
    assert answer.headers["ratelimit-policy"] == f'"day";q={QUOTA};w=86400'
    return int(answer.headers["ratelimit"].split(";")[1].removeprefix("r="))


async def _is_known(running: Gateway, key: dict[str, str]) -> bool:
    return (await running.web.get("/api/auth/me", headers=key)).status_code == 200


async def _is_over(running: Gateway, key: dict[str, str]) -> bool:
    return (await running.web.get("/api/auth/me", headers=key)).status_code == 429
