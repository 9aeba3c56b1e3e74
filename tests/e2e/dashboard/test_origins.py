"""A page of somebody else's, really served and opened: it can neither read nor change anything here, nor frame it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.support.dashboard.chromium import REBOUND, missing
from tests.support.dashboard.page import opened
from tests.support.dashboard.site import Site
from tests.support.gateway.running import gateway

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.skipif(bool(missing()), reason=missing())]

SOCKET = """(url) => new Promise((done) => {
  const socket = new WebSocket(url, ["crossbook.v1"]);
  socket.onopen = () => done("open");
  socket.onerror = () => done("refused");
})"""
FETCH = """async ([url, method, mode]) => {
  const body = method === "GET" || method === "HEAD" ? undefined : "{}";
  const headers = { "content-type": mode === "cors" ? "application/json" : "text/plain" };
  return fetch(url, { method, mode, body, headers }).then((answer) => answer.status, () => "refused");
}"""
FRAME = """(url) => new Promise((done) => {
  const frame = document.createElement("iframe");
  frame.onload = () => done();
  frame.src = url;
  document.body.append(frame);
})"""
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<!doctype html><body>somebody else"


@asynccontextmanager
async def elsewhere() -> AsyncIterator[str]:
    """The origin of a page that is not ours."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_another_origin_gets_nothing(site: Site) -> None:
    """Socket, every method, form, frame, and a name of its own that leads here: all fail, and nothing is changed."""
    async with elsewhere() as foreign, gateway() as ours, opened(site.browser, foreign) as one:
        address = f"http://127.0.0.1:{ours.http_port}"
        await one.page.goto(foreign)
        assert await one.page.evaluate(SOCKET, ours.socket_url) == "refused"
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"):
            assert await one.page.evaluate(FETCH, [f"{address}/api/stats", method, "cors"]) == "refused", method
        for path in ("/api/okx/stop", "/api/auth/refresh", "/api/alerts/rules"):
            assert await one.page.evaluate(FETCH, [f"{address}{path}", "POST", "no-cors"]) in {0, "refused"}, path
            sent = await ours.web.post(path, content="{}", headers={"origin": foreign, "content-type": "text/plain"})
            assert sent.status_code in {401, 403}, path
        await one.page.evaluate(FRAME, address)
        assert [each for each in one.faults if "frame-ancestors" in each]
        assert not await _has_ours(one.page)


async def test_a_name_that_is_bound_anew_is_no_way_in(site: Site) -> None:
    """Our port under a stranger's name, as after DNS rebinding: refused for page, REST and socket."""
    async with gateway() as ours, opened(site.browser, f"http://{REBOUND}:{ours.http_port}") as one:
        answer = await one.page.goto(one.address)
        assert answer.status in {400, 403, 421}
        assert await one.page.evaluate(FETCH, ["/api/stats", "GET", "cors"]) in {400, 403, 421}
        assert await one.page.evaluate(SOCKET, f"ws://{REBOUND}:{ours.http_port}/ws") == "refused"


async def test_an_allowed_origin_gets_what_cors_allows(site: Site) -> None:
    """Named in the settings it reads and has its socket; what needs a role it is refused as anybody is."""
    async with elsewhere() as foreign, gateway(allowed_origins=[foreign]) as ours, opened(site.browser, foreign) as one:
        address = f"http://127.0.0.1:{ours.http_port}"
        await one.page.goto(foreign)
        assert await one.page.evaluate(FETCH, [f"{address}/openapi.json", "GET", "cors"]) == 200
        assert await one.page.evaluate(SOCKET, ours.socket_url) == "open"
        assert await one.page.evaluate(FETCH, [f"{address}/api/okx/stop", "POST", "cors"]) == 401


async def _has_ours(page: Any) -> bool:
    """Whether any frame of the page shows our dashboard."""
    return any([await frame.locator(".shell").count() for frame in page.frames[1:]])
