"""Requests against a real HTTP server."""

import asyncio
import gzip
import resource
from types import SimpleNamespace
from typing import Any

import pytest

from crossbook._core import RestRequest
from crossbook.plumbing.trust import tls_context
from crossbook.transport.budget import Budget
from crossbook.transport.connection import DialError, dial
from crossbook.transport.fetcher import MAX_WAITING, NO_ANSWER, Fetcher
from tests.support.alerts.http_answers import answer, answering
from tests.support.servers.tls import AUTHORITIES_FILE, TlsDoor

NOBODY: Any = SimpleNamespace(on_message=None)  # listens to a dial that fails


async def test_status_and_body_come_back() -> None:
    """Whatever the status, whoever asked gets it."""
    async with answering(answer(200, b"book"), answer(503, b"later")) as server, Fetcher("okx", Budget(100)) as fetcher:
        assert await fetcher.ask(RestRequest(f"{server.url}/depth?limit=5")) == (200, b"book")
        assert await fetcher.ask(RestRequest(server.url)) == (503, b"later")
    assert server.paths[0] == "/depth?limit=5"


async def test_a_body_makes_it_a_post_of_json_also_when_it_is_empty() -> None:
    """What a venue's file says is sent byte for byte; without a body it is a GET."""
    async with answering(answer(200)) as server, Fetcher("okx", Budget(100)) as fetcher:
        for body in ('{"type":"meta"}', "", None):
            assert (await fetcher.ask(RestRequest(f"{server.url}/info", body=body)))[0] == 200
    assert server.methods == ["POST", "POST", "GET"]
    assert server.bodies == [b'{"type":"meta"}', b"", b""]


async def test_a_request_spends_its_weight() -> None:
    """The budget counts what the request says that it weighs."""
    budget = Budget(100)
    async with answering(answer(200)) as server, Fetcher("okx", budget) as fetcher:
        await fetcher.ask(RestRequest(server.url, weight=99))
        await budget.acquire(1)
        more = asyncio.create_task(budget.acquire(1))
        done, _ = await asyncio.wait((more,), timeout=0.05)
        assert not done
        more.cancel()


async def test_nobody_there_is_no_answer() -> None:
    """A refused connection and a broken address are an answer of their own, not an error."""
    async with Fetcher("okx", Budget(100)) as fetcher:
        async with answering(answer(200)) as server:
            pass
        assert await fetcher.ask(RestRequest(server.url)) == (NO_ANSWER, b"")
        assert await fetcher.ask(RestRequest("http://[broken")) == (NO_ANSWER, b"")


async def test_garbage_instead_of_http_is_no_answer() -> None:
    """A server that does not speak HTTP does no harm."""
    async with answering(b"\x00\x01 nonsense\r\n\r\n") as server, Fetcher("okx", Budget(100)) as fetcher:
        assert await fetcher.ask(RestRequest(server.url)) == (NO_ANSWER, b"")


async def test_too_large_a_body_is_no_answer() -> None:
    """The bound holds whatever the server sends."""
    fetcher = Fetcher("okx", Budget(100), max_body_bytes=1000)
    async with answering(answer(200, bytes(1001))) as server, fetcher:
        assert await fetcher.ask(RestRequest(server.url)) == (NO_ANSWER, b"")


async def test_retry_after_is_obeyed_by_every_request() -> None:
    """After a 429 no request leaves before the venue's pause is over."""
    answers = answer(429, headers="Retry-After: 0.3\r\n"), answer(200)
    async with answering(*answers) as server, Fetcher("okx", Budget(100)) as fetcher:
        assert (await fetcher.ask(RestRequest(server.url)))[0] == 429
        statuses = await asyncio.gather(*(fetcher.ask(RestRequest(server.url)) for _ in range(3)))
    assert [status for status, _ in statuses] == [200, 200, 200]
    assert min(server.times[1:]) - server.times[0] >= 0.3


async def test_a_ban_without_a_header_pauses_too() -> None:
    """418 alone is reason enough to be silent."""
    budget = Budget(100)
    async with answering(answer(418)) as server, Fetcher("okx", budget) as fetcher:
        assert (await fetcher.ask(RestRequest(server.url)))[0] == 418
        waiting = asyncio.create_task(budget.acquire())
        done, _ = await asyncio.wait((waiting,), timeout=0.2)
        assert not done
        waiting.cancel()


async def test_more_than_may_wait_are_refused_at_once() -> None:
    """The queue for the budget is bounded; those beyond it get no answer and ask again later."""
    budget = Budget(1)
    budget.pause(3600)
    async with Fetcher("okx", budget) as fetcher:
        waiting = [asyncio.create_task(fetcher.ask(RestRequest("http://127.0.0.1:1/"))) for _ in range(MAX_WAITING)]
        await asyncio.sleep(0)
        assert await fetcher.ask(RestRequest("http://127.0.0.1:1/")) == (NO_ANSWER, b"")
        assert fetcher.refused == 1
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)


async def test_a_body_is_asked_for_as_it_is() -> None:
    """Nothing has to be inflated where a venue does as it is asked."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer(200, b"{}"))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, Fetcher("okx", Budget(100)) as fetcher:
        await fetcher.ask(RestRequest(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"))
    assert b"accept-encoding: identity" in heads[0].lower()


async def test_a_body_that_is_compressed_unasked_is_inflated_no_further_than_the_bound() -> None:
    """Once, as gzip. A gigabyte in a megabyte, gzip in gzip and what nobody knows are no answer, and cost no memory."""
    bomb = gzip.compress(bytes(200_000_000), 9)
    answers = [
        (answer(200, gzip.compress(b"book"), "Content-Encoding: gzip\r\n"), (200, b"book")),
        (answer(200, bomb, "Content-Encoding: gzip\r\n"), (NO_ANSWER, b"")),
        (answer(200, gzip.compress(bomb), "Content-Encoding: gzip, gzip\r\n"), (NO_ANSWER, b"")),
        (answer(200, b"(\xb5/\xfd", "Content-Encoding: zstd\r\n"), (NO_ANSWER, b"")),
        (answer(200, gzip.compress(b"book")[:-3], "Content-Encoding: gzip\r\n"), (NO_ANSWER, b"")),
        (answer(200, b"no gzip", "Content-Encoding: gzip\r\n"), (NO_ANSWER, b"")),
    ]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with (
        answering(*(raw for raw, _ in answers)) as server,
        Fetcher("okx", Budget(100), max_body_bytes=4_000_000) as fetcher,
    ):
        for _, expected in answers:
            assert await fetcher.ask(RestRequest(server.url)) == expected
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kilobytes


@pytest.mark.parametrize(
    ("venue", "status", "body"),
    [
        ("okx", 429, b"slow \x1b[2Jdown"),
        ("bybit", 403, b'{"retCode":10010,"retMsg":"access too frequent"}'),
        ("bybit", 200, b'{"retCode":10006,"retMsg":"Too many visits. Exceeded the API Rate Limit."}'),
    ],
)
async def test_whatever_means_too_often_pauses_the_venue_and_its_words_are_kept(
    venue: str, status: int, body: bytes
) -> None:
    """By status or by a code in the body, as the venue's file says; the words are printable."""
    budget = Budget(100)
    async with answering(answer(status, body)) as server, Fetcher(venue, budget) as fetcher:
        assert await fetcher.ask(RestRequest(server.url)) == (status, body)
        assert budget.paused_seconds > 0
        assert fetcher.words.isprintable()
        assert fetcher.words[:3] == body.decode()[:3]
    quiet = Budget(100)
    async with answering(answer(200, b'{"retCode":0}')) as server, Fetcher(venue, quiet) as fetcher:
        await fetcher.ask(RestRequest(server.url))
        assert (quiet.paused_seconds, fetcher.words) == (0.0, "")


async def test_an_authority_of_the_one_store_is_believed_over_rest_and_by_sockets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """SSL_CERT_FILE names it for both; without it neither believes."""
    for is_named in (False, True):
        if is_named:
            monkeypatch.setenv("SSL_CERT_FILE", str(AUTHORITIES_FILE))
        tls_context.cache_clear()
        async with answering(answer(200, b"book"), tls=TlsDoor().context) as server:
            url = server.url
            async with Fetcher("okx", Budget(100)) as fetcher:
                status, _ = await fetcher.ask(RestRequest(url))
            assert status == (200 if is_named else NO_ANSWER)
            with pytest.raises(DialError, match="refused with HTTP|did not|handshake" if is_named else "ertificate"):
                await dial(url.replace("https", "wss"), NOBODY)
    tls_context.cache_clear()
