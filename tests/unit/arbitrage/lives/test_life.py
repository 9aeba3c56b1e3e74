"""A life from its events."""

import random

from crossbook.arbitrage.lives.life import MAX_POINTS, Life, begun, least_of
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.timestamps import to_timestamp

SECOND = 1_000_000_000
START = 1_795_214_495 * SECOND
OPENED, UPDATED, CLOSED = (
    pb.OPPORTUNITY_EVENT_KIND_OPENED,
    pb.OPPORTUNITY_EVENT_KIND_UPDATED,
    pb.OPPORTUNITY_EVENT_KIND_CLOSED,
)


def event(
    kind: pb.OpportunityEventKind.ValueType,
    at_ns: int,
    net: float,
    *,
    peak: float = 0.0,
    reason: int = pb.REFUSAL_REASON_BELOW_THRESHOLD,
) -> pb.OpportunityEvent:
    """One of BTC, which began to pay at START and was told at START + 1 s."""
    found = pb.Opportunity(
        id="BTC-a-b-1",
        asset="BTC",
        buy=pb.Leg(venue="a", symbol="BTC/USDT:USDT", quote_currency="USDT"),
        sell=pb.Leg(venue="b", symbol="BTC/USDC:USDC"),
        costs=pb.SpreadCosts(gross_percent=net + 0.2, net_percent=net),
        executable_size=2.0,
        executable_notional=200.0 * net,
        open_time=to_timestamp(START),
        peak_net_percent=max(peak, net),
    )
    told = pb.OpportunityEvent(kind=kind, opportunity=found, event_time=to_timestamp(START + at_ns))
    if kind == CLOSED:
        told.close_reason = pb.RefusalReason.ValueType(reason)
    return told


def life(*rest: pb.OpportunityEvent) -> Life:
    """That begins a second after START with 1 %."""
    made = begun(event(OPENED, SECOND, 1.0), "writer")
    for one in rest:
        made.take(one, "writer")
    return made


def test_a_life_has_opening_peak_close_and_why() -> None:
    """Each from the event that tells it, the peak even when no step told it."""
    made = life(event(UPDATED, 2 * SECOND, 3.0), event(CLOSED, 3 * SECOND, 0.5, peak=4.0))
    assert (made.open_ns, made.publish_ns, made.close_ns) == (START, START + SECOND, START + 3 * SECOND)
    assert (made.opening_net_percent, made.peak_net_percent, made.last_net_percent) == (1.0, 4.0, 0.5)
    assert (made.close_reason, made.is_censored, made.events) == (pb.REFUSAL_REASON_BELOW_THRESHOLD, False, 3)
    assert (made.opening_notional, made.peak_notional, made.quote_currency) == (200.0, 600.0, "USDT")


def test_the_path_is_every_step_with_its_size() -> None:
    """Microseconds after it was told."""
    made = life(event(UPDATED, SECOND + 250_000, 2.0), event(CLOSED, 3 * SECOND, 0.5))
    assert (made.path_us, made.path_net_percent, made.path_notional) == ([0, 250], [1.0, 2.0], [200.0, 400.0])


def test_a_lost_leg_ends_the_watch_and_a_price_the_opportunity() -> None:
    """What is censored is told apart."""
    assert life(event(CLOSED, 2 * SECOND, 1.0, reason=pb.REFUSAL_REASON_NOT_LIVE)).is_censored
    assert life(event(CLOSED, 2 * SECOND, 1.0, reason=pb.REFUSAL_REASON_TOO_OLD)).is_censored
    assert not life(event(CLOSED, 2 * SECOND, 1.0)).is_censored


def test_an_event_after_the_end_takes_it_back_and_one_before_does_not() -> None:
    """Another replica sees it open still; its later end is the end."""
    made = life()
    made.end(START + 5 * SECOND, pb.REFUSAL_REASON_NOT_LIVE, is_censored=True)
    made.take(event(UPDATED, 6 * SECOND, 2.0), "other")
    assert (made.close_ns, made.close_reason, made.is_censored, made.writer) == (None, 0, False, "other")
    made.take(event(CLOSED, 8 * SECOND, 2.0), "other")
    made.take(event(UPDATED, 7 * SECOND, 1.5), "writer")
    assert (made.close_ns, made.path_us) == (START + 8 * SECOND, [0, 5_000_000, 6_000_000])


def test_a_long_path_keeps_its_ends_its_peak_and_nearly_its_area() -> None:
    """Of a thousand steps 64 stay, and the mean net is off by less than a twentieth."""
    walk, made, net = random.Random(7), life(), 1.0
    steps = []
    for step in range(1, 1000):
        net = min(4.0, max(0.1, net + walk.choice((-0.05, 0.05))))
        steps.append(net)
        made.take(event(UPDATED, SECOND + step * 1_000_000, net), "writer")
    assert len(made.path_us) == len(made.path_net_percent) == len(made.path_notional) == MAX_POINTS
    assert (made.path_us[0], made.path_us[-1], max(made.path_net_percent)) == (0, 999_000, max(1.0, *steps))
    spans = [after - before for before, after in zip(made.path_us, made.path_us[1:], strict=False)]
    area = sum(span * value for span, value in zip(spans, made.path_net_percent, strict=False))
    true = sum([1.0, *steps[:-1]]) * 1_000
    assert abs(area / true - 1) < 0.05


def test_the_point_that_goes_is_the_one_that_matters_least() -> None:
    """By height of its step times how long it lasts."""
    assert least_of([0, 10, 20, 21, 30], [1.0, 2.0, 2.5, 9.0, 1.0]) == 2
