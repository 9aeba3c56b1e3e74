"""How much may go to a destination: its tokens, its breaker, its digest."""

import pytest

from crossbook.alerts.channels.registry import PACES
from crossbook.alerts.pacing import (
    DIGEST_FROM,
    DIGEST_MOST,
    PLACES_EACH,
    TRIP_CAP_SECONDS,
    TRIPPED_FROM,
    Room,
    Waiting,
    plan,
    trip_seconds,
)

SLACK = PACES["slack"]


def room(
    kind: str, ahead: float = 0.0, *, failures: int = 0, due: int = 1, taken: int = 0, busy: bool = False
) -> Room | None:
    name = f"{kind}:x"
    return plan([Waiting(name, ahead, failures, due, busy)], {name: taken}, 128).get(name)


def test_a_bucket_gives_while_a_token_is_left() -> None:
    """What was taken a moment ago is ahead of it."""
    pagerduty = PACES["pagerduty"]
    assert room("slack") == Room(1, False, True, SLACK.spacing_seconds)
    assert room("slack", (SLACK.burst - 1) * SLACK.spacing_seconds) == Room(1, False, True, SLACK.spacing_seconds)
    assert room("slack", (SLACK.burst - 0.5) * SLACK.spacing_seconds) is None
    assert room("pagerduty", pagerduty.burst * pagerduty.spacing_seconds) is None


def test_people_get_one_thing_at_a_time_and_machines_some_places() -> None:
    """From all replicas together, so that what they read is in order."""
    assert room("slack", busy=True) is None
    assert room("slack", due=DIGEST_FROM, busy=True) is None
    assert room("webhook", busy=True, taken=1) == Room(PLACES_EACH - 1)


def test_a_receiver_that_alone_knows_its_limit_has_no_bucket() -> None:
    """Nor do machines get digests, or lose what is old."""
    assert room("webhook", due=DIGEST_FROM) == Room(PLACES_EACH)


def test_what_is_more_than_can_be_read_is_one_message_for_one_token() -> None:
    """For people; while a token or a place is left."""
    digest = Room(DIGEST_MOST, True, True, SLACK.spacing_seconds)
    assert room("slack", due=DIGEST_FROM) == digest
    assert room("slack", due=DIGEST_FROM - 1) == Room(1, False, True, SLACK.spacing_seconds)
    assert room("slack", SLACK.burst * SLACK.spacing_seconds, due=DIGEST_FROM) is None
    assert room("slack", due=DIGEST_FROM, taken=PLACES_EACH) is None
    assert room("pagerduty", due=DIGEST_FROM) == Room(1, False, True, PACES["pagerduty"].spacing_seconds)


def test_a_tripped_destination_gets_one_thing_at_a_time() -> None:
    """Until one arrives."""
    assert room("webhook", failures=TRIPPED_FROM) == Room(1)
    assert room("webhook", failures=TRIPPED_FROM, taken=1) is None


def test_all_together_take_no_more_than_is_free() -> None:
    """A digest takes one place."""
    waiting = [
        Waiting("slack:a", 0, 0, DIGEST_FROM, False),
        Waiting("webhook:b", 0, 0, 9, False),
        Waiting("webhook:c", 0, 0, 9, False),
    ]
    rooms = plan(waiting, {}, 3)
    assert [(name, one.most) for name, one in rooms.items()] == [("slack:a", DIGEST_MOST), ("webhook:b", 2)]


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(TRIPPED_FROM - 1, 0), (TRIPPED_FROM, 1), (TRIPPED_FROM + 3, 8), (10_000, TRIP_CAP_SECONDS)],
)
def test_it_is_left_alone_for_longer_and_longer(failures: int, seconds: float) -> None:
    """From the fifth failure in a row on."""
    assert trip_seconds(failures) == seconds
