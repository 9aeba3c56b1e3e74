"""One opportunity's life, put together from its events in whatever order replicas wrote them.

The path is a step function: from each point on the net is so much. Beyond MAX_POINTS the one goes whose leaving changes
the area below it least; the first, the last and the highest stay.
"""

from bisect import bisect_right
from dataclasses import dataclass, field

from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.timestamps import from_timestamp

MAX_POINTS = 64
US = 1_000
# What ends the opportunity itself; all else ends the watch.
ENDS = frozenset({pb.REFUSAL_REASON_BELOW_THRESHOLD, pb.REFUSAL_REASON_TOO_SMALL, pb.REFUSAL_REASON_EMPTY_SIDE})


@dataclass(slots=True, kw_only=True)
class Life:
    """A row of opportunity_lives, column for column; times in ns since the epoch."""

    id: str
    asset: str
    buy_venue: str
    buy_symbol: str
    sell_venue: str
    sell_symbol: str
    quote_currency: str
    open_ns: int
    publish_ns: int
    last_ns: int
    close_ns: int | None = None
    close_reason: int = 0
    is_censored: bool = False
    opening_gross_percent: float
    opening_net_percent: float
    peak_net_percent: float
    peak_ns: int
    last_net_percent: float
    opening_size: float
    opening_notional: float
    peak_notional: float
    path_us: list[int] = field(default_factory=list)
    path_net_percent: list[float] = field(default_factory=list)
    path_notional: list[float] = field(default_factory=list)
    events: int = 0
    feature_schema: int = 0
    features: list[float] = field(default_factory=list)
    writer: str

    def take(self, event: pb.OpportunityEvent, writer: str) -> None:
        """The next event of it, or one that another replica told earlier or later than ours."""
        event_ns, found = from_timestamp(event.event_time), event.opportunity
        self.events += 1
        is_newest = event_ns >= self.last_ns
        if found.peak_net_percent > self.peak_net_percent:
            self.peak_net_percent, self.peak_ns = found.peak_net_percent, event_ns
        self.peak_notional = max(self.peak_notional, found.executable_notional)
        if is_newest:
            self.last_ns, self.last_net_percent, self.writer = event_ns, found.costs.net_percent, writer
        if event.kind == pb.OPPORTUNITY_EVENT_KIND_CLOSED:
            if is_newest:
                self.end(event_ns, event.close_reason, is_censored=event.close_reason not in ENDS)
            return
        if event.HasField("life_features"):
            self.feature_schema = _signed(event.life_features.schema)
            self.features = list(event.life_features.values)
        self._step(event_ns, found)
        if is_newest:  # whoever was taken for gone, or a replica that goes on, still sees it open
            self.close_ns, self.close_reason, self.is_censored = None, 0, False

    def end(self, close_ns: int, reason: int, *, is_censored: bool) -> None:
        """It is over, or nobody watches it any more."""
        self.close_ns, self.close_reason, self.is_censored = max(close_ns, self.open_ns), reason, is_censored

    def _step(self, event_ns: int, found: pb.Opportunity) -> None:
        after_us = max(0, (event_ns - self.publish_ns) // US)
        place = bisect_right(self.path_us, after_us)
        self.path_us.insert(place, after_us)
        self.path_net_percent.insert(place, found.costs.net_percent)
        self.path_notional.insert(place, found.executable_notional)
        if len(self.path_us) > MAX_POINTS:
            self._drop(least_of(self.path_us, self.path_net_percent))

    def _drop(self, point: int) -> None:
        for column in (self.path_us, self.path_net_percent, self.path_notional):
            del column[point]


def begun(event: pb.OpportunityEvent, writer: str) -> Life:
    """The life that begins with the event: its OPENED, or, when that is no longer known, the first that is."""
    found, event_ns = event.opportunity, from_timestamp(event.event_time)
    life = Life(
        id=found.id,
        asset=found.asset,
        buy_venue=found.buy.venue,
        buy_symbol=found.buy.symbol,
        sell_venue=found.sell.venue,
        sell_symbol=found.sell.symbol,
        quote_currency=found.buy.quote_currency,
        open_ns=from_timestamp(found.open_time),
        publish_ns=event_ns,
        last_ns=event_ns,
        opening_gross_percent=found.costs.gross_percent,
        opening_net_percent=found.costs.net_percent,
        peak_net_percent=found.costs.net_percent,
        peak_ns=event_ns,
        last_net_percent=found.costs.net_percent,
        opening_size=found.executable_size,
        opening_notional=found.executable_notional,
        peak_notional=found.executable_notional,
        writer=writer,
    )
    life.take(event, writer)
    return life


def least_of(times: list[int], values: list[float]) -> int:
    """The point that a step function misses least, apart from its first, its last and its highest."""
    highest = values.index(max(values))
    inner = [point for point in range(1, len(times) - 1) if point != highest]
    return min(inner, key=lambda at: abs(values[at] - values[at - 1]) * (times[at + 1] - times[at]))


def _signed(schema: int) -> int:
    """As Postgres' bigint holds the 64 bits."""
    return schema - (1 << 64) if schema >= 1 << 63 else schema
