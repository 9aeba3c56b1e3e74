"""How assets are listed."""

import pytest

from crossbook.plumbing.errors import SettingsError
from crossbook.simulator.registry import traits_of
from crossbook.simulator.world.listing import Listing, assets_of_world, decimal_number, decimal_text, stablecoins_named


@pytest.mark.parametrize(
    ("units", "decimals", "text"),
    [(618000, 1, "61800.0"), (5, 3, "0.005"), (7, 0, "7"), (0, 2, "0.00"), (1, 10, "0.0000000001")],
)
def test_decimal_text_is_exact(units: int, decimals: int, text: str) -> None:
    """Integers become decimals without passing through floats."""
    assert decimal_text(units, decimals) == text


@pytest.mark.parametrize(
    ("units", "decimals", "number"), [(618000, 1, 61800.0), (7, 0, 7.0), (25, -1, 250.0), (93, 7, 9.3e-6)]
)
def test_decimal_number_is_the_nearest_float(units: int, decimals: int, number: float) -> None:
    """The float is the one that its text stands for, also with decimals before the point."""
    assert decimal_number(units, decimals) == number


def test_sizes_are_coins_by_contract_or_by_money() -> None:
    """A linear size is its contracts times their coins; an inverse one is its money over the price."""
    linear = Listing("L", "BTC", 1.0, 1, 2, contract_size=0.01)
    thousands = Listing("T", "1000PEPE", 1000.0, 6, 0)
    inverse = Listing("I", "BTC", 1.0, 1, -1, is_inverse=True)
    assert (linear.coins(500, 60_000.0), thousands.coins(3, 1e-5)) == (0.05, 3000.0)
    assert (inverse.coins(12_000, 60_000.0), inverse.coins(12_000, 30_000.0)) == (2.0, 4.0)


def test_every_venue_names_multiplied_coins_its_own_way() -> None:
    """1000PEPE, kPEPE or plain PEPE with a large contract."""
    pepe = next(asset for asset in assets_of_world(20) if asset.name == "PEPE")
    symbols = {traits.venue: traits.list_asset(pepe) for traits in traits_of([])}
    assert symbols["lighter"].symbol == "1000PEPE"
    assert symbols["binance"].symbol == "1000PEPEUSDT"
    assert symbols["paradex"].symbol == "kPEPE-USD-PERP"
    assert symbols["okx"].symbol == "PEPE-USDT-SWAP"
    assert [symbols[v].multiplier for v in ("lighter", "paradex", "binance", "okx")] == [1000, 1000, 1000, 1]
    assert symbols["okx"].contract_size >= 1_000_000


def test_world_has_as_many_assets_as_asked_for() -> None:
    """Beyond the table, made-up ones; names are unique."""
    names = [asset.name for asset in assets_of_world(60)]
    assert len(set(names)) == 60


def test_a_stablecoin_that_is_not_there_is_named() -> None:
    """With those that are."""
    assert [coin.name for coin in stablecoins_named(["USDC", "USDC"])] == ["USDC"]
    with pytest.raises(SettingsError, match="no such coin 'USDX', known: USDC"):
        stablecoins_named(["USDX"])
