"""A venue's market list: fetched when the venue starts, and the choice of what of it to track."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crossbook._core import Instrument, MarketListing, PayloadError, next_market_request, parse_markets
from crossbook.tracker.venue.reach import Reach
from crossbook.transport.fetcher import NO_ANSWER


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


async def list_markets(reach: Reach, now_ns: Callable[[], int], *, is_urgent: bool = True) -> MarketListing:
    """One try. Raises ListingError."""
    venue, rest_url = reach.venue, reach.endpoint.rest_url
    answers: list[bytes] = []
    try:
        # Megabytes of JSON, in the core and without the GIL: other venues' sockets go on meanwhile.
        while (request := await asyncio.to_thread(next_market_request, venue, answers, rest_url)) is not None:
            status, answer = await reach.fetcher.ask(request, is_urgent=is_urgent)
            if status != 200:
                raise ListingError(f"{request.url} gave {'no answer' if status == NO_ANSWER else f'HTTP {status}'}")
            answers.append(answer)
        return await asyncio.to_thread(parse_markets, venue, answers, now_ns())
    except PayloadError as error:
        raise ListingError(str(error)) from error
