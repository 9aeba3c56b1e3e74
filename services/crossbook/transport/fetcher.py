"""HTTP requests of one venue: through its budget, with bounded bodies, and quiet for as long as the venue says.

An answer that says that we ask too often pauses the whole venue's requests; whoever asked gets the answer and asks
again when it likes. Bodies are asked for as they are: a few kilobytes of a compressed one may be gigabytes. What comes
compressed all the same is inflated off the loop, no further than the bound, and only when it is gzip once.
"""

import asyncio
import zlib
from types import TracebackType
from typing import Self

import httpx
import structlog

from crossbook._core import RestRequest, throttling_words
from crossbook.plumbing.outside import OutsideText
from crossbook.plumbing.retry_after import retry_after_seconds
from crossbook.plumbing.trust import tls_context
from crossbook.transport.budget import Budget
from crossbook.transport.throttling import DEFAULT_SECONDS, LONGEST_SECONDS

TIMEOUT_SECONDS = 10.0
# Below the feed's own patience, so that what it has given up is not asked for.
QUEUE_TIMEOUT_SECONDS = 45.0
MAX_WAITING = 64  # more are answered NO_ANSWER at once; whoever asked asks again later
MAX_BODY_BYTES = 32 * 1024 * 1024
MAX_CONCURRENT = 8
NO_ANSWER = 0
HEADERS = {"User-Agent": "crossbook", "Accept-Encoding": "identity"}

log = structlog.get_logger()


class Fetcher:
    """Use as an async context manager."""

    def __init__(self, venue: str, budget: Budget, *, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self._venue = venue
        self._budget = budget
        self._max_body_bytes = max_body_bytes
        self._waiting = 0
        self.refused = 0
        self.words = ""  # the venue's own, when it last said that we ask too often
        self._slots = asyncio.Semaphore(MAX_CONCURRENT)
        # Proxy variables are not read, as for the sockets.
        self._client = httpx.AsyncClient(
            timeout=TIMEOUT_SECONDS, trust_env=False, headers=HEADERS, verify=tls_context()
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def ask(self, request: RestRequest, *, is_urgent: bool = True) -> tuple[int, bytes]:
        """(status, body); status NO_ANSWER when none came, or too large a body. Never raises."""
        if self._waiting >= MAX_WAITING:
            self.refused += 1
            return NO_ANSWER, b""
        self._waiting += 1
        try:
            return await self._ask(request, is_urgent)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            reason = OutsideText.of(str(error) or type(error).__name__)
            log.warning("fetch_failed", venue=self._venue, url=request.url, error=reason, refused_so_far=self.refused)
            return NO_ANSWER, b""
        finally:
            self._waiting -= 1

    async def _ask(self, request: RestRequest, is_urgent: bool) -> tuple[int, bytes]:
        method = "GET" if request.body is None else "POST"
        headers = {} if request.body is None else {"Content-Type": "application/json"}
        call = self._client.stream(method, request.url, content=request.body, headers=headers)
        # The budget first: what is urgent must not wait for a place that something else holds while it waits.
        async with asyncio.timeout(QUEUE_TIMEOUT_SECONDS):
            await self._budget.acquire(request.weight, is_urgent=request.is_urgent and is_urgent)
        async with self._slots, asyncio.timeout(TIMEOUT_SECONDS), call as response:
            body = await self._read(response)
        self._obey(response, body)
        return response.status_code, body

    def _obey(self, response: httpx.Response, body: bytes) -> None:
        words = throttling_words(self._venue, response.status_code, body)
        if words is None:
            return
        wait = retry_after_seconds(response.headers.get("Retry-After"), LONGEST_SECONDS)
        seconds = DEFAULT_SECONDS if wait is None else wait
        self._budget.pause(seconds)
        self.words = OutsideText.read(words)
        log.warning(
            "venue_throttles",
            venue=self._venue,
            status=response.status_code,
            words=self.words,
            pause_seconds=round(seconds, 3),
        )

    async def _read(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > self._max_body_bytes:
                raise httpx.DecodingError(f"the body is larger than {self._max_body_bytes} bytes")
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding == "identity":
            return bytes(body)
        if encoding != "gzip":
            raise httpx.DecodingError(f"the body is encoded as {OutsideText.of(encoding, 40)!r}, unasked")
        return await asyncio.to_thread(inflate, bytes(body), self._max_body_bytes)


def inflate(body: bytes, limit: int) -> bytes:
    """What was compressed. Raises DecodingError for what is broken or beyond the limit, without going there."""
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        inflated = inflater.decompress(body, limit + 1)
    except zlib.error as error:
        raise httpx.DecodingError(f"the body does not inflate: {error}") from error
    if len(inflated) > limit:
        raise httpx.DecodingError(f"the body is larger than {limit} bytes")
    if not inflater.eof:
        raise httpx.DecodingError("the body does not inflate: it ends too early")
    return inflated
