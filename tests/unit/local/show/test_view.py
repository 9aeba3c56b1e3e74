"""The live view fits the terminal and shows what matters."""

import io

import pytest
from rich.console import Console

from crossbook.local.show.narrowing import Narrowing
from crossbook.local.show.observer import Observer
from crossbook.local.show.view import Screen
from crossbook.pb.v1 import market_pb2
from tests.support.local.observed import observed, opportunity

HEADLINE = "Crossbook is SIMULATED"
FOOTER = "Ctrl-C stops · tracker 50051 50061 aggregator 50052 arbitrage 50053 alerts 50054"


def draw(observer: Observer, width: int, height: int, notices: list[str] | None = None) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=False)
    options = console.options.update(width=width, height=height)
    lines = console.render_lines(Screen(observer, HEADLINE, FOOTER, notices or []), options, pad=False)
    return ["".join(segment.text for segment in line).rstrip() for line in lines]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (80, 40), (120, 30), (200, 60)])
@pytest.mark.parametrize("venues", [1, 4, 13, 14, 40])
def test_it_fits(width: int, height: int, venues: int) -> None:
    """No line is too long, no screen too high, however much there is to show."""
    lines = draw(observed(venues=venues), width, height)
    assert len(lines) <= height
    assert all(len(line) <= width for line in lines)


@pytest.mark.parametrize("width", [80, 140])
def test_everything_that_matters_is_there(width: int) -> None:
    """Mode, venues with states and books, windows, opportunities, alerts, addresses and the way out."""
    screen = "\n".join(draw(observed(), width, 24))
    for text in (
        HEADLINE,
        "venue03",
        "LIVE",
        "20/20",
        "400",
        "480 written",
        "80 minutes",
        "COIN0",
        "0.234",
        "Ctrl-C stops",
    ):
        assert text in screen
    assert "venue00 → venue01" in screen
    assert FOOTER in screen


def test_an_empty_system_says_what_it_waits_for() -> None:
    """From the first second on."""
    screen = "\n".join(draw(Observer({}, lambda _: 0), 80, 24))
    assert "waiting for the trackers" in screen
    assert "none open" in screen
    assert "none yet" in screen


def test_a_venue_that_is_not_live_says_why() -> None:
    """Before anything that happened earlier."""
    observer = observed()
    observer.venues["venue02"].stats.reason = "its address is not known"
    assert "venue02: its address is not known" in "\n".join(draw(observer, 80, 24, ["earlier"]))


@pytest.mark.parametrize("name", ["[/x]", "[bold]A", "[link=file:///etc/passwd]B[/link]", "a\\[b]"])
def test_outside_text_is_shown_as_it_is(name: str) -> None:
    """A market, a venue and a reason that look like markup are none."""
    observer = observed(venues=1)
    observer.opportunities = [opportunity(name)]
    observer.alerts[0].opportunity.asset = name
    observer.venues = {name: observer.venues["venue00"]}
    observer.venues[name].stats.reason = name
    lines = draw(observer, 160, 24, [name])
    assert sum(name in line for line in lines) == 4


def test_outside_text_does_not_steer_the_terminal() -> None:
    """What is not printable is shown as a replacement character, on the line where it stands."""
    observer = observed(venues=1)
    observer.opportunities = [opportunity("A\x1b[2J\nB\x07")]
    screen = "\n".join(draw(observer, 160, 24))
    assert "A\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}B" in screen
    assert not set(screen) & {"\x1b", "\x07"}


def test_what_cannot_be_drawn_is_told_in_its_place() -> None:
    """And the next refresh tries again."""
    observer = observed()
    venues, observer.venues = observer.venues, {"venue00": None}  # type: ignore[dict-item]
    assert "the view cannot be drawn (AttributeError" in "\n".join(draw(observer, 120, 24))
    observer.venues = venues
    assert "480 written" in "\n".join(draw(observer, 120, 24))


def test_a_state_of_a_later_version_is_shown_by_its_number() -> None:
    """Its name is not known here."""
    observer = observed(venues=1)
    observer.venues["venue00"].stats.state = 77  # type: ignore[assignment]
    assert any(line.split()[:2] == ["venue00", "77"] for line in draw(observer, 120, 24))


def test_a_notice_is_shown() -> None:
    """Such as a process that was started again."""
    assert "aggregator ended" in "\n".join(draw(observed(), 80, 24, ["aggregator ended; starting it again"]))


def test_where_there_is_no_room_the_venues_that_are_live_give_way() -> None:
    """And are counted."""
    observer = observed(venues=20)
    observer.venues["venue19"].stats.state = market_pb2.VenueState.VENUE_STATE_DOWN
    screen = draw(observer, 80, 24)
    assert any(line.startswith("venue19") and "DOWN" in line for line in screen)
    assert any(line.split()[:4] == ["8", "more", "8", "LIVE"] for line in screen)


def test_what_is_typed_narrows_the_view() -> None:
    """Opportunities and alerts that do not match are gone, and the screen says by what."""
    narrowing = Narrowing(venues=["venue00", "venue01"])
    console = Console(file=io.StringIO(), width=120, height=40, force_terminal=False)
    options = console.options.update(width=120, height=40)
    screen = Screen(observed(), HEADLINE, FOOTER, [], narrowing)

    def drawn() -> str:
        lines = console.render_lines(screen, options, pad=False)
        return "\n".join("".join(segment.text for segment in line) for line in lines)

    assert "venue02" not in drawn()
    assert "COIN3 " in drawn()
    narrowing.text = "coin7"
    assert "COIN7 " in drawn()
    assert "COIN3 " not in drawn()
    assert "venue00, venue01 · /coin7" in drawn()
    narrowing.text = "nothing"
    assert "none open that matches" in drawn()
