"""When a delivery is tried again."""

import pytest

from crossbook.alerts.channels.outcome import Retry
from crossbook.alerts.outbox import RETRY_CAP_SECONDS, _verdict
from crossbook.alerts.records import ClaimedDelivery
from crossbook.alerts.store import PENDING
from crossbook.pb.v1 import alerts_pb2 as pb


def pause(attempts: int, outcome: Retry) -> float:
    """Seconds until the next try after so many."""
    claimed = ClaimedDelivery(pb.Alert(), pb.AlertChannel(), attempts, tries_left=1, claim="")
    state, _, seconds = _verdict(claimed, outcome)
    assert state == PENDING
    return seconds


def test_the_default_tries_outlast_a_minute_whatever_the_dice_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver that is away for a minute costs no alert: eight tries have seven pauses."""
    monkeypatch.setattr("random.uniform", lambda least, most: least)
    assert sum(pause(attempts, Retry("HTTP 503")) for attempts in range(1, 8)) > 60


def test_pauses_grow_to_their_cap_and_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it has been tried."""
    monkeypatch.setattr("random.uniform", lambda least, most: most)
    assert [pause(attempts, Retry("HTTP 503")) for attempts in (1, 2, 3, 5000)] == [1, 2, 4, RETRY_CAP_SECONDS]


def test_the_receiver_may_ask_for_a_longer_pause() -> None:
    """Retry-After is obeyed when it is longer than the pause would have been."""
    assert pause(1, Retry("HTTP 429", 429, after_seconds=90.0)) == 90.0
