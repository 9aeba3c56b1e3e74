"""The baseline for windows: a Python dict of accumulators, as one would first write it."""


class Accumulator:
    """Running sums of one instrument over one window."""

    __slots__ = ("ask", "ask_sum", "bid", "bid_sum", "count", "last_ns", "live_ns", "max_ask", "max_bid", "min_ask",
                 "min_bid", "spread_sum", "tw_ask", "tw_bid")  # fmt: skip

    def __init__(self, now_ns: int) -> None:
        self.bid = self.ask = self.bid_sum = self.ask_sum = self.spread_sum = self.tw_bid = self.tw_ask = 0.0
        self.min_bid = self.min_ask = float("inf")
        self.max_bid = self.max_ask = float("-inf")
        self.count = self.live_ns = 0
        self.last_ns = now_ns

    def update(self, now_ns: int, bid: float, ask: float) -> None:
        """Takes one quote."""
        elapsed = now_ns - self.last_ns
        self.tw_bid += self.bid * elapsed
        self.tw_ask += self.ask * elapsed
        self.live_ns += elapsed
        self.last_ns, self.bid, self.ask = now_ns, bid, ask
        self.bid_sum += bid
        self.ask_sum += ask
        self.spread_sum += ask - bid
        self.min_bid, self.max_bid = min(self.min_bid, bid), max(self.max_bid, bid)
        self.min_ask, self.max_ask = min(self.min_ask, ask), max(self.max_ask, ask)
        self.count += 1


class DictionaryWindows:
    """All instruments, found by (venue, symbol)."""

    def __init__(self) -> None:
        self.accumulators: dict[tuple[str, str], Accumulator] = {}

    def update(self, venue: str, symbol: str, now_ns: int, bid: float, ask: float) -> None:
        """Takes one quote."""
        key = (venue, symbol)
        accumulator = self.accumulators.get(key)
        if accumulator is None:
            accumulator = self.accumulators[key] = Accumulator(now_ns)
        accumulator.update(now_ns, bid, ask)
