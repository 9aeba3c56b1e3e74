"""One subscription of one socket: numbers without holes, one state at most that waits, events up to a bound."""

from crossbook.gateway.sockets.subscription import (
    MAX_HZ,
    MAX_JSON_HZ,
    QUEUED_EVENTS,
    RANK_HZ,
    Event,
    Subscription,
    hz_of,
)
from crossbook.pb.v1 import gateway_pb2 as pb


def subscription(channel: pb.Channel.ValueType = pb.CHANNEL_SUMMARY) -> Subscription:
    return Subscription(pb.Subscribe(id=3, channel=channel), 5.0)


def taken(one: Subscription) -> pb.ServerFrame:
    frame = one.take()
    assert frame is not None
    return pb.ServerFrame.FromString(frame)


def test_a_state_begins_with_a_snapshot_in_parts() -> None:
    """And goes on without; only the newest waits."""
    one = subscription()
    body = pb.GetSummaryResponse(instruments=7).SerializeToString()
    said = []
    for is_last in (False, False, True, True):
        one.put_state("summary", body, is_last=is_last)
        frame = taken(one)
        said.append((frame.sequence, frame.is_snapshot, frame.is_last))
    assert said == [(1, True, False), (2, True, False), (3, True, True), (4, False, False)]
    assert (frame.subscription, frame.summary.instruments) == (3, 7)
    assert one.take() is None
    one.begin_again()
    one.put_state("summary", body)
    frame = taken(one)
    assert (frame.sequence, frame.is_snapshot, frame.is_last) == (5, True, True)


def test_events_queue_and_the_oldest_go_and_are_told() -> None:
    """Of what is left none is out of order, and the numbers have no hole."""
    one = subscription(pb.CHANNEL_ALERTS)
    for number in range(QUEUED_EVENTS + 2):
        one.put_event(Event("alert", b"", str(number)))
    frames = [taken(one) for _ in range(QUEUED_EVENTS)]
    assert one.take() is None
    assert [frame.sequence for frame in frames] == list(range(1, QUEUED_EVENTS + 1))
    assert (frames[0].resume_token, frames[0].dropped, frames[-1].resume_token) == ("2", 2, str(QUEUED_EVENTS + 1))


def test_a_closed_one_has_nothing() -> None:
    """Whatever waited."""
    one = subscription(pb.CHANNEL_ALERTS)
    one.put_event(Event("alert", b""))
    one.close()
    assert one.take() is None


def test_frames_a_second_are_within_what_there_is() -> None:
    """Zero is the default, a nonsense the nearest."""
    asked = pb.Subscribe(channel=pb.CHANNEL_QUOTES)
    assert hz_of(asked, is_json=False) == 5.0
    asked.max_hz = 100
    assert (hz_of(asked, is_json=False), hz_of(asked, is_json=True)) == (MAX_HZ, MAX_JSON_HZ)
    asked.channel = pb.CHANNEL_RANK
    assert hz_of(asked, is_json=False) == RANK_HZ
