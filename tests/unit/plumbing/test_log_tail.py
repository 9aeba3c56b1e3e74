"""The latest lines of a process's log, kept for whoever asks."""

from crossbook.pb.v1.process_pb2 import LOG_LEVEL_ERROR, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, WatchLogRequest
from crossbook.plumbing.log_tail import KEPT_LINES, LogTail, is_wanted, line_of

EVENT = {
    "event": "venue_state",
    "level": "warning",
    "timestamp": "2026-11-30T19:26:04.665190Z",
    "service": "tracker",
    "venue": "x",
    "books": 3,
}


def test_a_line_has_what_structlog_knows_of_it() -> None:
    """Its own words in their places, all else by key."""
    line = line_of(EVENT)
    assert (line.process, line.level, line.event) == ("tracker", LOG_LEVEL_WARNING, "venue_state")
    assert dict(line.fields) == {"venue": "x", "books": "3"}
    assert line.time.ToJsonString() == "2026-11-30T19:26:04.665190Z"


def test_a_level_that_is_not_known_is_info_and_a_critical_one_an_error() -> None:
    """Nothing is lost for its level."""
    assert line_of({"level": "notice"}).level == LOG_LEVEL_INFO
    assert line_of({"level": "critical"}).level == LOG_LEVEL_ERROR


def test_lines_are_wanted_by_level_and_text() -> None:
    """In whatever case, in event, key or value."""
    line = line_of(EVENT)
    for wanted in ({"contains": "VENUE"}, {"contains": "3"}, {"min_level": LOG_LEVEL_WARNING}, {}):
        assert is_wanted(line, WatchLogRequest(**wanted)), wanted  # type: ignore[arg-type]
    for unwanted in ({"contains": "other"}, {"min_level": LOG_LEVEL_ERROR}):
        assert not is_wanted(line, WatchLogRequest(**unwanted)), unwanted  # type: ignore[arg-type]


async def test_the_latest_are_kept_and_told_and_the_event_goes_on_as_it_is() -> None:
    """The oldest go; whoever listens hears each."""
    tail = LogTail()
    async with tail.news.subscribe(10) as news:
        assert tail.processor(None, "info", dict(EVENT)) == EVENT
        assert (await anext(news)).event == "venue_state"
    for number in range(KEPT_LINES):
        tail.processor(None, "info", {"event": str(number)})
    assert (len(tail.kept), tail.kept[0].event) == (KEPT_LINES, "0")
