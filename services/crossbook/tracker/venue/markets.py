"""A venue's market list: fetched when the venue starts, and the choice of what of it to track."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from crossbook._core import Instrument, MarketListing, PayloadError, RestRequest, next_market_request, parse_markets
from crossbook.plumbing.outside import OutsideText
from crossbook.tracker.venue.reach import Reach
from crossbook.transport.fetcher import NO_ANSWER

MAX_LISTING_BYTES = 64 * 1024 * 1024  # all answers of one list; the largest known venue's takes 3 MB
MAX_LISTING_SECONDS = 300.0


class ListingError(Exception):
    """The venue did not give its market list: try again later."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a choice of symbols and assets comes to on one venue."""

    instruments: list[Instrument]
    unknown_symbols: list[str]
    unknown_assets: list[str]


def select(listed: Sequence[Instrument], symbols: Sequence[str], assets: Sequence[str]) -> Selection:
    """Everything that a symbol or an asset names; every listed instrument when neither names any."""
    if not symbols and not assets:
        return Selection(list(listed), [], [])
    wanted_symbols, wanted_assets = frozenset(symbols), frozenset(assets)
    chosen = [one for one in listed if one.symbol in wanted_symbols or one.asset in wanted_assets]
    known_symbols = {one.symbol for one in listed}
    known_assets = {one.asset for one in listed}
    return Selection(
        chosen,
        [symbol for symbol in symbols if symbol not in known_symbols],
        [asset for asset in assets if asset not in known_assets],
    )


async def list_markets(
    reach: Reach,
    now_ns: Callable[[], int],
    *,
    is_urgent: bool = True,
    on_answers: Callable[[Sequence[bytes]], Awaitable[None]] | None = None,
) -> MarketListing:
    """One try; who wants the answers is told them once they are a list. Raises ListingError."""
    try:
        async with asyncio.timeout(MAX_LISTING_SECONDS):
            answers = await _fetch(reach, is_urgent)
            listing = await asyncio.to_thread(parse_markets, reach.venue, answers, now_ns())
            if on_answers is not None:
                await on_answers(answers)
            return listing
    except PayloadError as error:
        raise ListingError(OutsideText.of(error)) from error
    except TimeoutError as error:
        raise ListingError(f"it was not complete after {MAX_LISTING_SECONDS:g} s") from error


async def _fetch(reach: Reach, is_urgent: bool) -> list[bytes]:
    """Every answer, in order. Raises ListingError and PayloadError."""
    answers: list[bytes] = []
    # Megabytes of JSON, in the core and without the GIL: other venues' sockets go on meanwhile.
    while (request := await asyncio.to_thread(_next, reach, answers)) is not None:
        status, answer = await reach.fetcher.ask(request, is_urgent=is_urgent)
        if status != 200:
            raise ListingError(f"{request.url} gave {'no answer' if status == NO_ANSWER else f'HTTP {status}'}")
        answers.append(answer)
        if sum(map(len, answers)) > MAX_LISTING_BYTES:
            raise ListingError(f"it is larger than {MAX_LISTING_BYTES} bytes")
    return answers


def _next(reach: Reach, answers: list[bytes]) -> RestRequest | None:
    return next_market_request(reach.venue, answers, reach.endpoint.rest_url)
