"""The run in one line."""

from crossbook.local.show.lines import line
from crossbook.local.show.observer import Observer
from tests.support.local.observed import observed


def test_a_line_holds_states_and_totals() -> None:
    """As key=value, for eyes and for grep."""
    text = line(observed(venues=2))
    assert "\n" not in text
    for part in (
        "venue00=LIVE(20/20)",
        "venue01=LIVE(20/20)",
        "frames/s=800",
        "windows=480",
        "minutes=80",
        "opened=19",
        "alerts=7",
    ):
        assert part in text.split()


def test_before_the_first_answer_there_is_still_a_line() -> None:
    """Nothing is divided by nothing."""
    assert line(Observer({}, lambda _: 0)).startswith("no venue yet")
