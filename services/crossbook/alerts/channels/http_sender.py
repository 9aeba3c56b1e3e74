"""POSTs for the HTTP channels: to a checked address, without redirects, proxies or patience.

What an answer means is answer.py's. Of a body no more than MAX_BODY_BYTES is read, and only where the kind needs it.
"""

import asyncio
import ssl
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import httpcore
import httpx

from crossbook.alerts.channels.answer import Judge, outcome_of
from crossbook.alerts.channels.dialing import CheckedNetwork
from crossbook.alerts.channels.outcome import Failed, Outcome, Retry
from crossbook.alerts.channels.targets import TargetPolicy, TargetRefusedError, TargetUnresolvedError
from crossbook.plumbing.trust import own_tls_context

MAX_CONNECTIONS = 256
MAX_BODY_BYTES = 64 * 1024
USER_AGENT = "crossbook-alerts"


class HttpSender:
    """One pool for all channels; a try lasts at most `timeout_seconds` altogether.

    Certificates of the authorities in `authorities_file` are trusted as those of the one store (trust.py) are.
    """

    def __init__(self, policy: TargetPolicy, timeout_seconds: float, authorities_file: Path | None = None) -> None:
        self.policy = policy
        self._timeout_seconds = timeout_seconds
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=_tls(authorities_file),
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
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._post(httpx.URL(url), body, headers or {}, judge)
        except TargetRefusedError as error:
            return Failed(str(error))
        except TargetUnresolvedError as error:
            return Retry(str(error))
        except (TimeoutError, httpcore.TimeoutException):
            return Retry(f"no answer within {self._timeout_seconds:g} s")
        except httpcore.ConnectError as error:
            return Retry(_tls_problem(error) or "cannot connect")
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            return Retry(f"the exchange broke off ({type(error).__name__})")

    async def _post(self, url: httpx.URL, body: str, headers: Mapping[str, str], judge: Judge | None) -> Outcome:
        content = body.encode()
        own: dict[bytes | str, bytes | str] = {
            "user-agent": USER_AGENT,
            **{name.lower(): value for name, value in headers.items()},
            "content-type": "application/json",
            "content-length": str(len(content)),
            "accept-encoding": "identity",
            "host": url.netloc.decode("ascii"),
        }
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        async with self._pool.stream("POST", target, headers=own, content=content) as response:
            told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            read = await _bounded(response) if judge and 200 <= response.status < 300 else b""
            return outcome_of(response.status, told, read, judge)


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


def _tls_problem(error: BaseException | None) -> str | None:
    """What TLS found wrong, when it was TLS that failed; such a receiver may be put right while we try."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"the certificate is not trusted: {error.verify_message}"
        if isinstance(error, ssl.SSLError):
            return f"TLS failed: {error.reason or 'the other end broke off'}"
        error = error.__cause__ or error.__context__
    return None
