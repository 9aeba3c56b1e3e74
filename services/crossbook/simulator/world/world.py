"""The one world behind all venues: latent prices, each venue's view of them, and the episodes planted in between.

It reads no clock: a tick is 10 ms of its own time, and the same seed gives the same world, tick by tick. Outside
planted episodes no two venues differ by more than a fraction of the smallest round-trip fee: the venues' noise, lag and
a lost second together stay within about 0.04 %.
"""

import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from crossbook.simulator.world.book import Book
from crossbook.simulator.world.listing import Asset, Listing
from crossbook.simulator.world.plan import Episode, EpisodePlan

TICK_NS = 10_000_000
TICKS_PER_UPDATE = 10  # each book is requoted every 100 ms
LEVELS = 30
GRID_SHARE = 2e-5  # distance of two levels, as a share of the price
STEP_PERCENT = 0.0015  # of the latent price's walk per 100 ms
PULL = 0.1  # share of a stablecoin's distance from its price that a step takes back
NOISE_PERCENT = 0.01  # most that a venue's mid strays from the latent price
TOP_NOTIONAL = 12_000.0  # a level holds 0.2 to 4 times that, in quote currency


@dataclass(frozen=True, slots=True)
class Traits:
    """How one venue sees the world."""

    venue: str
    taker_fee_percent: float
    half_spread_percent: float
    lag_steps: int  # steps of 100 ms behind the latent price
    latency_ns: int  # from the matching engine to the socket
    list_asset: Callable[[Asset], Listing]
    relays: str | None = None  # the venue whose books these are: episodes move it with that one, and never by itself
    stablecoins: frozenset[str] = frozenset()  # that it lists against its own quote currency

    def lists(self, asset: Asset) -> bool:
        """Whether it trades the asset: every coin, and the stablecoins that it names."""
        return not asset.is_stable or asset.name in self.stablecoins


class Instrument:
    """One asset on one venue, and its book."""

    def __init__(self, traits: Traits, asset: Asset, seed: int) -> None:
        self.venue = traits.venue
        self.moves_with = traits.relays or traits.venue
        self.asset = asset.name
        self.listing = traits.list_asset(asset)
        self.symbol = self.listing.symbol
        self.is_paused = False
        self._half_spread = traits.half_spread_percent / 100
        self._lag_steps = traits.lag_steps
        self._rng = random.Random(f"{seed}:{traits.venue}:{asset.name}")
        # Apart from the price's, so that what clients ask of a book does not bend the path of its price.
        self._book_rng = random.Random(f"{seed}:{traits.venue}:{asset.name}:book")
        self._noise = 0.0
        self._ticks_per_coin_price = self.listing.multiplier * 10**self.listing.price_decimals
        mid = asset.price * self._ticks_per_coin_price
        grid = max(1, round(mid * GRID_SHARE))
        lot = asset.price * self.listing.coins(1, asset.price)
        bid, ask = int(mid // grid - 2) * grid, int(mid // grid + 2) * grid
        self.book = Book(bid, ask, grid, LEVELS, TOP_NOTIONAL / lot, self._book_rng)

    def requote(self, history: Sequence[float], shift_percent: float) -> None:
        """Follows the latent price (newest last), moved by what an episode asks; disturbs a few levels."""
        noise = 0.9 * self._noise + self._rng.gauss(0.0, NOISE_PERCENT / 4)
        self._noise = min(NOISE_PERCENT, max(-NOISE_PERCENT, noise))
        latent = history[max(0, len(history) - 1 - self._lag_steps)]
        mid = latent * self._ticks_per_coin_price * (1 + (self._noise + shift_percent) / 100)
        self.book.quote(mid * (1 - self._half_spread), mid * (1 + self._half_spread))
        self.stir()
        self.book.bids.disturb()
        self.book.asks.disturb()

    def stir(self) -> None:
        """Another size at one side's top."""
        side = self.book.bids if self._book_rng.random() < 0.5 else self.book.asks
        side.resize_best()

    def top_prices(self) -> tuple[float, float]:
        """Best bid and best ask per coin."""
        bid, _, ask, _ = self.book.top()
        return bid / self._ticks_per_coin_price, ask / self._ticks_per_coin_price


class _Walk:
    """The latent price of one asset, with the little history that lagging venues need."""

    def __init__(self, asset: Asset, seed: int) -> None:
        self._rng = random.Random(f"{seed}:{asset.name}")
        self.history: deque[float] = deque([asset.price], maxlen=5)
        self._peg = asset.price if asset.is_stable else None

    def step(self) -> None:
        move = min(3.0, max(-3.0, self._rng.gauss(0.0, 1.0))) * STEP_PERCENT / 100
        if self._peg is not None:
            move += PULL * (self._peg / self.history[-1] - 1)
        self.history.append(self.history[-1] * (1 + move))


OnUpdate = Callable[[Instrument, bool], None]


class World:
    """All instruments. `step` moves time on by one tick and reports each changed book to `on_update`."""

    def __init__(
        self, seed: int, assets: Sequence[Asset], venues: Sequence[Traits], plan: EpisodePlan, *, rate: float = 1.0
    ) -> None:
        self.tick = 0
        self.active: dict[str, Episode] = {}
        self.instruments = [
            Instrument(traits, asset, seed) for asset in assets for traits in venues if traits.lists(asset)
        ]
        self._by_asset = {asset.name: [i for i in self.instruments if i.asset == asset.name] for asset in assets}
        self._walks = {asset.name: _Walk(asset, seed) for asset in assets}
        self._phases = [self.instruments[phase::TICKS_PER_UPDATE] for phase in range(TICKS_PER_UPDATE)]
        self._assets_by_phase = [list(self._walks)[phase::TICKS_PER_UPDATE] for phase in range(TICKS_PER_UPDATE)]
        self._plan = plan
        self._armed_tick: int | None = None
        self._updates_between = max(0.0, rate - 1.0) / TICKS_PER_UPDATE
        self._rounds_per_update = max(1, round(1 / rate))
        self._credit = 0.0

    def arm(self) -> None:
        """Starts the plan's clock; only the first call counts."""
        if self._armed_tick is None:
            self._armed_tick = self.tick

    def step(self, on_update: OnUpdate) -> tuple[list[Episode], list[Episode]]:
        """One tick. on_update(instrument, is_depth_due) is called per change; returns episodes started and ended."""
        phase = self.tick % TICKS_PER_UPDATE
        for name in self._assets_by_phase[phase]:
            self._walks[name].step()
        started, ended = self._turn_episodes()
        touched = {episode.asset for episode in started + ended}
        for asset in touched:
            self._requote(self._by_asset[asset], on_update)
        if self.tick // TICKS_PER_UPDATE % self._rounds_per_update == 0:
            self._requote((i for i in self._phases[phase] if i.asset not in touched), on_update)
        self._stir(on_update)
        self.tick += 1
        return started, ended

    def end_episodes(self) -> list[Episode]:
        """Forgets the plan and what runs of it; returns what ran."""
        running = list(self.active.values())
        self.active.clear()
        self._plan = EpisodePlan(0, [], {})
        return running

    def latent_price(self, asset: str) -> float:
        """The price that venues scatter around."""
        return self._walks[asset].history[-1]

    def shift_percent(self, instrument: Instrument) -> float:
        """What running episodes move the instrument's mid by."""
        moves = (
            e.shift_percent.get(instrument.moves_with, 0.0) for e in self.active.values() if e.asset == instrument.asset
        )
        return sum(moves)

    def _turn_episodes(self) -> tuple[list[Episode], list[Episode]]:
        if self._armed_tick is None:
            return [], []
        now = self.tick - self._armed_tick
        ended = [episode for episode in self.active.values() if episode.end_tick <= now]
        for episode in ended:
            del self.active[episode.id]
        started = self._plan.take_due(now)
        self.active.update((episode.id, episode) for episode in started)
        return started, ended

    def _requote(self, instruments: Iterable[Instrument], on_update: OnUpdate) -> None:
        for instrument in instruments:
            if not instrument.is_paused:
                instrument.requote(self._walks[instrument.asset].history, self.shift_percent(instrument))
                on_update(instrument, True)

    def _stir(self, on_update: OnUpdate) -> None:
        """Above rate 1: changes of the top between two requotes, equally many on every instrument."""
        self._credit += self._updates_between
        while self._credit >= 1:
            self._credit -= 1
            for instrument in self.instruments:
                if not instrument.is_paused:
                    instrument.stir()
                    on_update(instrument, False)


def fees_of(venues: Sequence[Traits]) -> Mapping[str, float]:
    """Taker fee of each venue that has books of its own, in percent."""
    return {traits.venue: traits.taker_fee_percent for traits in venues if traits.relays is None}
