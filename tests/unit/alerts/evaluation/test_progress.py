"""How far each slot is handled."""

from hypothesis import given
from hypothesis import strategies as st

from crossbook.alerts.evaluation.progress import Hold, Position, Progress
from crossbook.plumbing.data.leases import Tenure

SLOT = Tenure(slot=3, renewed_at=0.0)


def at(number: int) -> Position:
    return Position(number, str(number)) if number else Position()


def reach(progress: Progress, number: int) -> None:
    progress.reach(number, str(number))


def test_a_position_moves_once_everything_up_to_it_is_settled() -> None:
    """What is settled out of order waits for what came before it."""
    progress = Progress()
    first = progress.hold(SLOT)
    reach(progress, 1)
    second = progress.hold(SLOT)
    reach(progress, 2)
    second.settle()
    assert progress.position(SLOT.slot) == at(0)
    first.settle()
    assert progress.position(SLOT.slot) == at(2)


def test_a_slot_does_not_wait_for_another() -> None:
    """Only resuming does, which is for all."""
    progress = Progress()
    reach(progress, 1)
    progress.hold(SLOT)
    reach(progress, 2)
    assert (progress.position(SLOT.slot), progress.position(0), progress.oldest) == (at(1), at(2), at(1))
    progress.forget(SLOT.slot)
    assert progress.oldest == at(2)


def test_an_event_without_a_token_does_not_move_it() -> None:
    """It cannot be resumed from."""
    progress = Progress()
    progress.restart(at(1))
    progress.reach(5, "")
    assert progress.oldest == at(1)


def test_a_restart_forgets_holds_and_keeps_their_late_ends_harmless() -> None:
    """The stream tells their events again."""
    progress = Progress()
    reach(progress, 1)
    hold = progress.hold(SLOT)
    progress.restart(progress.oldest)
    reach(progress, 2)
    again = progress.hold(SLOT)
    hold.settle()
    reach(progress, 3)
    assert progress.position(SLOT.slot) == at(2)
    again.settle()
    assert progress.position(SLOT.slot) == at(3)


def test_what_is_looked_at_again_holds_the_position_that_it_was_begun_from() -> None:
    """A successor that dies in turn leaves the slot where its predecessor did."""
    progress = Progress()
    reach(progress, 9)
    with progress.replaying(at(4), told_since=5):
        hold = progress.hold(SLOT)
    assert progress.position(SLOT.slot) == at(4)
    hold.settle()
    assert progress.position(SLOT.slot) == at(9)


def test_events_of_one_time_or_of_a_clock_that_was_set_back_keep_their_order() -> None:
    """What the tokens look like says nothing; the times of positions rise all the same."""
    progress = Progress()
    progress.restart(Position(100, "z"))
    hold = progress.hold(SLOT)
    progress.reach(100, "y")
    progress.hold(Tenure(slot=4, renewed_at=0.0))
    progress.reach(40, "x")
    assert progress.position(SLOT.slot) == progress.oldest == Position(100, "z")
    hold.settle()
    assert (progress.oldest, progress.position(SLOT.slot)) == (Position(101, "y"), Position(102, "x"))


def test_what_was_begun_from_a_position_that_nobody_here_has_heard_is_held_where_we_are() -> None:
    """If it lies ahead; from one that lies before all that is known, all is told again."""
    progress = Progress()
    reach(progress, 9)
    with progress.replaying(at(12), told_since=None):
        progress.hold(SLOT)
    assert progress.position(SLOT.slot) == at(9)
    with progress.replaying(at(2), told_since=None):
        progress.hold(Tenure(slot=4, renewed_at=0.0))
    assert (progress.position(4), progress.oldest) == (at(2), at(2))


def test_a_position_survives_being_stored() -> None:
    """Also the one of the beginning."""
    for position in (Position(), at(7), Position(8, "YTox")):
        assert Position.decoded(position.encoded()) == position


@given(st.lists(st.tuples(st.booleans(), st.integers(min_value=0, max_value=9)), max_size=60))
def test_a_position_never_passes_what_is_unsettled_and_reaches_the_end(events: list[tuple[bool, int]]) -> None:
    """Whatever is settled in whatever order."""
    progress = Progress()
    held: list[tuple[int, Hold]] = []
    for number, (is_held, settle_index) in enumerate(events, start=1):
        if is_held:
            held.append((number, progress.hold(SLOT)))
        elif settle_index < len(held):
            held.pop(settle_index)[1].settle()
        reach(progress, number)
        oldest = min((at_number for at_number, _ in held), default=number + 1)
        assert progress.position(SLOT.slot) == at(oldest - 1)
    for _, hold in held:
        hold.settle()
    assert progress.position(SLOT.slot) == at(len(events))
