"""Lives from their events, and as rows of a table."""

import math

import pytest

from crossbook._core import LIFE_PATH_POINTS, InvalidSettingError, Life, PayloadError, carry_on
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


def carried(life: Life | None, *told: pb.OpportunityEvent, writer: str = "writer") -> Life:
    """After these events of one writer; None begins one."""
    payloads = [(writer, pb.WatchOpportunitiesResponse(events=[one]).SerializeToString()) for one in told]
    known, new = carry_on([life] if life else [], payloads)
    (made,) = [*known, *new]
    return made


def life(*rest: pb.OpportunityEvent) -> Life:
    """That begins a second after START with 1 %."""
    return carried(None, event(OPENED, SECOND, 1.0), *rest)


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
    made = life().ended(START + 5 * SECOND, pb.REFUSAL_REASON_NOT_LIVE, is_censored=True)
    assert (made.close_ns, made.is_censored) == (START + 5 * SECOND, True)
    made = carried(made, event(UPDATED, 6 * SECOND, 2.0), writer="other")
    assert (made.close_ns, made.close_reason, made.is_censored, made.writer) == (None, 0, False, "other")
    made = carried(made, event(CLOSED, 8 * SECOND, 2.0), writer="other")
    made = carried(made, event(UPDATED, 7 * SECOND, 1.5))
    assert (made.close_ns, made.path_us) == (START + 8 * SECOND, [0, 5_000_000, 6_000_000])


def test_no_life_ends_before_it_began() -> None:
    """A writer's last sign may be older than what it saw open."""
    assert life().ended(START - SECOND, pb.REFUSAL_REASON_NOT_LIVE, is_censored=True).close_ns == START


def test_a_page_of_events_is_the_same_as_event_after_event() -> None:
    """Also of a path that is longer than what is kept."""
    told = [event(UPDATED, SECOND + step * 1_000_000, 1.0 + step * 7 % 11) for step in range(3 * LIFE_PATH_POINTS)]
    singly = life()
    for one in told:
        singly = carried(singly, one)
    assert singly.row() == life(*told).row()
    assert len(singly.path_us) == len(singly.path_net_percent) == len(singly.path_notional) == LIFE_PATH_POINTS


def test_a_row_is_what_a_statement_takes_and_a_table_gives_back() -> None:
    """Lists as the literals of arrays, to the last bit; what was infinite stays so."""
    told = event(UPDATED, SECOND + 250_000, 0.1 + 0.2)
    told.life_features.schema = (1 << 64) - 2
    told.life_features.values.extend([math.inf, 1e-300])
    made = life(told)
    row = dict(zip(Life.COLUMNS, made.row(), strict=True))
    assert (row["path_us"], row["features"], row["feature_schema"]) == ("{0,250}", "{inf,1e-300}", -2)
    assert row["path_net_percent"] == f"{{1.0,{0.1 + 0.2!r}}}"
    assert Life.from_row([getattr(made, name) for name in Life.COLUMNS]).row() == made.row()


def test_what_is_no_row_and_no_event_is_refused() -> None:
    """With the errors of the core."""
    with pytest.raises(InvalidSettingError):
        Life.from_row(["BTC-a-b-1"])
    with pytest.raises(PayloadError):
        carry_on([], [("writer", b"\xff")])
    with pytest.raises(PayloadError):
        carry_on([], [("writer", b"")])
