"""The world, stepped without sockets or clock."""

import itertools

from crossbook.simulator.registry import traits_of
from crossbook.simulator.world.listing import STABLECOINS, assets_of_world
from crossbook.simulator.world.plan import EpisodePlan
from crossbook.simulator.world.world import Instrument, World, fees_of

TRAITS = [traits for traits in traits_of([]) if traits.relays is None]
FEES = fees_of(TRAITS)


def _world(seed: int = 1, assets: int = 4, rate: float = 1.0, **plan: float) -> World:
    coins = assets_of_world(assets)
    world = World(seed, coins, TRAITS, EpisodePlan(seed, [coin.name for coin in coins], FEES, **plan), rate=rate)
    world.arm()
    return world


def _ignore(instrument: Instrument, is_depth_due: bool) -> None:
    pass


def _net_percent(buy: Instrument, sell: Instrument) -> float:
    gross = (sell.top_prices()[0] / buy.top_prices()[1] - 1) * 100
    return gross - 2 * (FEES[buy.venue] + FEES[sell.venue])


def _pairs(world: World) -> list[tuple[Instrument, Instrument]]:
    return [pair for pair in itertools.permutations(world.instruments, 2) if pair[0].asset == pair[1].asset]


def test_ten_minutes_pay_inside_episodes_and_nowhere_else() -> None:
    """Outside episodes every pair loses clearly after fees; inside, the planted pairs clearly win, at every moment."""
    world = _world(seed=5)
    pairs = _pairs(world)
    outside, inside = [], []
    for _ in range(60_000):
        world.step(_ignore)
        if world.tick % 20:
            continue
        active = {episode.asset: episode for episode in world.active.values()}
        for buy, sell in pairs:
            episode = active.get(buy.asset)
            if episode is None:
                outside.append(_net_percent(buy, sell))
            elif buy.venue in episode.cheap and sell.venue in episode.rich:
                inside.append(_net_percent(buy, sell))
    assert max(outside) < -0.05
    assert min(inside) > 0.15
    assert max(inside) < 0.6


def test_episodes_begin_and_end_in_one_tick() -> None:
    """In the very tick of its start a planted pair pays, and in that of its end it does not."""
    world = _world(interval_seconds=1.0, quiet_seconds=0.5)
    pairs, seen = _pairs(world), 0
    while seen < 20:
        started, ended = world.step(_ignore)
        for episode in started + ended:
            planted = [p for p in pairs if p[0].asset == episode.asset and p[0].venue in episode.cheap]
            profits = [_net_percent(buy, sell) for buy, sell in planted if sell.venue in episode.rich]
            assert min(profits) > 0.15 if episode in started else max(profits) < 0
            seen += 1


def test_same_seed_walks_the_same_path() -> None:
    """Prices are a function of seed and tick; another seed goes elsewhere."""
    tops = []
    for seed in (1, 1, 2):
        world = _world(seed)
        for _ in range(1500):
            world.step(_ignore)
        tops.append([instrument.book.top() for instrument in world.instruments])
    assert tops[0] == tops[1]
    assert tops[0] != tops[2]


def test_a_paused_instrument_does_not_bend_the_others() -> None:
    """A frozen book stands still, and all other prices are what they would have been."""
    free, frozen = _world(), _world()
    frozen.instruments[0].is_paused = True
    before = frozen.instruments[0].book.top()
    for world in (free, frozen):
        for _ in range(800):
            world.step(_ignore)
    assert frozen.instruments[0].book.top() == before
    others = [[i.book.top() for i in world.instruments[1:]] for world in (free, frozen)]
    assert others[0] == others[1]


def test_each_book_is_requoted_ten_times_a_second_and_rate_adds_tops() -> None:
    """Rate 1 is ten depth updates; rate 5 keeps them and has five times the changes."""
    counts = {}
    for rate in (1.0, 5.0):
        world, calls = _world(rate=rate), []
        for _ in range(100):
            world.step(lambda instrument, is_depth_due, calls=calls: calls.append(is_depth_due))  # type: ignore[misc]
        counts[rate] = (sum(calls) / len(world.instruments), len(calls) / len(world.instruments))
    assert counts[1.0] == (10, 10)
    assert counts[5.0][0] == 10
    assert 48 <= counts[5.0][1] <= 50


def test_an_unarmed_world_plants_nothing() -> None:
    """The plan waits for the first subscriber."""
    coins = assets_of_world(2)
    world = World(1, coins, TRAITS, EpisodePlan(1, ["BTC", "ETH"], FEES, quiet_seconds=0.0))
    assert all(world.step(_ignore) == ([], []) for _ in range(2000))


def test_top_sizes_are_worth_more_than_a_thousand() -> None:
    """Every top of every book is worth trading."""
    world = _world(assets=40)
    for _ in range(50):
        world.step(_ignore)
    for instrument in world.instruments:
        _, bid_size, ask, ask_size = instrument.book.top()
        listing = instrument.listing
        price = instrument.top_prices()[1]
        assert listing.coins(min(bid_size, ask_size), price) * price > 1000, instrument.symbol
        assert ask > 0


def test_relay_moves_with_the_venue_it_relays_and_is_in_no_episode() -> None:
    """Its mid is shifted by just as much, at the same moment; the plan knows only venues with books of their own."""
    (relay,) = traits_of(["coindcx"])
    home, other = traits_of([relay.relays or "", "okx"])
    fees = fees_of([relay, home, other])
    assert sorted(fees) == sorted([home.venue, other.venue])
    coins = assets_of_world(1)
    plan = EpisodePlan(1, [coins[0].name], fees, interval_seconds=1.0, quiet_seconds=0.5)
    world = World(1, coins, [relay, home, other], plan)
    world.arm()
    of_relay, of_home, _ = world.instruments
    shifts = set()
    for _ in range(3_000):
        world.step(_ignore)
        assert world.shift_percent(of_relay) == world.shift_percent(of_home)
        shifts.add(world.shift_percent(of_relay))
    assert len(shifts) > 3


def test_a_stablecoin_stays_near_its_price_where_it_is_listed_and_disturbs_nothing() -> None:
    """Only venues that name it list it; the others' books are what they are without it."""
    coins = assets_of_world(2)
    with_it, without = (
        World(1, assets, TRAITS, EpisodePlan(1, [coin.name for coin in coins], FEES))
        for assets in ([*coins, *STABLECOINS], coins)
    )
    stable = [instrument for instrument in with_it.instruments if instrument.asset == "USDC"]
    assert {instrument.venue for instrument in stable} == {t.venue for t in TRAITS if "USDC" in t.stablecoins}
    for _ in range(6_000):
        with_it.step(_ignore)
        without.step(_ignore)
        assert all(abs(price - 0.9999) < 0.0005 for instrument in stable for price in instrument.top_prices())
    others = [instrument.top_prices() for instrument in with_it.instruments if instrument.asset != "USDC"]
    assert others == [instrument.top_prices() for instrument in without.instruments]
