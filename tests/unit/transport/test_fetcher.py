"""Requests against a real HTTP server."""

import asyncio

from crossbook._core import RestRequest
from crossbook.transport.budget import Budget
from crossbook.transport.fetcher import MAX_WAITING, NO_ANSWER, Fetcher
from tests.support.alerts.http_answers import answer, answering


async def test_status_and_body_come_back() -> None:
    """Whatever the status, whoever asked gets it."""
    async with answering(answer(200, b"book"), answer(503, b"later")) as server, Fetcher("v", Budget(100)) as fetcher:
        assert await fetcher.ask(RestRequest(f"{server.url}/depth?limit=5")) == (200, b"book")
        assert await fetcher.ask(RestRequest(server.url)) == (503, b"later")
    assert server.paths[0] == "/depth?limit=5"


async def test_a_body_makes_it_a_post_of_json_also_when_it_is_empty() -> None:
    """What a venue's file says is sent byte for byte; without a body it is a GET."""
    async with answering(answer(200)) as server, Fetcher("v", Budget(100)) as fetcher:
        for body in ('{"type":"meta"}', "", None):
            assert (await fetcher.ask(RestRequest(f"{server.url}/info", body=body)))[0] == 200
    assert server.methods == ["POST", "POST", "GET"]
    assert server.bodies == [b'{"type":"meta"}', b"", b""]


async def test_a_request_spends_its_weight() -> None:
    """The budget counts what the request says that it weighs."""
    budget = Budget(100)
    async with answering(answer(200)) as server, Fetcher("v", budget) as fetcher:
        await fetcher.ask(RestRequest(server.url, weight=99))
        await budget.acquire(1)
        more = asyncio.create_task(budget.acquire(1))
        done, _ = await asyncio.wait((more,), timeout=0.05)
        assert not done
        more.cancel()


async def test_nobody_there_is_no_answer() -> None:
    """A refused connection and a broken address are an answer of their own, not an error."""
    async with Fetcher("v", Budget(100)) as fetcher:
        async with answering(answer(200)) as server:
            pass
        assert await fetcher.ask(RestRequest(server.url)) == (NO_ANSWER, b"")
        assert await fetcher.ask(RestRequest("http://[broken")) == (NO_ANSWER, b"")


async def test_garbage_instead_of_http_is_no_answer() -> None:
    """A server that does not speak HTTP does no harm."""
    async with answering(b"\x00\x01 nonsense\r\n\r\n") as server, Fetcher("v", Budget(100)) as fetcher:
        assert await fetcher.ask(RestRequest(server.url)) == (NO_ANSWER, b"")


async def test_too_large_a_body_is_no_answer() -> None:
    """The bound holds whatever the server sends."""
    fetcher = Fetcher("v", Budget(100), max_body_bytes=1000)
    async with answering(answer(200, bytes(1001))) as server, fetcher:
        assert await fetcher.ask(RestRequest(server.url)) == (NO_ANSWER, b"")


async def test_retry_after_is_obeyed_by_every_request() -> None:
    """After a 429 no request leaves before the venue's pause is over."""
    answers = answer(429, headers="Retry-After: 0.3\r\n"), answer(200)
    async with answering(*answers) as server, Fetcher("v", Budget(100)) as fetcher:
        assert (await fetcher.ask(RestRequest(server.url)))[0] == 429
        statuses = await asyncio.gather(*(fetcher.ask(RestRequest(server.url)) for _ in range(3)))
    assert [status for status, _ in statuses] == [200, 200, 200]
    assert min(server.times[1:]) - server.times[0] >= 0.3


async def test_a_ban_without_a_header_pauses_too() -> None:
    """418 alone is reason enough to be silent."""
    budget = Budget(100)
    async with answering(answer(418)) as server, Fetcher("v", budget) as fetcher:
        assert (await fetcher.ask(RestRequest(server.url)))[0] == 418
        waiting = asyncio.create_task(budget.acquire())
        done, _ = await asyncio.wait((waiting,), timeout=0.2)
        assert not done
        waiting.cancel()


async def test_more_than_may_wait_are_refused_at_once() -> None:
    """The queue for the budget is bounded; those beyond it get no answer and ask again later."""
    budget = Budget(1)
    budget.pause(3600)
    async with Fetcher("v", budget) as fetcher:
        waiting = [asyncio.create_task(fetcher.ask(RestRequest("http://127.0.0.1:1/"))) for _ in range(MAX_WAITING)]
        await asyncio.sleep(0)
        assert await fetcher.ask(RestRequest("http://127.0.0.1:1/")) == (NO_ANSWER, b"")
        assert fetcher.refused == 1
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
