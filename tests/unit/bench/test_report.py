"""What is stored, printed and written of the results."""

import json
from pathlib import Path

import pytest

from tests.bench import report
from tests.bench.document import document
from tests.bench.load import Load
from tests.bench.pairs import Pair, compare
from tests.bench.product import Bench
from tests.bench.rows import Row, at_most, times_better, times_worse

UPDATE = Row("window_update_ns", "ns", "A quote.", beside="a dict", targets=(at_most(5), times_better(25)))
FLOOR = Row("latency_us", "us", "A frame.", beside="a floor", targets=(times_worse(1.6),))
RATE = Row("rows_per_s", "rows/s", "Rows.", is_higher_better=True)
LOAD = Load(0.5, 2, ())
MACHINE = report.machine("abc1234")


def stored(row: Row, pairs: list[Pair]) -> report.Stored:
    return report.stored(row, compare(pairs, is_higher_better=row.is_higher_better), row.beside)


ROWS = {
    UPDATE.key: stored(UPDATE, [(8.0, 800.0), (4.0, 800.0), (10.0, 800.0)]),
    FLOOR.key: stored(FLOOR, [(1_500.0, 1_000.0), (2_000.0, 1_000.0), (3_000.0, 1_000.0)]),
    RATE.key: stored(RATE, [(150_000.0, None)]),
}


def test_a_ratio_says_its_direction_and_is_never_below_one() -> None:
    """Its range counts the same way."""
    assert report.ratio(ROWS[UPDATE.key]) == "100x better (80 to 200)"
    assert report.ratio(ROWS[FLOOR.key]) == "2x worse (1.5 to 3)"
    assert report.ratio(ROWS[RATE.key]) == ""


def test_figures_are_shown_with_their_spread() -> None:
    """Without one when all rounds gave the same."""
    assert report.figure(ROWS[UPDATE.key]) == "8 ns (4 to 10)"
    assert report.figure(ROWS[RATE.key]) == "150,000 rows/s"
    assert report.beside(ROWS[UPDATE.key]) == "800 ns: a dict"


def test_targets_are_met_or_missed() -> None:
    """Each by itself."""
    assert report.targets(ROWS[UPDATE.key]) == "<= 5 ns: MISSED; at least 25x better: met"
    assert report.targets(ROWS[FLOOR.key]) == "at most 1.6x worse: MISSED"


def test_beside_another_commit_targets_of_a_ratio_are_left_out() -> None:
    """They are about the row's own neighbour: nobody asks a commit to be 25 times better than the last."""
    row = report.stored(UPDATE, compare([(4.0, 4.1)], is_higher_better=False), "commit abc")
    assert report.targets(row) == "<= 5 ns: met"
    assert report.beside(row) == "4.1 ns: commit abc"


def test_names_are_whole_in_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever else has to be folded; every row is explained in a line with its direction."""
    monkeypatch.setenv("COLUMNS", "40")
    name = "decode_book_frame_us_a_venue_with_a_rather_long_name_and_more_delta"
    report.print_table("bench", {name: ROWS[UPDATE.key], RATE.key: ROWS[RATE.key]}, {})
    printed = capsys.readouterr().out
    assert any(name in line and "better" in line for line in printed.splitlines())
    assert f"{RATE.key}: Rows. Higher is better." in printed


def test_change_is_of_the_ratio_or_of_the_figure() -> None:
    """Above 100 % is better, whichever way the unit counts; another neighbour is no measure for the ratio."""
    better = stored(UPDATE, [(4.0, 800.0)])
    assert report.change_percent(better, ROWS[UPDATE.key]) == 200
    assert report.change_percent(stored(UPDATE, [(4.0, 400.0)]), ROWS[UPDATE.key]) == 100
    assert report.change_percent(better | {"beside": "commit abc"}, ROWS[UPDATE.key]) == 200  # 8 ns were 4
    assert report.change_percent(stored(RATE, [(300_000.0, None)]), ROWS[RATE.key]) == 200
    assert report.change_percent(better, None) is None


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    """With the load of each bench; rows of the old form are as none."""
    path = tmp_path / "deep" / "latest.json"
    report.write_json(path, ROWS, {"engine": LOAD}, MACHINE)
    assert report.read_rows(path) == ROWS
    assert json.loads(path.read_text())["loads"] == {"engine": LOAD.summary}
    path.write_text(json.dumps({"rows": {"old": {"value": 1.0, "ratio": 2.0}}}))
    assert report.read_rows(path) == {}
    assert report.read_rows(tmp_path / "absent.json") == {}


def benches() -> list[Bench]:
    return [
        Bench("engine", "The engine.", (UPDATE, FLOOR), None, 3, "Hot caches."),  # type: ignore[arg-type]
        Bench("flush", "Rows.", (RATE,), None, 1, "An empty database."),  # type: ignore[arg-type]
    ]


def test_the_page_has_every_row_how_it_is_made_and_the_limits() -> None:
    """Table, explanation, limits and load of each bench."""
    page = document(benches(), ROWS, {"engine": LOAD, "flush": LOAD}, MACHINE)
    assert "| `window_update_ns` | 8 ns (4 to 10) | 800 ns: a dict | 100x better (80 to 200) |" in page
    assert "- `rows_per_s`: Rows. Higher is better." in page
    for text in ("## engine", "Limits: Hot caches.", "3 rounds", LOAD.summary, "An empty database."):
        assert text in page
    assert "Commit abc1234, " in page
    assert "provisional" not in page


def test_the_page_of_a_busy_machine_says_so() -> None:
    """Such figures may be committed, but not in silence."""
    busy = Load(9.0, 2, (("compiler", 99.0),))
    assert "provisional" in document(benches(), ROWS, {"engine": LOAD, "flush": busy}, MACHINE)


def test_the_page_is_not_written_without_all_rows() -> None:
    """A row that is missing is an error, not a hole in the table."""
    with pytest.raises(KeyError):
        document(benches(), {UPDATE.key: ROWS[UPDATE.key]}, {"engine": LOAD, "flush": LOAD}, MACHINE)
