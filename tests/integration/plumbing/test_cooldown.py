"""The cooldown store against a real Redis."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from crossbook.plumbing.data.cooldown import Claim, CooldownStore, Held
from crossbook.plumbing.data.redis import open_redis
from crossbook.plumbing.errors import UnavailableError

PAIR = ("BTC", "binance", "okx")


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[CooldownStore]:
    client = open_redis(redis_url)
    yield CooldownStore(client)
    await client.aclose()


async def claimed(store: CooldownStore, rule: str = "alertRules/a", lease: float = 60) -> Claim:
    claim = await store.claim(rule, *PAIR, lease)
    assert isinstance(claim, Claim)
    return claim


async def test_only_one_of_many_claimers_at_once_gets_the_lease(store: CooldownStore) -> None:
    answers = await asyncio.gather(*(store.claim("alertRules/a", *PAIR, 60) for _ in range(20)))
    assert sum(isinstance(answer, Claim) for answer in answers) == 1
    assert all(answer.cause is None for answer in answers if isinstance(answer, Held))


async def test_an_extended_claim_is_a_cooldown_that_names_its_cause(store: CooldownStore) -> None:
    assert await store.extend(await claimed(store), 300, "opportunity-1")
    held = await store.claim("alertRules/a", *PAIR, 60)
    assert isinstance(held, Held)
    assert held.cause == "opportunity-1"
    assert 290_000 < held.remaining_ms <= 300_000


async def test_another_rule_and_another_direction_are_free(store: CooldownStore) -> None:
    await store.extend(await claimed(store), 300, "x")
    assert isinstance(await store.claim("alertRules/b", *PAIR, 60), Claim)
    assert isinstance(await store.claim("alertRules/a", "BTC", "okx", "binance", 60), Claim)


async def test_a_released_claim_is_free_at_once(store: CooldownStore) -> None:
    await store.release(await claimed(store))
    await claimed(store)


async def test_a_lapsed_lease_is_free_and_its_old_holder_cannot_release_the_new_one(store: CooldownStore) -> None:
    old = await claimed(store, lease=0.001)
    new = await wait_for_claim(store)
    await store.release(old)
    assert isinstance(await store.claim("alertRules/a", *PAIR, 60), Held)
    assert not await store.extend(old, 300, "old")
    assert await store.extend(new, 300, "new")


async def test_a_lapsed_lease_that_nobody_took_can_still_be_extended(store: CooldownStore) -> None:
    lapsed = await claimed(store)
    await store.release(lapsed)
    assert await store.extend(lapsed, 300, "x")
    assert isinstance(await store.claim("alertRules/a", *PAIR, 60), Held)


async def test_a_pair_shows_the_rule_whose_cooldown_ends_last(store: CooldownStore) -> None:
    assert await store.state(*PAIR) is None
    await store.extend(await claimed(store, "alertRules/short"), 100, "x")
    await store.extend(await claimed(store, "alertRules/long"), 500, "x")
    await store.extend(await claimed(store, "alertRules/middle"), 300, "x")
    state, other = await store.states([PAIR, ("BTC", "okx", "binance")])
    assert state is not None
    assert state.rule == "alertRules/long"
    assert 490_000 < state.remaining_ms <= 500_000
    assert other is None


async def test_a_mere_lease_is_not_shown_as_a_cooldown(store: CooldownStore) -> None:
    await claimed(store)
    assert await store.state(*PAIR) is None


async def test_a_cooldown_ends_by_itself(store: CooldownStore) -> None:
    await store.extend(await claimed(store), 0.05, "x")
    await wait_for_claim(store)
    assert await store.state(*PAIR) is None


async def test_every_call_says_so_while_redis_is_down(free_port: int) -> None:
    client = open_redis(f"redis://127.0.0.1:{free_port}/0")
    store = CooldownStore(client)
    claim = Claim("alertRules/a", PAIR, "token")
    for call in (
        store.claim("alertRules/a", *PAIR, 1),
        store.extend(claim, 1, "x"),
        store.release(claim),
        store.state(*PAIR),
        store.check(),
    ):
        with pytest.raises(UnavailableError):
            await call
    await client.aclose()


async def wait_for_claim(store: CooldownStore) -> Claim:
    async with asyncio.timeout(30):
        while True:
            answer = await store.claim("alertRules/a", *PAIR, 60)
            if isinstance(answer, Claim):
                return answer
            await asyncio.sleep(0.01)


async def test_a_cooldown_that_is_forgotten_holds_nobody_back_and_is_not_shown(store: CooldownStore) -> None:
    """For one that a clock has made longer than any may be."""
    claim = await claimed(store)
    await store.extend(claim, 300, "o-1")
    await store.forget(claim.rule, *PAIR)
    assert await store.state(*PAIR) is None
    assert isinstance(await store.claim(claim.rule, *PAIR, 60), Claim)
