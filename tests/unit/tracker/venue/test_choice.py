"""Which venues are tracked, and which settings are refused before anything starts."""

from pathlib import Path
from typing import Any

import pytest

from crossbook._core import venue_profiles
from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.settings import TrackerSettings, load_settings
from crossbook.tracker.venue.choice import choose_venues, read_choice
from crossbook.tracker.venue.wanted import Choice


class Profile:
    """As much of a profile as the choice looks at."""

    def __init__(self, venue: str, unavailable_reason: str | None = None) -> None:
        self.id = venue
        self.unavailable_reason = unavailable_reason


PROFILES: dict[str, Any] = {"a": Profile("a"), "b": Profile("b"), "gone": Profile("gone", "closed on 2026-09-23")}


def chosen(**tracker: Any) -> list[str]:
    return [profile.id for profile in choose_venues(PROFILES, load_settings(tracker=tracker).tracker)]


def test_no_names_mean_every_venue_that_can_be_tracked() -> None:
    """One that is gone is left out."""
    assert chosen() == ["a", "b"]


def test_names_choose_each_once_in_their_order() -> None:
    """A name given twice is one venue."""
    assert chosen(venues=["b", "a", "b"]) == ["b", "a"]


@pytest.mark.parametrize("venues", [["gone"], ["gone", "a"]])
def test_one_that_is_gone_is_refused_with_its_reason_when_it_is_named(venues: list[str]) -> None:
    """Alone or beside others: who names it wants to know at once."""
    with pytest.raises(SettingsError, match="'gone' cannot be tracked: closed on 2026-09-23"):
        chosen(venues=venues)


def test_one_that_is_gone_can_be_replayed_from_an_endpoint() -> None:
    """An endpoint of its own says that something stands in its place."""
    assert chosen(venues=["gone"], endpoints={"gone": {"websocket_url": "ws://localhost:1/"}}) == ["gone"]


@pytest.mark.parametrize(
    ("tracker", "message"),
    [
        ({"venues": ["nosuch"]}, "'nosuch' is not a venue: choose of a, b, gone"),
        ({"endpoints": {"nosuch": {}}}, "'nosuch' is not a venue"),
        ({"endpoints": {"a": {"websocket_url": "http://x"}}}, "tracker.endpoints.a.websocket_url"),
        ({"endpoints": {"a": {"rest_url": "ws://x"}}}, "tracker.endpoints.a.rest_url"),
        ({"endpoints": {"a": {"rest_url": "http://"}}}, "tracker.endpoints.a.rest_url"),
        ({"endpoints": {"a": {"rest_url": "http://x:99999"}}}, "tracker.endpoints.a.rest_url"),
    ],
)
def test_what_makes_no_sense_is_refused(tracker: dict[str, Any], message: str) -> None:
    """The message names the key and what is wrong with it."""
    with pytest.raises(SettingsError) as refusal:
        chosen(**tracker)
    assert message in str(refusal.value)


def test_the_real_profiles_can_be_chosen() -> None:
    """The core's own registry gives at least one venue by default."""
    profiles = {profile.id: profile for profile in venue_profiles()}
    assert choose_venues(profiles, load_settings().tracker)


def test_a_choice_file_replaces_symbols_and_assets(tmp_path: Path) -> None:
    """What it leaves out is empty."""
    path = tmp_path / "choice.json"
    path.write_text('{"assets": ["BTC"]}')
    assert read_choice(TrackerSettings(symbols=["X"], choice_file=path)) == Choice([], ["BTC"])
    assert read_choice(TrackerSettings(symbols=["X"])) == Choice(["X"], [])


@pytest.mark.parametrize("text", ["{", "[]", '{"asset": []}', '{"assets": "BTC"}', '{"symbols": [7]}', None])
def test_a_choice_file_that_does_not_read_names_its_setting(tmp_path: Path, text: str | None) -> None:
    """So that nobody tracks everything by mistake."""
    path = tmp_path / "choice.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SettingsError, match=r"tracker\.choice_file"):
        read_choice(TrackerSettings(choice_file=path))
