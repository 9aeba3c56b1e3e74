"""A venue that is off against all others, from simulated sockets to messages: the short form of `make dislocations`."""

from pathlib import Path

from tests.dislocations.run import run

MINUTES, DISLOCATIONS, VENUES = 1.2, 4, 8


async def test_a_dislocated_venue_is_one_group_and_nothing_that_mattered_is_left_out(tmp_path: Path) -> None:
    """Each is told once, of the venue that is off, and closed; without groups it would be a message for each pair."""
    result = await run(MINUTES, tmp_path, DISLOCATIONS, VENUES)
    assert result.findings() == []
    told = [one for one in result.planted if one.kinds]
    assert len(told) >= 2
    assert max(len(one.each) for one in told) >= VENUES - 2
