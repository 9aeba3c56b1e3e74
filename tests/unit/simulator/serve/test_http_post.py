"""POST bodies for a server that knows none."""

import pytest

from crossbook.simulator.serve.http_post import MAX_HEAD_BYTES, without_body

HEAD = b"POST /control/faults HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n"


def test_body_becomes_a_query_parameter() -> None:
    """Escaped, and the headers about it are gone."""
    rewritten = without_body(HEAD % 17 + b"okx:drop@1s x3,\nb")
    assert rewritten == b"POST /control/faults?body=okx%3Adrop%401s%20x3%2C%0Ab HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize("cut", range(0, 90, 7))
def test_half_a_request_waits(cut: int) -> None:
    """Nothing is handed on before the whole body is there."""
    assert without_body((HEAD % 20 + b"y" * 20)[:cut]) is None


def test_existing_query_is_kept() -> None:
    """The body joins what the URL says."""
    request = b"POST /a?b=c HTTP/1.1\r\nContent-Length: 1\r\n\r\nd"
    assert without_body(request) == b"POST /a?b=c&body=d HTTP/1.1\r\n\r\n"


@pytest.mark.parametrize("size", [b"99999999", b"-4", b"many"])
def test_absurd_lengths_do_not_wait_for_ever(size: bytes) -> None:
    """A length that will not be honoured ends the request at its head."""
    request = b"POST /a HTTP/1.1\r\nContent-Length: " + size + b"\r\n\r\n"
    assert without_body(request) == b"POST /a HTTP/1.1\r\n\r\n"


def test_a_head_without_an_end_is_not_collected_for_ever() -> None:
    """Once it is too long it goes on as it is, to be refused."""
    request = b"POST /a HTTP/1.1\r\nX: " + b"y" * MAX_HEAD_BYTES
    assert without_body(request[:MAX_HEAD_BYTES]) is None
    assert without_body(request) == request
