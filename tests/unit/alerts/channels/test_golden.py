"""The page of what a reader sees is what the channels send."""

from crossbook.alerts.channels.registry import FOR_MACHINES, KINDS
from tests.support.alerts.golden import PAGE, TITLES, page


async def test_the_page_shows_what_every_channel_for_people_sends() -> None:
    """Made anew by `python -m tests.support.alerts.golden`."""
    assert set(TITLES) == set(KINDS) - {*FOR_MACHINES, "console"}
    assert await page() == PAGE.read_text()
