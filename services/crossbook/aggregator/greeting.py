"""The hello of an ingest stream, read and checked."""

import re
from collections.abc import Collection

from google.protobuf.message import DecodeError

from crossbook.pb.v1.aggregator_pb2 import IngestHello, IngestQuotesRequest
from crossbook.plumbing.errors import InvalidRequestError

MAX_SILENT_CALLS = 64  # a quarter of the places that streams have
STREAM_ID = re.compile(r"[!-~]{1,200}")
VENUE_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


class Greeting:
    """Reads the first message of every call. `venues` are those that may be fed."""

    def __init__(self, venues: Collection[str]) -> None:
        self._venues = frozenset(venues)

    def parse(self, payload: bytes) -> IngestHello:
        """Raises InvalidRequestError that names what is wrong with it."""
        try:
            request = IngestQuotesRequest.FromString(payload)
        except DecodeError as error:
            raise InvalidRequestError.of("hello", "does not decode") from error
        if request.WhichOneof("message") != "hello":
            raise InvalidRequestError.of("hello", "must come before any batch")
        if not VENUE_ID.fullmatch(request.hello.venue):
            raise InvalidRequestError.of("hello.venue", "must be a venue id: 1 to 32 of a-z, 0-9, _ and -")
        if request.hello.venue not in self._venues:
            raise InvalidRequestError.of(
                "hello.venue",
                f"{request.hello.venue} is no venue that is known here: a venue of your own is named in the"
                " aggregator's CROSSBOOK_AGGREGATOR__EXTRA_VENUES",
            )
        if not STREAM_ID.fullmatch(request.hello.stream_id):
            raise InvalidRequestError.of("hello.stream_id", "must be 1 to 200 visible ASCII characters")
        return request.hello
