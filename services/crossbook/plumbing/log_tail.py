"""The latest lines of this process's own log, in memory, for whoever asks over gRPC (plumbing/grpc/process.py).

Lines come here as they are written, their secrets masked already.
"""

from collections import deque
from datetime import datetime

from structlog.typing import EventDict, WrappedLogger

from crossbook.pb.v1 import process_pb2
from crossbook.plumbing.broadcast import Broadcast
from crossbook.plumbing.timestamps import to_timestamp

KEPT_LINES = 1_000
MAX_VALUE_CHARACTERS = 1_000  # of one field of a line
_OWN = frozenset({"event", "level", "timestamp", "service"})
_MICROSECOND_NS = 1_000

LogLine = process_pb2.LogLine


class LogTail:
    """Of one process."""

    def __init__(self) -> None:
        self.kept: deque[LogLine] = deque(maxlen=KEPT_LINES)
        self.news: Broadcast[LogLine] = Broadcast()

    def processor(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """To stand among structlog's, after the mask."""
        line = line_of(event)
        self.kept.append(line)
        self.news.publish(line)
        return event


TAIL = LogTail()  # a process has one log


def line_of(event: EventDict) -> LogLine:
    """A line out of what structlog knows of it."""
    level = str(event.get("level", "info")).upper()
    names = process_pb2.LogLevel.keys()
    name = f"LOG_LEVEL_{'ERROR' if level == 'CRITICAL' else level}"
    return LogLine(
        process=str(event.get("service", "")),
        level=process_pb2.LogLevel.Value(name) if name in names else process_pb2.LOG_LEVEL_INFO,
        event=str(event.get("event", ""))[:MAX_VALUE_CHARACTERS],
        fields={key: str(value)[:MAX_VALUE_CHARACTERS] for key, value in event.items() if key not in _OWN},
        time=to_timestamp(_ns_of(str(event.get("timestamp", "")))),
    )


def is_wanted(line: LogLine, request: process_pb2.WatchLogRequest) -> bool:
    """Whether a line is of the level and holds the text."""
    if line.level < request.min_level:
        return False
    wanted = request.contains.lower()
    return not wanted or any(wanted in text.lower() for text in (line.event, *line.fields, *line.fields.values()))


def _ns_of(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return 0
    return round(moment.timestamp() * 1_000_000) * _MICROSECOND_NS
