"""The registry of life models in Postgres: one is live, strikes take its place, and the scan says what it is told."""

from collections.abc import AsyncIterator

import pytest

from crossbook.arbitrage.lives.keeper import LifeKeeper
from crossbook.arbitrage.lives.training import SCHEMA, LifeTrainer, make
from crossbook.arbitrage.store.events import EventStore
from crossbook.arbitrage.store.lives import LifeStore
from crossbook.arbitrage.store.models import STRIKES, Made, ModelStore
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.data.postgres import Pool, open_pool
from crossbook.plumbing.timestamps import now_ns
from tests.integration.arbitrage.test_event_log import Process, process
from tests.unit.arbitrage.lives.test_training import rows_of


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[Pool]:
    """To an empty registry."""
    pool = await open_pool(postgres_dsn)
    yield pool
    await pool.close()


def life_of(own: Process) -> pb.LifePrediction:
    """What is said of the opportunity that is open."""
    (spread,) = own.live.scanner.open_opportunities()
    return pb.Opportunity.FromString(spread.encode(now_ns())).life


def with_schema(made: Made, name: str) -> Made:
    """Under another name."""
    return made._replace(id=name)


async def test_what_opens_bears_its_features_into_the_lives(pool: Pool) -> None:
    """So that a model can be made of them; and until there are enough the answer is how many there are."""
    own = process(EventStore(pool, Clock()))
    for bid in (101.0, 100.0, 101.0):
        own.tick(bid)
    while own.writer.waiting:
        await own.writer.write()
    await LifeKeeper(LifeStore(pool), "own", list).take_page()
    (row,) = await ModelStore(pool).lives(SCHEMA, 10)
    assert (row.asset, row.pair, len(row.features)) == ("BTC", "BTC cheap dear", 30)
    trainer = LifeTrainer(ModelStore(pool), own.live)
    assert not await trainer.train()
    assert (life_of(own).unknown, life_of(own).model) == ("n = 1 of 1000", "")


async def test_one_is_live_until_a_better_one_comes_or_it_is_struck_out(pool: Pool) -> None:
    """A candidate changes nothing; three in a row leave nothing live, and the reason is told."""
    store, own = ModelStore(pool), process(EventStore(pool, Clock()))
    own.tick(101.0)
    trainer = LifeTrainer(store, own.live)
    good, bad = make(rows_of(1, 4_000), "me"), make(rows_of(1, 4_000, is_null=True), "me")
    assert await store.register(with_schema(good, "first"))
    await trainer.take()
    assert life_of(own).model == "lifeModels/first"
    assert await store.register(with_schema(good, "second"))
    for strike in range(STRIKES):
        found = await store.in_force()
        assert found is not None
        assert found.id == "second"
        await store.register(with_schema(bad, f"bad{strike}"))
    assert await store.in_force() is None
    await trainer.take()
    assert life_of(own).unknown.startswith("no better than the means")
