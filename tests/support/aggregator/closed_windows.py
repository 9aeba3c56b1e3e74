"""Closed windows of a stream, as the aggregator's core makes them, without an aggregator."""

from crossbook._core import ClosedWindow, QuoteHub, VenueWindows
from tests.support.aggregator.quote_stream import QuoteStream, batch_request, hello_request


def closed_windows(until_ns: int, stream: QuoteStream) -> list[ClosedWindow]:
    """All that end before the stream has come as far as this."""
    windows = VenueWindows(stream.venue, 15, QuoteHub())
    windows.on_hello(hello_request(stream.hello(1)))
    while stream.now_ns < until_ns:
        windows.on_batch(batch_request(stream.next_batch(rows=20, step_ns=200_000_000)))
    return take_all(windows)


def take_all(windows: VenueWindows) -> list[ClosedWindow]:
    """Those that wait to be committed."""
    closed = []
    while (window := windows.take_closed()) is not None:
        closed.append(window)
    return closed
