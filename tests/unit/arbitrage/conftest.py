"""What the tests of arbitrage share."""

import pytest

from crossbook.arbitrage.tuning import ScannerArguments, scanner_arguments
from crossbook.plumbing.settings import ArbitrageSettings


@pytest.fixture
def arguments() -> ScannerArguments:
    """The default settings, but what pays opens at once."""
    return scanner_arguments(ArbitrageSettings(min_life_ms=0))
