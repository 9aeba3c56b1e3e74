"""What the live scan does beside the core's: it measures, records, writes log lines, and wakes who waits."""

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from crossbook._core import IdentityPair, PayloadError
from crossbook.arbitrage import recorder as module
from crossbook.arbitrage.messages import to_event
from crossbook.arbitrage.recorder import NAME, BatchRecorder, recorded_answers, replay
from crossbook.arbitrage.tuning import ScannerArguments
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.recording import read_recording
from crossbook.plumbing.timestamps import SECOND_NS, now_ns
from tests.support.aggregator.fanout import Tick, payload
from tests.support.arbitrage.facts import HALTED, TRADING, told_facts
from tests.support.arbitrage.told_events import told
from tests.support.arbitrage.watching import WatchedScan


def tick(live: WatchedScan, bid: float) -> None:
    """`cheap` asks 100, `dear` bids."""
    live.on_batch(payload(Tick("cheap", 99.9, 100.0), Tick("dear", bid, bid + 0.1)))


async def test_what_was_known_before_we_came_is_not_measured(arguments: ScannerArguments) -> None:
    """The first batch of every stream holds quotes as old as they may be."""
    live = WatchedScan(arguments)
    for _ in range(2):
        counted = live.scanner.measured
        tick(live, 101.0)
        assert live.scanner.open_opportunities()
        assert live.scanner.measured == counted
        tick(live, 104.0)
        assert live.scanner.measured > counted
        live.on_disconnected()
    assert live.scanner.frame_to_opportunity_us(0.5) > 0


async def test_a_scan_whose_clock_is_wrong_knows_that_it_sees_nothing(arguments: ScannerArguments) -> None:
    """Quotes of a time to come are refused, every one; once the clock has been set right nothing is wrong."""
    set_by_ns = -70 * SECOND_NS
    live = WatchedScan(arguments, clock=Clock(lambda: now_ns() + set_by_ns))
    assert live.clock_problem == ""
    tick(live, 101.0)
    assert not live.scanner.open_opportunities()
    assert live.clock_problem.startswith("all quotes bear times that are 70.0 s ahead of")
    set_by_ns = 0
    assert live.clock_problem == ""


async def test_openings_and_closings_are_logged_once_and_after_those_who_watch(arguments: ScannerArguments) -> None:
    """A line each, in order, of what the scanner said; updates have none."""
    live = WatchedScan(arguments)
    with capture_logs() as lines:
        for bid in (101.0, 102.0, 100.0):
            tick(live, bid)
        assert not lines
        await asyncio.sleep(0)
        tick(live, 101.0)
        await asyncio.sleep(0)
    assert [line["event"] for line in lines] == ["opportunity_opened", "opportunity_closed", "opportunity_opened"]
    assert (lines[1]["reason"], lines[1]["asset"], lines[1]["buy"]) == ("BELOW_THRESHOLD", "BTC", "cheap")


async def test_a_recording_of_a_live_scan_replays_to_what_it_told(tmp_path: Path, arguments: ScannerArguments) -> None:
    """Batches, also refused ones, the timer, decisions and losses, each in its place, and the answers beside them."""
    recorder = BatchRecorder(tmp_path, arguments, 1)
    live = WatchedScan(arguments, recorder)
    tick(live, 101.0)
    with pytest.raises(PayloadError):
        live.on_batch(b"\xff", 7)
    live.on_timer()
    pair = IdentityPair("BTC", ("cheap", "BTC/USDT:USDT"), ("dear", "BTC/USDT:USDT"))
    live.set_identities([(pair, 3)])
    live.set_identities([])
    tick(live, 101.0)
    live.on_disconnected()
    live.take_news()
    recorder.close()
    said = told(live.scanner)
    for event in said:
        event.resume_token = ""
    replayed = [to_event(event) for event in replay(tmp_path)]
    assert [event.kind for event in replayed] == [1, 3, 1, 3]
    assert replayed == said
    assert list(recorded_answers(tmp_path)) == [event.SerializeToString() for event in said]


async def test_facts_reach_the_scan_and_its_recording(tmp_path: Path, arguments: ScannerArguments) -> None:
    """A venue that halts closes what is open there, and the recording replays to the same end; garbage is refused."""
    recorder = BatchRecorder(tmp_path, arguments, 1)
    live = WatchedScan(arguments, recorder)
    live.on_facts(told_facts("cheap", status=TRADING, min_notional=50.0).SerializeToString())
    tick(live, 101.0)
    live.on_facts(told_facts("cheap", status=HALTED).SerializeToString())
    with pytest.raises(PayloadError):
        live.on_facts(b"\xff")
    live.take_news()
    recorder.close()
    opened, closed = told(live.scanner)
    assert opened.opportunity.buy.facts.min_notional == 50.0
    assert closed.close_reason == pb.REFUSAL_REASON_NOT_TRADING
    replayed = [to_event(event) for event in replay(tmp_path)]
    assert [event.close_reason for event in replayed] == [0, pb.REFUSAL_REASON_NOT_TRADING]


async def test_a_recording_ends_before_a_hole(
    tmp_path: Path, arguments: ScannerArguments, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits for the recorder is bounded; what is there is whole, the loss is told once, the scan goes on."""
    monkeypatch.setattr("crossbook.arbitrage.live.RECORD_BYTES", 3000)
    recorder = BatchRecorder(tmp_path, arguments, 1)
    live = WatchedScan(arguments, recorder)
    with capture_logs() as lines:
        for bid in (101.0, 102.0) * 10:
            tick(live, bid)
        live.take_news()
        tick(live, 100.0)
        live.take_news()
    assert [line["event"] for line in lines].count("recording_failed") == 1
    records = [record.kind for record in read_recording(tmp_path, NAME)]
    assert records[:3] == [module.SETTINGS, module.BATCH, module.ANSWER]
    assert len(records) < 20
    assert live.scanner.take_records() == ([], False)
    assert live.scanner.stats().closed == 1
