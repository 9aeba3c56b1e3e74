"""The service's settings as the scanner's arguments, and scanners made from them."""

from typing import TypedDict

from crossbook._core import InvalidSettingError, Scanner, venue_profiles
from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.settings import ArbitrageSettings
from crossbook.plumbing.timestamps import seconds_to_ns


class ScannerArguments(TypedDict):
    """The keywords of Scanner; JSON can hold them."""

    open_net_percent: float
    close_net_percent: float
    update_step_percent: float
    min_life_ns: int
    max_age_ns: int
    max_skew_ns: int
    max_depth_age_ns: int
    min_notional: float
    max_mid_difference_percent: float
    suspect_after_ns: int
    dollar_currencies: list[str]
    equal_currencies: list[list[str]]
    max_rate_age_ns: int
    max_depeg_percent: float
    allow_depegged: bool
    relays: list[list[str]]
    max_net_percent: float
    assume_no_limits: bool
    holding_horizon_ns: int
    assume_no_funding: bool


def scanner_arguments(settings: ArbitrageSettings) -> ScannerArguments:
    """What the live scanner is made with."""
    return ScannerArguments(
        open_net_percent=settings.open_net_percent,
        close_net_percent=settings.close_net_percent,
        update_step_percent=settings.update_step_percent,
        min_life_ns=settings.min_life_ms * 1_000_000,
        max_age_ns=seconds_to_ns(settings.max_age_seconds),
        max_skew_ns=seconds_to_ns(settings.max_skew_seconds),
        max_depth_age_ns=seconds_to_ns(settings.max_depth_age_seconds),
        min_notional=settings.min_notional,
        max_mid_difference_percent=settings.max_mid_difference_percent,
        suspect_after_ns=seconds_to_ns(settings.suspect_after_seconds),
        dollar_currencies=settings.dollar_currencies,
        equal_currencies=settings.equal_currencies,
        max_rate_age_ns=seconds_to_ns(settings.max_rate_age_seconds),
        max_depeg_percent=settings.max_depeg_percent,
        allow_depegged=settings.allow_depegged,
        relays=[list(pair) for pair in {**_built_in_relays(), **settings.relays}.items()],
        max_net_percent=settings.max_net_percent,
        assume_no_limits=settings.assume_no_limits,
        holding_horizon_ns=seconds_to_ns(settings.holding_horizon_seconds),
        assume_no_funding=settings.assume_no_funding,
    )


def _built_in_relays() -> dict[str, str]:
    """Venues that say of themselves that they show another venue's books."""
    return {profile.id: profile.relays for profile in venue_profiles() if profile.relays}


def new_scanner(arguments: ScannerArguments) -> Scanner:
    """Raises SettingsError naming the setting that is wrong."""
    try:
        return Scanner(**arguments)
    except InvalidSettingError as error:
        raise SettingsError(f"setting arbitrage.{error}") from None
