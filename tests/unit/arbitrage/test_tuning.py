"""Settings as the scanner's arguments."""

import pytest

from crossbook._core import venue_profiles
from crossbook.arbitrage.tuning import new_scanner, scanner_arguments
from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.settings import ArbitrageSettings


def test_what_venues_say_they_relay_is_joined_by_the_settings() -> None:
    """A venue's own word is there without being set, and the setting adds others."""
    own = [[profile.id, profile.relays] for profile in venue_profiles() if profile.relays]
    assert scanner_arguments(ArbitrageSettings()).get("relays") == own
    assert scanner_arguments(ArbitrageSettings(relays={"a": "b"}))["relays"] == [*own, ["a", "b"]]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (ArbitrageSettings(relays={"a": "b", "b": "a"}), "setting arbitrage.relays: . relays itself"),
        (ArbitrageSettings(dollar_currencies=["USD", "USD"]), "arbitrage.dollar_currencies: USD is named twice"),
        (ArbitrageSettings(equal_currencies=[["USD"], ["USD"]]), "arbitrage.equal_currencies: USD is named twice"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(settings: ArbitrageSettings, words: str) -> None:
    """Before anything is scanned."""
    with pytest.raises(SettingsError, match=words):
        new_scanner(scanner_arguments(settings))
