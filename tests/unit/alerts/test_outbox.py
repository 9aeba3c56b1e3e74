"""What becomes of a delivery after a try."""

from itertools import takewhile

import pytest

from crossbook.alerts.channels.outcome import Delivered, Failed, Limited, Retry, Shown
from crossbook.alerts.outbox import RETRY_CAP_SECONDS, aftermath_of, ending_of
from crossbook.alerts.records import DELIVERED, FAILED, PENDING, Aftermath, ClaimedDelivery, Ending
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.settings import AlertsSettings


def claimed(attempts: int = 1, *, is_last_try: bool = False) -> ClaimedDelivery:
    """After so many tries."""
    return ClaimedDelivery(pb.AlertMessage(), pb.AlertChannel(), attempts, is_last_try, claim="", destination="")


def pause(attempts: int, outcome: Retry) -> float:
    """Seconds until the next try after so many."""
    ending = ending_of(claimed(attempts), outcome)
    assert ending.state == PENDING
    return ending.delay_seconds


def test_a_day_of_tries_is_a_hundred_or_so_whatever_the_dice_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Often enough that a receiver that is back hears within a quarter of an hour, and no storm."""
    day = AlertsSettings().delivery_seconds
    assert day == 86_400
    for dice in (lambda least, most: least, lambda least, most: most):
        monkeypatch.setattr("random.uniform", dice)
        waited, times = 0.0, []
        for attempts in range(1, 1000):
            waited += pause(attempts, Retry("HTTP 503"))
            times.append(waited)
        assert 90 < len(list(takewhile(lambda at: at < day, times))) < 220


def test_pauses_grow_to_their_cap_and_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it has been tried."""
    monkeypatch.setattr("random.uniform", lambda least, most: most)
    assert [pause(attempts, Retry("HTTP 503")) for attempts in (1, 2, 3, 5000)] == [1, 2, 4, RETRY_CAP_SECONDS]


def test_the_receiver_may_ask_for_a_longer_pause() -> None:
    """Retry-After is obeyed when it is longer than the pause would have been."""
    assert pause(1, Retry("HTTP 503", 503, after_seconds=90.0)) == 90.0


def test_a_limit_is_no_try_and_pauses_the_destination() -> None:
    """For as long as the receiver says, also after the last try: it never ends a delivery."""
    ending = Ending(PENDING, "HTTP 429", 0.437, is_counted=False, keeps_place=True)
    assert ending_of(claimed(500, is_last_try=True), Limited("HTTP 429", 429, 0.437)) == ending


def test_what_nobody_foresaw_never_ends_a_delivery() -> None:
    """It is given back, and tried again later."""
    ending = ending_of(claimed(is_last_try=True), Retry("the channel broke", is_counted=False))
    assert (ending.state, ending.is_counted) == (PENDING, False)
    assert aftermath_of(Retry("the channel broke", is_counted=False)).is_reached is None


def test_the_last_try_ends_it_and_so_does_a_refusal() -> None:
    """Both can be redriven."""
    assert ending_of(claimed(8, is_last_try=True), Retry("HTTP 500")) == Ending(
        FAILED, "HTTP 500, at the last of 8 tries"
    )
    assert ending_of(claimed(), Failed("HTTP 404", 404)) == Ending(FAILED, "HTTP 404")
    assert ending_of(claimed(), Delivered(200)) == Ending(DELIVERED)


def test_what_a_try_says_of_its_destination() -> None:
    """An answer reached it, whatever it was; a limit pauses it, or all of its kind; no answer counts against it."""
    shown = Shown(2, ("7",), True)
    assert aftermath_of(Delivered(200, "7", 1.25, shown)) == Aftermath(True, 1.25, shown=shown)
    assert aftermath_of(Limited("HTTP 429", 429, 7.0, is_of_kind=True)) == Aftermath(True, 7.0, pauses_kind=True)
    assert aftermath_of(Failed("HTTP 404", 404)) == Aftermath(True)
    assert aftermath_of(Failed("not public")) == Aftermath(None)
    assert aftermath_of(Retry("cannot connect")) == Aftermath(False, reason="cannot connect")


def test_what_a_digest_shows_is_of_no_key() -> None:
    """The next message of each of its groups is a new one."""
    assert aftermath_of(Delivered(200, "7", shown=Shown(1, ("7",), True)), is_digest=True).shown is None


def test_only_for_people_a_newer_message_takes_the_place_of_older_ones() -> None:
    """A machine is told each."""
    for kind, supersedes in (("telegram", True), ("pagerduty", True), ("webhook", False), ("console", False)):
        one = ClaimedDelivery(pb.AlertMessage(), pb.AlertChannel(), 1, False, claim="", destination=f"{kind}:x")
        assert ending_of(one, Delivered(200)).supersedes is supersedes
