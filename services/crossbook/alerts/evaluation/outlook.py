"""What an opportunity's prediction says of a moment between its horizons."""

import math

from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.timestamps import from_duration

LEAST = 1e-300


def alive_probability(life: arbitrage_pb2.LifePrediction, after_ns: int) -> float | None:
    """Whether it still pays then, by even hazards between the horizons; None where nothing can be said of it."""
    if not life.model or not life.horizons:
        return None
    before_ns, before = 0, 0.0  # in logs
    for horizon in life.horizons:
        then_ns, then = from_duration(horizon.after), math.log(max(horizon.alive_probability, LEAST))
        if after_ns <= then_ns:
            share = (after_ns - before_ns) / (then_ns - before_ns)
            return math.exp(before + (then - before) * share)
        before_ns, before = then_ns, then
    return None
