"""Requests of the HTTP channels: to a checked address, without redirects, proxies or patience.

What an answer means is answer.py's and the kind's. Of a body no more than MAX_BODY_BYTES is read, and only where the
kind needs it.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType

import httpcore
import httpx

from crossbook.alerts.channels.answer import Answer, Judge, Reader, outcome_of
from crossbook.alerts.channels.dialing import CheckedNetwork
from crossbook.alerts.channels.outcome import Failed, Outcome, Retry
from crossbook.alerts.channels.targets import TargetPolicy, TargetRefusedError, TargetUnresolvedError
from crossbook.plumbing.trust import own_tls_context

MAX_CONNECTIONS = 256
MAX_BODY_BYTES = 64 * 1024
USER_AGENT = "crossbook-alerts"


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent. Of an answer's body nothing is read where nobody wants it."""

    method: str
    url: str
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    is_body_read: bool = True


class HttpSender:
    """One pool for all channels; a try lasts at most `timeout_seconds` altogether.

    Certificates of the authorities in `authorities_file` are trusted as those of the one store (trust.py) are.
    """

    def __init__(self, policy: TargetPolicy, timeout_seconds: float, authorities_file: Path | None = None) -> None:
        self.policy = policy
        self.try_seconds = timeout_seconds
        self.tls = _tls(authorities_file)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=self.tls,
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=0,
            network_backend=CheckedNetwork(policy),
        )

    async def __aenter__(self) -> "HttpSender":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pool.aclose()

    async def post_json(
        self, url: str, body: str, headers: Mapping[str, str] | None = None, judge: Judge | None = None
    ) -> Outcome:
        """One try. `judge` looks at the body of a 2xx answer."""
        request = Request("POST", url, body.encode(), headers or {}, is_body_read=judge is not None)
        return await self.call(request, partial(outcome_of, judge=judge))

    async def call(self, request: Request, read: Reader) -> Outcome:
        """One try. `read` looks at the answer, whatever its status."""
        try:
            async with asyncio.timeout(self.try_seconds):
                return read(await self._exchange(request, httpx.URL(request.url)))
        except TargetRefusedError as error:
            return Failed(str(error))
        except TargetUnresolvedError as error:
            return Retry(str(error))
        except (TimeoutError, httpcore.TimeoutException):
            return Retry(f"no answer within {self.try_seconds:g} s")
        except httpcore.ConnectError as error:
            return Retry(tls_problem(error) or "cannot connect")
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            return Retry(f"the exchange broke off ({type(error).__name__})")

    async def _exchange(self, request: Request, url: httpx.URL) -> Answer:
        own: dict[bytes | str, bytes | str] = {
            "user-agent": USER_AGENT,
            **{name.lower(): value for name, value in request.headers.items()},
            "content-type": request.content_type,
            "content-length": str(len(request.content)),
            "accept-encoding": "identity",
            "host": url.netloc.decode("ascii"),
        }
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        async with self._pool.stream(request.method, target, headers=own, content=request.content) as response:
            told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            body = await _bounded(response) if request.is_body_read else b""
            return Answer(response.status, told, body)


async def _bounded(response: httpcore.Response) -> bytes:
    """Its beginning; what lies behind is never read."""
    body = bytearray()
    async for part in response.aiter_stream():
        body += part
        if len(body) >= MAX_BODY_BYTES:
            break
    return bytes(body[:MAX_BODY_BYTES])


def _tls(authorities_file: Path | None) -> ssl.SSLContext:
    context = own_tls_context()
    if authorities_file:
        context.load_verify_locations(authorities_file)
    return context


def tls_problem(error: BaseException | None) -> str | None:
    """What TLS found wrong, when it was TLS that failed; such a receiver may be put right while we try."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"the certificate is not trusted: {error.verify_message}"
        if isinstance(error, ssl.SSLError):
            return f"TLS failed: {error.reason or 'the other end broke off'}"
        error = error.__cause__ or error.__context__
    return None
