"""How far the stream is handled."""

from hypothesis import given
from hypothesis import strategies as st

from crossbook.alerts.progress import THIN_OUT_AT, Progress, Step


def test_a_token_counts_once_everything_up_to_it_is_settled() -> None:
    progress = Progress()
    progress.restart("0")
    first = progress.step("1")
    first.hold()
    second = progress.step("2")
    second.hold()
    second.settle()
    assert progress.token == "0"
    first.settle()
    assert progress.token == "2"


def test_an_event_without_a_token_does_not_move_it() -> None:
    progress = Progress()
    progress.restart("0")
    progress.step("")
    assert progress.token == "0"
    progress.step("2")
    assert progress.token == "2"


def test_a_restart_forgets_steps_and_keeps_their_late_ends_harmless() -> None:
    progress = Progress()
    step = progress.step("1")
    step.hold()
    progress.restart(progress.token)
    step.settle()
    assert progress.token == ""


def test_a_long_wait_does_not_let_steps_pile_up() -> None:
    progress = Progress()
    progress.step("first").hold()
    for number in range(10 * THIN_OUT_AT):
        step = progress.step(str(number))
        step.hold()
        step.settle()
    assert len(progress._steps) <= THIN_OUT_AT
    assert progress.token == ""


@given(st.lists(st.tuples(st.booleans(), st.integers(min_value=0, max_value=9)), max_size=60))
def test_the_token_never_passes_what_is_unsettled_and_reaches_the_end(events: list[tuple[bool, int]]) -> None:
    progress = Progress()
    held: list[tuple[int, Step]] = []
    for number, (is_held, settle_index) in enumerate(events, start=1):
        step = progress.step(str(number))
        if is_held:
            step.hold()
            held.append((number, step))
        elif settle_index < len(held):
            held.pop(settle_index)[1].settle()
        oldest = min((at for at, _ in held), default=number + 1)
        assert int(progress.token or 0) < oldest
    for _, step in held:
        step.settle()
    assert progress.token == (str(len(events)) if events else "")
