"""The service's settings as the scanner's arguments, and scanners made from them."""

from typing import TypedDict

from crossbook._core import InvalidSettingError, Scanner
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
    min_notional: float
    max_mid_difference_percent: float
    equal_currencies: list[list[str]]


def scanner_arguments(settings: ArbitrageSettings) -> ScannerArguments:
    """What the live scanner is made with."""
    return ScannerArguments(
        open_net_percent=settings.open_net_percent,
        close_net_percent=settings.close_net_percent,
        update_step_percent=settings.update_step_percent,
        min_life_ns=settings.min_life_ms * 1_000_000,
        max_age_ns=seconds_to_ns(settings.max_age_seconds),
        max_skew_ns=seconds_to_ns(settings.max_skew_seconds),
        min_notional=settings.min_notional,
        max_mid_difference_percent=settings.max_mid_difference_percent,
        equal_currencies=settings.equal_currencies,
    )


def new_scanner(arguments: ScannerArguments) -> Scanner:
    """Raises SettingsError naming the setting that is wrong."""
    try:
        return Scanner(**arguments)
    except InvalidSettingError as error:
        raise SettingsError(f"setting arbitrage.{error}") from None
