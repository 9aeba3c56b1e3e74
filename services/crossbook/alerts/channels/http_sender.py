"""POSTs for the HTTP channels: to a checked address, without redirects, proxies or patience; and what the answer means.

2xx is delivered. 408, 425, 429, 5xx and whatever breaks on the way may work later, not before Retry-After. Any other
answer means that the target is wrong: the delivery fails at once and can be redriven when it has been put right.
"""

import asyncio
import ssl
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType

import httpx

from crossbook.alerts.channels.outcome import Delivered, Failed, Outcome, Retry
from crossbook.alerts.channels.targets import TargetPolicy, TargetRefusedError, TargetUnresolvedError

RETRYABLE = frozenset({408, 425, 429})
MAX_RETRY_AFTER_SECONDS = 24 * 3600.0
USER_AGENT = "crossbook-alerts"


class HttpSender:
    """One client for all channels; a try lasts at most `timeout_seconds` altogether.

    Certificates of the authorities in `authorities_file` are trusted as those of the public ones are.
    """

    def __init__(self, policy: TargetPolicy, timeout_seconds: float, authorities_file: Path | None = None) -> None:
        self.policy = policy
        self._timeout_seconds = timeout_seconds
        self._client = httpx.AsyncClient(
            verify=_tls(authorities_file),
            trust_env=False,
            follow_redirects=False,
            timeout=timeout_seconds,
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=0),
        )

    async def __aenter__(self) -> "HttpSender":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def post_json(self, url: str, body: str, headers: Mapping[str, str] | None = None) -> Outcome:
        """One try."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._post(httpx.URL(url), body, headers or {})
        except TargetRefusedError as error:
            return Failed(str(error))
        except TargetUnresolvedError as error:
            return Retry(str(error))
        except (TimeoutError, httpx.TimeoutException):
            return Retry(f"no answer within {self._timeout_seconds:g} s")
        except httpx.ConnectError as error:
            return Retry(_tls_problem(error) or "cannot connect")
        except (httpx.HTTPError, OSError) as error:
            return Retry(f"the exchange broke off ({type(error).__name__})")

    async def _post(self, url: httpx.URL, body: str, headers: Mapping[str, str]) -> Outcome:
        address = await self.policy.resolve(url)
        # The name stays in the Host header and in TLS, where the certificate is checked against it.
        request = self._client.build_request(
            "POST",
            url.copy_with(host=address),
            content=body.encode(),
            headers={
                "user-agent": USER_AGENT,
                **headers,
                "content-type": "application/json",
                "host": url.netloc.decode("ascii"),
            },
            extensions={"sni_hostname": url.raw_host.decode("ascii")},
        )
        response = await self._client.send(request, stream=True)
        try:
            return _outcome(response)
        finally:
            await response.aclose()


def _tls(authorities_file: Path | None) -> ssl.SSLContext:
    context = httpx.create_ssl_context(trust_env=False)
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


def _outcome(response: httpx.Response) -> Outcome:
    status = response.status_code
    if 200 <= status < 300:
        return Delivered(status)
    if status in RETRYABLE or status >= 500:
        return Retry(f"HTTP {status}", status, retry_after_seconds(response.headers.get("retry-after"), time.time()))
    if 300 <= status < 400:
        return Failed(f"HTTP {status}: redirects are not followed", status)
    return Failed(f"HTTP {status}", status)


def retry_after_seconds(value: str | None, now: float) -> float | None:
    """RFC 9110, 10.2.3: seconds, or a date; None when absent or neither. At most a day."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), MAX_RETRY_AFTER_SECONDS)
    try:
        moment = parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, moment - now), MAX_RETRY_AFTER_SECONDS)
