"""What is looked at: by venues and assets that were chosen, and by a text."""

import pytest

from crossbook.local.show.narrowing import Narrowing
from tests.support.local.observed import opportunity


@pytest.mark.parametrize(
    ("narrowing", "is_shown"),
    [
        (Narrowing(), True),
        (Narrowing(assets=["COIN1"]), True),
        (Narrowing(assets=["COIN"]), False),
        (Narrowing(venues=["venue00", "venue01"]), True),
        (Narrowing(venues=["venue00"]), False),
        (Narrowing(text="coin"), True),
        (Narrowing(text="NUE01"), True),
        (Narrowing(text="other"), False),
        (Narrowing(assets=["COIN1"], text="other"), False),
    ],
)
def test_an_opportunity_is_shown_when_all_that_was_chosen_holds(narrowing: Narrowing, is_shown: bool) -> None:
    """Both legs of the venues, the asset as it is, the text in any name and in any case."""
    assert narrowing.has_opportunity(opportunity("COIN1")) is is_shown


def test_it_says_what_it_leaves() -> None:
    """In words, and nothing while it leaves everything."""
    assert Narrowing().words == ""
    assert Narrowing(["okx"], ["BTC", "ETH"], "by").words == "okx · BTC, ETH · /by"
