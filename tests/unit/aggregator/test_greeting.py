"""The first message of an ingest stream."""

import pytest

from crossbook.aggregator.greeting import Greeting
from crossbook.pb.v1.aggregator_pb2 import IngestHello, IngestQuotesRequest
from crossbook.pb.v1.market_pb2 import QuoteBatch
from crossbook.plumbing.errors import InvalidRequestError


def hello(venue: str = "alpha", stream_id: str = "s-1") -> bytes:
    return IngestQuotesRequest(hello=IngestHello(venue=venue, stream_id=stream_id)).SerializeToString()


def test_a_hello_is_read() -> None:
    """Of a venue of the list that the aggregator was given."""
    found = Greeting(["alpha", "my-own_1"]).parse(hello("my-own_1", "!~"))
    assert (found.venue, found.stream_id) == ("my-own_1", "!~")


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"\xff", "hello: does not decode"),
        (b"", "hello: must come before any batch"),
        (IngestQuotesRequest(batch=QuoteBatch(venue="alpha")).SerializeToString(), "hello: must come before any batch"),
        (hello(venue=""), "hello.venue: must be a venue id"),
        (hello(venue="ALPHA"), "hello.venue: must be a venue id"),
        (hello(venue="a" * 33), "hello.venue: must be a venue id"),
        (hello(venue="unheard-of"), "CROSSBOOK_AGGREGATOR__EXTRA_VENUES"),
        (hello(stream_id=""), "hello.stream_id: must be 1 to 200 visible"),
        (hello(stream_id="a b"), "hello.stream_id: must be 1 to 200 visible"),
        (hello(stream_id="s" * 201), "hello.stream_id: must be 1 to 200 visible"),
    ],
)
def test_a_hello_that_cannot_be_used_is_told_what_is_wrong(payload: bytes, words: str) -> None:
    """By the name of the field."""
    with pytest.raises(InvalidRequestError, match=words):
        Greeting(["alpha"]).parse(payload)
