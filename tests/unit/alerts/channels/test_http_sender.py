"""What an answer means, and how a request leaves."""

import socket
from pathlib import Path

import pytest

from crossbook.alerts.channels.answer import LIMITED_SECONDS
from crossbook.alerts.channels.http_sender import MAX_BODY_BYTES, HttpSender
from crossbook.alerts.channels.outcome import Delivered, Failed, Limited, Outcome, Retry
from crossbook.alerts.channels.targets import TargetPolicy
from tests.support.alerts.receiver import Answer, Receiver, receiving
from tests.support.servers.tls import AUTHORITIES_FILE, Shows, TlsDoor


async def post(receiver: Receiver, url: str | None = None, *, seconds: float = 30.0, **headers: str) -> Outcome:
    async with HttpSender(TargetPolicy(allow_private=True), seconds) as http:
        return await http.post_json(url or receiver.url("/a?b=c"), '{"ü":1}', headers)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, Delivered(200)),
        (204, Delivered(204)),
        (302, Failed("HTTP 302: redirects are not followed", 302)),
        (400, Failed("HTTP 400", 400)),
        (404, Failed("HTTP 404", 404)),
        (408, Retry("HTTP 408", 408)),
        (429, Limited("HTTP 429", 429, LIMITED_SECONDS)),
        (500, Retry("HTTP 500", 500)),
        (503, Retry("HTTP 503", 503)),
    ],
)
async def test_the_status_decides(status: int, expected: Outcome) -> None:
    async with receiving() as receiver:
        receiver.answer_in_turn(Answer(status))
        assert await post(receiver) == expected


async def test_retry_after_is_handed_on() -> None:
    async with receiving() as receiver:
        receiver.answer_in_turn(Answer(503, {"retry-after": "7"}))
        assert await post(receiver) == Retry("HTTP 503", 503, 7.0)


async def test_the_request_bears_body_headers_and_the_name_it_was_sent_to() -> None:
    async with receiving() as receiver:
        url = f"http://localhost:{receiver.port}/a?b=c"
        outcome = await post(receiver, url, authorization="x", host="evil", **{"content-type": "text/plain"})
    assert outcome == Delivered(200)
    (received,) = receiver.received
    assert (received.path, received.body) == ("/a?b=c", '{"ü":1}'.encode())
    assert received.headers["host"] == f"localhost:{receiver.port}"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["authorization"] == "x"


async def test_a_receiver_that_holds_its_answer_back_is_given_up_in_time() -> None:
    async with receiving() as receiver:
        receiver.answer_in_turn(Answer(0))
        assert await post(receiver, seconds=0.2) == Retry("no answer within 0.2 s")


async def test_a_refused_connection_may_work_later(free_port: int) -> None:
    async with receiving() as receiver:
        assert await post(receiver, f"http://127.0.0.1:{free_port}/secret") == Retry("cannot connect")


async def test_an_answer_that_is_not_http_may_be_better_later_and_shows_no_secret() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        async with receiving() as receiver, HttpSender(TargetPolicy(allow_private=True), 0.5) as http:
            outcome = await http.post_json(f"http://127.0.0.1:{server.getsockname()[1]}/secret", "{}")
        assert receiver.received == []
    assert isinstance(outcome, Retry)
    assert "secret" not in outcome.reason


@pytest.mark.parametrize(
    ("shows", "authorities_file", "problem"),
    [
        (Shows.KNOWN, AUTHORITIES_FILE, None),
        (Shows.KNOWN, None, "the certificate is not trusted: self-signed certificate"),
        (Shows.STRANGER, AUTHORITIES_FILE, "the certificate is not trusted: self-signed certificate"),
        (Shows.NOTHING, AUTHORITIES_FILE, "TLS failed: "),
    ],
)
async def test_only_certificates_of_public_and_named_authorities_are_trusted(
    shows: Shows, authorities_file: Path | None, problem: str | None
) -> None:
    door = TlsDoor()
    door.shows = shows
    async with (
        receiving(door) as receiver,
        HttpSender(TargetPolicy(allow_private=True), 30.0, authorities_file) as http,
    ):
        outcome = await http.post_json(receiver.url(), "{}")
    if problem is None:
        assert outcome == Delivered(200)
    else:
        assert isinstance(outcome, Retry)
        assert outcome.reason.startswith(problem)
        assert receiver.received == []


async def test_an_authority_of_the_one_store_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """SSL_CERT_FILE names it for receivers as it does for venues."""
    monkeypatch.setenv("SSL_CERT_FILE", str(AUTHORITIES_FILE))
    async with receiving(TlsDoor()) as receiver, HttpSender(TargetPolicy(allow_private=True), 30.0) as http:
        assert await http.post_json(receiver.url(), "{}") == Delivered(200)


async def test_no_more_of_a_body_is_read_than_a_verdict_needs() -> None:
    """A receiver that never stops is judged by its beginning."""
    seen: list[int] = []

    def judge(body: bytes) -> str:
        seen.append(len(body))
        return ""

    async with receiving() as receiver, HttpSender(TargetPolicy(allow_private=True), 30) as http:
        receiver.answer_in_turn(Answer(200, body=b"x" * (4 * MAX_BODY_BYTES)))
        assert await http.post_json(receiver.url(), "{}", judge=judge) == Delivered(200)
    assert seen == [MAX_BODY_BYTES]
