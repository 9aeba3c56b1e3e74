"""What TrackerService says of venues that it does not have."""

from pathlib import Path

import pytest

from crossbook._core import venue_profiles
from crossbook.pb.v1 import tracker_pb2
from crossbook.plumbing.errors import InvalidRequestError
from crossbook.tracker.service import TrackerService


async def start_tracking(venue: str) -> str:
    """What it is refused with."""
    with pytest.raises(InvalidRequestError) as refusal:
        await TrackerService({}).StartTracking(tracker_pb2.StartTrackingRequest(venue=venue), None)
    return str(refusal.value)


async def test_a_venue_that_can_only_be_replayed_is_refused_with_its_reason() -> None:
    """Starting to track it would never lead to a quote."""
    gone = [one for one in venue_profiles() if one.unavailable_reason is not None]
    assert gone, "this test needs one"
    for profile in gone:
        assert f"cannot be tracked: {profile.unavailable_reason}" in await start_tracking(profile.id)


async def test_an_unknown_venue_is_refused_with_those_that_are_tracked() -> None:
    """A typo is mended at once."""
    assert "'nowhere' is not a venue of this tracker" in await start_tracking("nowhere")


async def test_how_much_of_the_spool_s_disk_is_free_is_told_where_there_is_one(tmp_path: Path) -> None:
    """One that is gone tells nothing, rather than that it is empty or full."""
    request = tracker_pb2.GetTrackerStatsRequest()
    answer = await TrackerService({}, tmp_path).GetTrackerStats(request, None)  # type: ignore[arg-type]
    assert 0 < answer.spool_free_percent <= 100
    for none in (TrackerService({}), TrackerService({}, tmp_path / "gone")):
        assert not (await none.GetTrackerStats(request, None)).HasField("spool_free_percent")  # type: ignore[arg-type]
