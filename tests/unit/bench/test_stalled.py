"""What a run with stalled clients must come to."""

import pytest

from tests.bench.stalled import BESIDE, is_true_to
from tests.bench.streams import STREAMS, Control, Stalled


@pytest.mark.parametrize(
    ("received", "missed", "is_true"), [(3, 0, True), (4, 0, True), (2, 0, False), (2, 1, True), (0, 900, True)]
)
def test_a_loss_must_be_told(received: int, missed: int, is_true: bool) -> None:
    """Who has as much as the control, that read all the time, has lost nothing."""
    control = Control()
    control.ages_ms[BESIDE, STREAMS[0].name] = [1.0, 1.0, 1.0]
    assert is_true_to(Stalled(STREAMS[0], None, received, missed), control) is is_true
