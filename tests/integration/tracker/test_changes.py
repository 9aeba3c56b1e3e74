"""Markets that come and go while a tracker runs: by the venue's list, and by another choice."""

import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from crossbook.pb.v1.market_pb2 import BOOK_STATE_CLOSED as CLOSED
from crossbook.pb.v1.market_pb2 import BOOK_STATE_LIVE as LIVE
from tests.support.tracker.ingest_server import IngestStream
from tests.support.tracker.tracking import VENUES, World, tracking
from tests.support.waiting import eventually

LISTING_SECONDS = 0.5


def assert_others_untouched(world: World, marks: dict[str, int], asset: str) -> None:
    """No other instrument was anything but LIVE since the mark, and the sequence has no hole."""
    for venue in marks:
        stream = world.ingest.streams[venue]
        assert {row[3] for row in stream.rows(marks[venue]) if row[0] != asset} == {LIVE}
        assert stream.sequences == list(range(1, len(stream.sequences) + 1))


def indexes(stream: IngestStream, asset: str) -> list[int]:
    """Under which an asset was introduced, in their order."""
    return [index for index, entry in stream.symbols.items() if entry.instrument.asset == asset]


def contract_sizes(stream: IngestStream, asset: str) -> list[float]:
    """With which it was introduced."""
    return [stream.symbols[index].instrument.contract_size for index in indexes(stream, asset)]


def bid_size(stream: IngestStream, index: int) -> float:
    """Of the last LIVE row."""
    rows = [(batch, row) for batch in stream.batches for row, one in enumerate(batch.symbol_index) if one == index]
    return [batch.bid_size[row] for batch, row in rows if batch.state[row] == LIVE][-1]


async def test_a_delisted_market_closes_and_a_new_listing_is_picked_up() -> None:
    """On every venue at once, from the market list alone; nobody else notices."""
    async with tracking(listing_interval_seconds=LISTING_SECONDS) as world:
        before = await world.until_live()
        marks = {venue: len(world.ingest.streams[venue].batches) for venue in VENUES}
        await world.order(",".join(f"{venue}/BTC:delist@0s+6s" for venue in VENUES))
        await eventually(lambda: all(world.ingest.streams[v].last_states()["BTC"] == CLOSED for v in VENUES))
        await world.until(lambda stats: all(stats[v].markets == before[v].markets - 1 for v in VENUES))
        await eventually(lambda: not world.simulator.injector.state())
        await world.until(lambda stats: all(stats[v].markets == before[v].markets for v in VENUES))
        after = await world.until_live()
        assert {v: (after[v].reconnects, after[v].listings_refused) for v in VENUES} == dict.fromkeys(VENUES, (0, 0))
        assert_others_untouched(world, marks, "BTC")


@pytest.mark.parametrize("symbols", [[], ["BTC/USDT:USDT", "ETH/USDT:USDT"]])
async def test_a_contract_of_another_size_closes_and_comes_anew_with_it(
    symbols: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """As after a rebase, with markets named and without: sizes are worth the new contract, and the log says so."""
    async with tracking(venues=["okx"], symbols=symbols, listing_interval_seconds=LISTING_SECONDS) as world:
        await world.until_live()
        world.stand_still()
        stream = world.ingest.streams["okx"]
        rebased = next(one for one in world.simulator.faces["okx"].instruments.values() if one.asset == "BTC")
        before = rebased.listing.contract_size
        rebased.listing = replace(rebased.listing, contract_size=before / 10)
        await eventually(lambda: contract_sizes(stream, "BTC") == [before, before / 10])
        await eventually(lambda: stream.last_states()["BTC"] == LIVE)
        states = [row[3] for row in stream.rows() if row[0] == "BTC"]
        assert CLOSED in states[states.index(LIVE) :], "the old one is closed"
        old, new = (bid_size(stream, index) for index in indexes(stream, "BTC"))
        assert new == pytest.approx(old / 10)
    assert f"contract_size {before} -> {before / 10}" in capsys.readouterr().out


async def test_a_market_list_that_cannot_be_read_changes_nothing_and_is_counted() -> None:
    """The venue refuses every request for a while."""
    async with tracking(venues=["okx"], listing_interval_seconds=LISTING_SECONDS) as world:
        await world.until_live()
        await world.order("okx:429@0s+2s=1")
        await world.until(lambda stats: stats["okx"].listings_refused > 0)
        stats = await world.until_live()
        assert stats["okx"].markets == 4
        assert {row[3] for row in world.ingest.streams["okx"].rows() if row[3] == CLOSED} == set()


async def test_sighup_reads_the_choice_again_and_touches_the_difference_only(tmp_path: Path) -> None:
    """ETH goes, SOL comes, BTC does not notice."""
    choice = tmp_path / "choice.json"
    choice.write_text(json.dumps({"assets": ["BTC", "ETH"]}))
    async with tracking(choice_file=choice) as world:
        await world.until_live()
        await eventually(lambda: all(len(world.ingest.streams[venue].last_states()) == 2 for venue in VENUES))
        marks = {venue: len(world.ingest.streams[venue].batches) for venue in VENUES}
        choice.write_text(json.dumps({"assets": ["BTC", "SOL"]}))
        os.kill(os.getpid(), signal.SIGHUP)
        wanted = {"BTC": LIVE, "ETH": CLOSED, "SOL": LIVE}
        await eventually(lambda: all(world.ingest.streams[venue].last_states() == wanted for venue in VENUES))
        for venue in VENUES:
            stream = world.ingest.streams[venue]
            await eventually(lambda s=stream, v=venue: any(row[0] == "BTC" for row in s.rows(marks[v])))
            assert {row[3] for row in stream.rows(marks[venue]) if row[0] == "BTC"} == {LIVE}
            assert stream.sequences == list(range(1, len(stream.sequences) + 1))
