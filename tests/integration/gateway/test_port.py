"""The gateway's port with nothing behind it: what is there anyway, and what nobody gets past the door with."""

from pathlib import Path

import pytest

from tests.support.gateway.running import gateway

HEADERS = ("x-content-type-options", "content-security-policy", "referrer-policy", "x-request-id", "x-frame-options")


async def test_pages_and_documents_are_there_without_anything_behind_it(tmp_path: Path) -> None:
    """A system that is half down still says how it is; and what names a version is not said."""
    (tmp_path / "app.js").write_text("let x = 1")
    (tmp_path / "index.html").write_text("<!doctype html><title>pages</title>")
    async with gateway(static_dir=tmp_path) as running:
        script = await running.web.get("/app.js")
        assert (script.status_code, script.text) == (200, "let x = 1")
        again = await running.web.get("/app.js", headers={"if-none-match": script.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        for route in ("/", "/prices", "/venues/binance"):
            page = await running.web.get(route)
            assert "pages" in page.text, route
            assert page.headers["cache-control"] == "no-store"
        document = (await running.web.get("/openapi.json")).json()
        assert (document["openapi"], "/api/{venue}/minutes" in document["paths"]) == ("3.1.0", True)
        assert (await running.web.get("/readyz")).status_code == 503
        for name in HEADERS:
            assert name in page.headers, name
        assert "server" not in page.headers


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/missing.js", {}, 404),
        ("/../app.py", {}, 404),
        ("/api/nothing", {}, 404),
        ("/api/venus/stats", {}, 404),
        ("/api/stats?venues=x", {}, 400),
        ("/api/prices?limit=x", {}, 400),
        ("/api/arbitrage?minProfit=NaN", {}, 400),
        ("/api/prices?symbol=%ff", {}, 400),
        ("/api/stats", {"host": "evil.example"}, 403),
        ("/api/stats", {"origin": "https://evil.example"}, 403),
        ("/api/log", {}, 401),
        ("/api/audit", {}, 401),
    ],
)
async def test_what_is_refused_is_a_problem_with_a_request_id(path: str, headers: dict[str, str], status: int) -> None:
    """Of one shape whatever is wrong, and without a word of our inside."""
    async with gateway() as running:
        answer = await running.web.get(path, headers={"x-request-id": "abc-1", **headers})
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.json()["status"], answer.json()["instance"]) == (status, "urn:request:abc-1")
        assert "Traceback" not in answer.text


async def test_every_verb_of_a_page_of_another_origin_is_refused() -> None:
    """Not the harmless ones alone: whoever forgot one was found by it."""
    async with gateway() as running:
        for verb in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            answer = await running.web.request(verb, "/api/stats", headers={"origin": "http://localhost:1"})
            assert answer.status_code == 403, verb
            assert "access-control-allow-origin" not in answer.headers


async def test_a_listed_origin_may_call_what_cors_allows() -> None:
    """With its own name in the answer, never a star, and never with cookies."""
    async with gateway(allowed_origins=["https://desk.example"]) as running:
        asked = {"origin": "https://desk.example", "access-control-request-method": "GET"}
        before = await running.web.options("/api/prices", headers=asked)
        assert "GET" in before.headers["access-control-allow-methods"]
        answer = await running.web.get("/api/prices", headers={"origin": "https://desk.example"})
        assert (answer.status_code, answer.json()["count"]) == (200, 0)
        assert answer.headers["access-control-allow-origin"] == "https://desk.example"
        assert "access-control-allow-credentials" not in answer.headers


async def test_a_path_says_what_it_takes() -> None:
    """Its own verbs and no others, whether it is asked for them or for one that it has not."""
    async with gateway() as running:
        taken = {"/api/prices": "GET", "/api/keys": "POST, GET", "/healthz": "GET, HEAD", "/ack": "GET, POST"}
        for path, verbs in (taken | {"/api/x": ""}).items():
            assert (await running.web.options(path)).headers["allow"] == verbs
        assert (await running.web.put("/api/keys")).headers["allow"] == "POST, GET"


async def test_what_is_too_much_is_refused_before_it_is_read() -> None:
    """A body of 10 MB, a path without end, a burst of requests."""
    async with gateway(requests_per_second=1, requests_burst=10) as running:
        assert (await running.web.post("/api/alerts/check", content=b"x" * 10_000_000)).status_code == 413
        assert (await running.web.get("/api/prices?symbol=" + "x" * 9_000)).status_code == 414
        answers = [await running.web.get("/api/prices") for _ in range(12)]
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.json()["retryAfter"] > 0
