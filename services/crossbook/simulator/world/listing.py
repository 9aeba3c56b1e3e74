"""Coins of the simulated world, and how a venue lists one of them as an instrument."""

import math
from collections.abc import Collection
from dataclasses import dataclass

from crossbook.plumbing.errors import SettingsError

_TABLE: tuple[tuple[str, float], ...] = (
    ("BTC", 61800.0), ("ETH", 3120.0), ("SOL", 152.0), ("XRP", 0.62), ("DOGE", 0.134), ("PEPE", 0.0000093),
    ("BNB", 585.0), ("ADA", 0.45), ("AVAX", 27.5), ("LINK", 13.9), ("SUI", 1.72), ("LTC", 71.0),
    ("BCH", 412.0), ("DOT", 6.1), ("TRX", 0.128), ("NEAR", 4.9), ("APT", 8.4), ("ARB", 0.71),
    ("OP", 1.83), ("SHIB", 0.0000174), ("BONK", 0.0000221), ("FLOKI", 0.000151), ("UNI", 7.7), ("AAVE", 128.0),
    ("ATOM", 5.6), ("FIL", 4.2), ("TIA", 5.3), ("SEI", 0.38), ("INJ", 21.4), ("WLD", 2.2),
    ("TON", 6.7), ("HYPE", 18.6), ("ENA", 0.41), ("JUP", 0.93), ("ONDO", 0.88), ("CRV", 0.29),
)  # fmt: skip

# Coins so cheap that venues list a thousand of them as one unit.
MULTIPLIED = frozenset({"PEPE", "SHIB", "BONK", "FLOKI"})


@dataclass(frozen=True, slots=True)
class Asset:
    """One coin and the price at which its random walk starts."""

    name: str
    price: float
    is_stable: bool = False  # stays near its price, and no episode moves it

    @property
    def is_multiplied(self) -> bool:
        """Whether venues list it by the thousand."""
        return self.name in MULTIPLIED


# Dollars that some venues list against the dollar they quote in: so that there are live rates between currencies. Close
# enough to 1 that the planted edges between venues of different currencies stay what the truth says.
STABLECOINS = (Asset("USDC", 0.9999, is_stable=True),)


@dataclass(frozen=True, slots=True)
class Listing:
    """How one venue lists one asset. Prices are per `multiplier` coins, sizes in lots of 10^-size_decimals.

    A native unit of size is worth `contract_size` base units; where the listing is inverse, so much quote currency.
    """

    symbol: str
    base: str
    multiplier: float
    price_decimals: int
    size_decimals: int
    contract_size: float = 1.0
    is_inverse: bool = False

    def coins(self, lots: float, coin_price: float) -> float:
        """How many coins a size in lots is, at this price per coin."""
        worth = lots / 10.0**self.size_decimals * self.contract_size
        return worth / coin_price if self.is_inverse else worth * self.multiplier


def assets_of_world(count: int) -> list[Asset]:
    """The first `count` coins; beyond the table they have made-up names and prices."""
    made_up = (Asset(f"COIN{i}", 10.0 ** (i % 5 - 1) * (1 + i % 7)) for i in range(len(_TABLE), count))
    return [Asset(name, price) for name, price in _TABLE[:count]] + list(made_up)


def stablecoins_named(names: Collection[str]) -> list[Asset]:
    """Raises SettingsError for one that is not there."""
    known = {coin.name: coin for coin in STABLECOINS}
    for name in names:
        if name not in known:
            raise SettingsError(f"setting simulator.stablecoins: no such coin {name!r}, known: {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)]


def price_decimals(price: float) -> int:
    """Decimals that show a price with six significant digits."""
    return max(0, 5 - math.floor(math.log10(price)))


def size_decimals(price: float) -> int:
    """Decimals that make one lot worth about 10 to 100 of quote currency, or one whole unit where that is less."""
    return max(0, math.floor(math.log10(price / 10)))


def listing_in_base_units(asset: Asset, symbol: str, thousand: str) -> Listing:
    """The listing of a venue whose sizes are base units; `{base}` in symbol becomes the venue's name of the base."""
    multiplier = 1000.0 if asset.is_multiplied else 1.0
    base = f"{thousand}{asset.name}" if asset.is_multiplied else asset.name
    price = asset.price * multiplier
    return Listing(symbol.format(base=base), base, multiplier, price_decimals(price), size_decimals(price))


def decimal_number(units: int, decimals: int) -> float:
    """The same as a number, for venues that write JSON numbers; decimals may be negative."""
    return float(f"{units}e{-decimals}")


def decimal_text(units: int, decimals: int) -> str:
    """An integer count of 10^-decimals as a decimal with exactly that many digits after the point."""
    if not decimals:
        return str(units)
    digits = f"{units:0{decimals + 1}d}"
    return f"{digits[:-decimals]}.{digits[-decimals:]}"
