"""How many calls of one method run at a time."""

from contextlib import ExitStack

import pytest
from prometheus_client import REGISTRY

from crossbook.plumbing.errors import OverloadedError
from crossbook.plumbing.grpc.call_limits import CallLimits


def refused(method: str) -> float:
    return REGISTRY.get_sample_value("crossbook_grpc_refused_calls_total", {"method": method}) or 0.0


def test_one_call_more_than_there_are_places_is_refused_and_counted() -> None:
    """A place that was left is somebody's again."""
    limits, before = CallLimits(unary_calls=2, streams=1), refused("/s/Get")
    with ExitStack() as running:
        for _ in range(2):
            running.enter_context(limits.unary("/s/Get"))
        with pytest.raises(OverloadedError, match="2 calls of /s/Get run already"), limits.unary("/s/Get"):
            pass
        assert refused("/s/Get") == before + 1
    with limits.unary("/s/Get"):
        pass
    assert refused("/s/Get") == before + 1


def test_a_method_that_refused_nothing_says_so() -> None:
    """A board that shows nothing at all could as well be broken."""
    with CallLimits().unary("/s/Never"):
        pass
    assert REGISTRY.get_sample_value("crossbook_grpc_refused_calls_total", {"method": "/s/Never"}) == 0


def test_methods_do_not_take_places_from_each_other() -> None:
    """A flood of one leaves the others as they are; streams have their own number."""
    limits = CallLimits(unary_calls=2, streams=1)
    with ExitStack() as running:
        for place in (limits.stream("/s/Watch"), limits.stream("/s/Follow"), limits.unary("/s/Get")):
            running.enter_context(place)
        running.enter_context(limits.unary("/s/Get"))
        with pytest.raises(OverloadedError, match="1 calls of /s/Watch"), limits.stream("/s/Watch"):
            pass


def test_a_call_that_fails_leaves_its_place() -> None:
    """However it ends."""
    limits = CallLimits(unary_calls=1)
    for _ in range(3):
        with pytest.raises(ValueError, match="broken"), limits.unary("/s/Get"):
            raise ValueError("broken")
    assert limits._running == {}
