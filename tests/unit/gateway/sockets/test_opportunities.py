"""Which opportunities a subscription is told of."""

from crossbook.gateway.sockets.opportunities import is_wanted, selection_of
from crossbook.gateway.sockets.subscription import Subscription
from crossbook.pb.v1 import arbitrage_pb2, gateway_pb2
from crossbook.pb.v1.aggregator_pb2 import InstrumentFilter

OPENED, UPDATED, CLOSED = (
    arbitrage_pb2.OPPORTUNITY_EVENT_KIND_OPENED,
    arbitrage_pb2.OPPORTUNITY_EVENT_KIND_UPDATED,
    arbitrage_pb2.OPPORTUNITY_EVENT_KIND_CLOSED,
)


class Asked:
    """A subscription, and what it is told of one opportunity."""

    def __init__(self, *, is_resumed: bool = False, **asked: object) -> None:
        self.subscription = Subscription(gateway_pb2.Subscribe(id=1, **asked), 5.0)  # type: ignore[arg-type]
        self.subscription.selection = selection_of(self.subscription.asked, is_resumed=is_resumed)

    def told(self, *steps: tuple[arbitrage_pb2.OpportunityEventKind.ValueType, float]) -> list[bool]:
        """Of each step: kind, and the profit at its best size; the peak net is a hundredth of it."""
        return [self._told(kind, profit) for kind, profit in steps]

    def _told(self, kind: arbitrage_pb2.OpportunityEventKind.ValueType, profit: float) -> bool:
        found = arbitrage_pb2.Opportunity(
            id="one",
            asset="BTC",
            buy=arbitrage_pb2.Leg(venue="a", symbol="BTC/USDT:USDT"),
            sell=arbitrage_pb2.Leg(venue="b", symbol="BTC/USD:USD"),
            peak_net_percent=profit / 100,
            sizing=arbitrage_pb2.Sizing(most_profitable=arbitrage_pb2.SizedEdge(size=1, profit=profit)),
        )
        event = arbitrage_pb2.OpportunityEvent(kind=kind, opportunity=found)
        body = arbitrage_pb2.WatchOpportunitiesResponse(events=[event]).SerializeToString()
        return is_wanted(self.subscription, event, body, 0)


def test_names_and_the_net_so_far_count() -> None:
    """Both venues, the asset, either symbol."""
    life = ((OPENED, 5.0), (CLOSED, 5.0))
    for chosen, is_told in (
        (InstrumentFilter(), True),
        (InstrumentFilter(venues=["a", "b"], assets=["BTC"], symbols=["BTC/USD:USD"]), True),
        (InstrumentFilter(venues=["a"]), False),
        (InstrumentFilter(assets=["ETH"]), False),
        (InstrumentFilter(symbols=["x"]), False),
    ):
        assert Asked(filter=chosen).told(*life) == [is_told] * 2, chosen
    assert Asked(min_net_percent=0.06).told((OPENED, 5.0), (UPDATED, 6.0), (CLOSED, 6.0)) == [False, True, True]


def test_conditions_count_and_what_was_told_once_is_told_to_its_end() -> None:
    """Who resumes hears the end of what opened before."""
    wanted = arbitrage_pb2.OpportunityFilter(min_profit=5)
    life = ((OPENED, 4.0), (UPDATED, 5.0), (UPDATED, 4.0), (CLOSED, 4.0))
    assert Asked(opportunity_filter=wanted).told(*life) == [False, True, True, True]
    assert Asked(opportunity_filter=wanted).told((OPENED, 4.0), (CLOSED, 4.0)) == [False, False]
    assert Asked(opportunity_filter=wanted, is_resumed=True).told((UPDATED, 4.0), (CLOSED, 4.0)) == [False, True]
