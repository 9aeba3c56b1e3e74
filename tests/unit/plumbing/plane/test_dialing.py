"""How the plane dials, and how Python hears of the end."""

import grpc

from crossbook.plumbing.plane.dialing import loss_of


def test_a_status_is_a_loss_with_its_words() -> None:
    """As of a stream that grpcio carries."""
    loss = loss_of(grpc.StatusCode.FAILED_PRECONDITION.value[0], "wrong shard")
    assert loss is not None
    assert (loss.reason, loss.code) == ("FAILED_PRECONDITION: wrong shard", grpc.StatusCode.FAILED_PRECONDITION)


def test_a_good_end_is_no_loss_of_its_own() -> None:
    """Whoever followed knows whether it was to end."""
    assert loss_of(0, "") is None
