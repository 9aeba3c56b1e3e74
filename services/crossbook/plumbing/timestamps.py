"""Times as integers, nanoseconds since the epoch, to protobuf's messages and back, exactly."""

import math
import time

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS


def now_ns() -> int:
    """The wall clock."""
    return time.time_ns()


def to_timestamp(time_ns: int) -> Timestamp:
    """A moment as a message."""
    seconds, nanos = divmod(time_ns, SECOND_NS)
    return Timestamp(seconds=seconds, nanos=nanos)


def from_timestamp(timestamp: Timestamp) -> int:
    """A message as nanoseconds since the epoch; a message never set is 0."""
    return timestamp.seconds * SECOND_NS + timestamp.nanos


def to_duration(duration_ns: int) -> Duration:
    """A span as a message; both parts have the sign of the whole, as Duration demands."""
    seconds, nanos = divmod(abs(duration_ns), SECOND_NS)
    sign = -1 if duration_ns < 0 else 1
    return Duration(seconds=sign * seconds, nanos=sign * nanos)


def from_duration(duration: Duration) -> int:
    """A message as nanoseconds."""
    return duration.seconds * SECOND_NS + duration.nanos


def duration_or(given: Message, field: str, default_ns: int) -> int:
    """A message's field as nanoseconds, or the default where it is not set."""
    return from_duration(getattr(given, field)) if given.HasField(field) else default_ns


def seconds_to_ns(seconds: float) -> int:
    """A setting in seconds as nanoseconds, rounded to the nearest."""
    return math.floor(seconds * SECOND_NS + 0.5)
