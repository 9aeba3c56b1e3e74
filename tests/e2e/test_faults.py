"""Every venue is cut, frozen and fed garbage in turn, while the rest goes on."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crossbook._core import CLOSED, LIVE
from tests.support.local.system import VENUES, System, instruments_of
from tests.support.tracker.recordings import assert_windows_equal, recorded_batches

WINDOW_SECONDS = 5
STALE_SECONDS = 3
CUTS = [f"{venue}:cut@{8 + 2 * turn}s" for turn, venue in enumerate(VENUES)]
FREEZES = [f"{venue}/ETH:freeze@{20 + turn}s+7s" for turn, venue in enumerate(VENUES)]
GARBAGE = [f"{venue}/BTC:corrupt@{34 + 2 * turn}s" for turn, venue in enumerate(VENUES)]
DURATION_SECONDS = 52
TROUBLED = {"ETH", "BTC"}


@dataclass(frozen=True)
class Row:
    """One quote that a tracker sent."""

    asset: str
    receive_ns: int
    bid: float
    ask: float
    state: int


async def test_faults_touch_nothing_but_their_own_books(tmp_path: Path, postgres_dsn: str, redis_url: str) -> None:
    """No opportunity is invented, no broken book is quoted, other symbols stay LIVE, and all is LIVE again."""
    options = ["--duration", f"{DURATION_SECONDS}s", "--window-seconds", str(WINDOW_SECONDS), "--record"]
    options += ["--faults", ",".join(CUTS + FREEZES + GARBAGE)]
    environment = {
        "CROSSBOOK_POSTGRES_DSN": postgres_dsn,
        "CROSSBOOK_REDIS_URL": redis_url,
        "CROSSBOOK_TRACKER__STALE_AFTER_SECONDS": str(STALE_SECONDS),
    }
    async with System(tmp_path, *options, **environment) as system:
        assert await system.ended(DURATION_SECONDS + 120) == 0
    report = system.summary()
    _assert_recovered(report)
    truth = _truth(tmp_path)
    assert sum(line["kind"] == "fault_ended" for line in truth) == len(CUTS + FREEZES + GARBAGE)
    for venue in VENUES:
        rows = list(_rows(tmp_path, venue))
        _assert_usable(rows)
        _assert_frozen_and_garbled_were_noticed(rows)
        _assert_others_untouched(rows, instruments_of(venue), since_ns=_start_of(truth, venue, "freeze"))
        assert_windows_equal(postgres_dsn, tmp_path, venue, WINDOW_SECONDS)


def _assert_recovered(report: dict[str, Any]) -> None:
    for name, venue in report["venues"].items():
        assert (venue["state"], venue["instruments"]) == ("LIVE", instruments_of(name))
        assert venue["reconnects"] >= 1
        assert venue["gaps"] + venue["parse_errors"] >= 1
        assert venue["resyncs"] >= 1
    truth = report["ground_truth"]
    assert truth["detected"] == truth["planted"]
    assert truth["false"] == 0
    assert report["windows"]["incomplete"] == 0
    assert {process["exit_code"] for process in report["processes"].values()} == {0}


def _assert_usable(rows: list[Row]) -> None:
    """A LIVE quote is two-sided, not crossed and near the one before; any other has no price at all."""
    last: dict[str, Row] = {}
    for row in rows:
        if row.state != LIVE:
            assert (row.bid, row.ask) == (0.0, 0.0)
            continue
        assert 0 < row.bid < row.ask
        before = last.setdefault(row.asset, row)
        assert abs(row.bid / before.bid - 1) < 0.05
        last[row.asset] = row


def _assert_frozen_and_garbled_were_noticed(rows: list[Row]) -> None:
    for asset in TROUBLED:
        states = [row.state for row in rows if row.asset == asset]
        assert any(state not in (LIVE, CLOSED) for state in states[states.index(LIVE) :])


def _assert_others_untouched(rows: list[Row], listed: int, since_ns: int) -> None:
    """From the first freeze on only the end of the run ends their being LIVE."""
    states: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if row.asset not in TROUBLED and row.receive_ns >= since_ns:
            states[row.asset].append(row.state)
    assert len(states) == listed - len(TROUBLED)
    for seen in states.values():
        assert set(seen[:-1]) == {LIVE}
        assert seen[-1] == CLOSED


def _rows(data_dir: Path, venue: str) -> Iterator[Row]:
    assets: dict[int, str] = {}
    for batch in recorded_batches(data_dir, venue):
        assets.update((entry.index, entry.instrument.asset) for entry in batch.symbols)
        columns = (batch.symbol_index, batch.receive_ns, batch.bid, batch.ask, batch.state)
        for index, *values in zip(*columns, strict=True):
            yield Row(assets[index], *values)


def _truth(data_dir: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (data_dir / "truth.jsonl").read_text().splitlines()]


def _start_of(truth: list[dict[str, Any]], venue: str, kind: str) -> int:
    return next(
        int(line["at_ns"])
        for line in truth
        if line["kind"] == "fault_started" and line["venue"] == venue and kind in line["fault"]
    )
