"""What a simulated venue says besides its books."""

from crossbook.plumbing.settings import SimulatorSettings
from crossbook.simulator.simulator import Simulator
from crossbook.simulator.world.facts import SECOND_NS, facts_of

START_NS = 1_800_000_000_000_000_000


def test_rates_change_with_the_interval_and_the_prediction_comes_true() -> None:
    """Within an interval the rate stands; the next one's is what was predicted."""
    simulator = Simulator(SimulatorSettings(assets=1, venues=["okx"]), START_NS)
    instrument = next(iter(simulator.faces["okx"].instruments.values()))
    now = facts_of(instrument, 3600, START_NS)
    same = facts_of(instrument, 3600, START_NS + 60 * SECOND_NS)
    later = facts_of(instrument, 3600, now.next_seconds * SECOND_NS)
    assert (now.rate, now.next_seconds) == (same.rate, same.next_seconds)
    assert (later.rate, later.next_seconds) == (now.predicted, now.next_seconds + 3600)
    assert now.open_interest * now.mark == now.open_money
