"""The allowance of messages that the venues of a process share."""

from crossbook.tracker.outgoing.pace import HOLD_SECONDS, MESSAGES_PER_SECOND, Pace


def messages_in_a_second(venues: int) -> list[int]:
    """How many each venue sends when it always has something to send."""
    now = [0.0]
    pace = Pace(lambda: now[0])
    due, sent = [0.0] * venues, [0] * venues
    while min(due) < 1.0:
        venue = due.index(min(due))
        now[0] = due[venue]
        sent[venue] += 1
        due[venue] += pace.hold_seconds()
    return sent


def test_one_busy_venue_holds_a_millisecond() -> None:
    """The allowance is not reached."""
    assert messages_in_a_second(1) == [round(1 / HOLD_SECONDS)]


def test_many_busy_venues_share_the_allowance() -> None:
    """Each its part, and all of them together no more."""
    sent = messages_in_a_second(14)
    assert sum(sent) <= MESSAGES_PER_SECOND + 14
    assert min(sent) >= MESSAGES_PER_SECOND // 14 - 2


def test_a_pause_gives_the_allowance_back() -> None:
    """Debts of a burst are not kept beyond the time that they take."""
    now = [0.0]
    pace = Pace(lambda: now[0])
    burst = [pace.hold_seconds() for _ in range(100)]
    assert burst[-1] > 10 * HOLD_SECONDS
    now[0] += 1.0
    assert pace.hold_seconds() == HOLD_SECONDS
