"""How busy the machine is with other things."""

from tests.bench.load import Load, Process, busy

BEFORE = {
    1: Process("init", 0, 0),
    10: Process("bench", 1, 0),
    11: Process("bench's child", 10, 0),
    12: Process("its child", 11, 0),
    20: Process("compiler", 1, 100),
    21: Process("idler", 1, 100),
}
AFTER = {
    **BEFORE,
    11: Process("bench's child", 10, 50),
    12: Process("its child", 11, 50),
    20: Process("compiler", 1, 140),
    21: Process("idler", 1, 101),
    30: Process("newcomer", 1, 40),
}


def test_others_that_work_are_found_and_the_bench_is_not() -> None:
    """Nor its children and theirs, those that hardly work, and those of which there is no earlier sample."""
    assert busy(BEFORE, AFTER, own=10, ticks=50) == (("compiler", 80.0),)


def test_the_busiest_come_first() -> None:
    """The terminal shows the first few."""
    after = {**AFTER, 21: Process("idler", 1, 150)}
    assert [name for name, _ in busy(BEFORE, after, own=10, ticks=50)] == ["idler", "compiler"]


def test_the_summary_names_nobody() -> None:
    """It goes into the repository; the words are for the terminal."""
    load = Load(1.25, 2, (("compiler", 80.0),))
    assert load.summary == "load 1.2 on 2 cores, 1 other busy processes (80 %)"
    assert load.words == "load 1.2 on 2 cores, 1 other busy processes (80 %): compiler 80 %"
    assert not load.is_quiet
    assert Load(0.1, 2, ()).is_quiet
