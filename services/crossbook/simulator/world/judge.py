"""Whether the profit that was told is in the simulator's own books: the judge of opportunities at size.

A claim is one event: buy so much here, sell it there, and so much profit is left. It is there when the books of both
venues, at some moment for which the claim speaks, hold the size at prices that leave it. A claim speaks for the time
from the oldest thing that it was made of (a quote's receipt, the reading of a leg's levels), less what a frame may be
on its way, to its event. What a book held meanwhile is what could be known; what it never held was invented.
"""

import json
from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from crossbook.plumbing.timestamps import SECOND_NS
from crossbook.simulator.world.listing import Listing

# From a change of a book to its receipt: frames of a book half a second apart, latency, a busy machine.
WAY_NS = 700_000_000
TOLERANCE_PERCENT = 0.02  # levels behind the best are read in turn, each side at a moment of its own
LOT_SHARE = 1e-6  # a size is a whole number of lots to this share of one
HALT_KNOWN_NS = 45 * SECOND_NS  # by when a halted market is known to be one, from its status or its list

Levels = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class ClaimLeg:
    """A side of a claim: the fee in percent, and the span that it speaks for."""

    venue: str
    fee_percent: float
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True)
class Claim:
    """Of one event. `rate` turns the sell leg's money into the buy leg's."""

    opportunity_id: str
    asset: str
    buy: ClaimLeg
    sell: ClaimLeg
    rate: float
    size: float
    net_percent: float
    at_ns: int


@dataclass(slots=True)
class Verdict:
    """Claims looked at, what was wrong with some, and by how much nets told were above the true ones, in percent."""

    claims: int = 0
    wrong: list[tuple[Claim, str]] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Asked:
    """What has to be found: so much money's worth that nets so much, with each venue's taker fee in percent."""

    notional: float
    net_percent: float
    fee_percent: Mapping[str, float]


class Books:
    """The books of a BookFile, read on demand."""

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] = path.open("rb")
        head = json.loads(self._file.readline())
        self._listings = [Listing(**one["listing"]) for one in head]
        self._numbers = {(one["venue"], one["asset"]): number for number, one in enumerate(head)}
        self._times = [array("q") for _ in head]
        self._places = [array("q") for _ in head]
        place = self._file.tell()
        for line in self._file:
            if line.endswith(b"\n"):
                at_ns, number, _ = line.split(b" ", 2)
                self._times[int(number)].append(int(at_ns))
                self._places[int(number)].append(place)
            place += len(line)

    def close(self) -> None:
        """No more is read."""
        self._file.close()

    def lot(self, venue: str, asset: str) -> float:
        """In coins; 0 where that depends on the price."""
        listing = self._listings[self._numbers[venue, asset]]
        return 0.0 if listing.is_inverse else listing.coins(1, 1.0)

    def sides(self, venue: str, asset: str, from_ns: int, to_ns: int) -> list[tuple[Levels, Levels]]:
        """Bids and asks per coin, of every state in force at some moment of the span."""
        number = self._numbers[venue, asset]
        times = self._times[number]
        first, last = max(0, bisect_right(times, from_ns) - 1), bisect_right(times, to_ns)
        return [self._read(number, place) for place in self._places[number][first:last]]

    def changed_within(self, venue: str, asset: str, from_ns: int, to_ns: int) -> list[int]:
        """When the book changed."""
        times = self._times[self._numbers[venue, asset]]
        return list(times[bisect_left(times, from_ns) : bisect_right(times, to_ns)])

    def _read(self, number: int, place: int) -> tuple[Levels, Levels]:
        self._file.seek(place)
        _, _, bids, asks = self._file.readline().decode().rstrip("\n").split(" ")
        listing = self._listings[number]
        return _levels(bids, listing), _levels(asks, listing)


def _levels(text: str, listing: Listing) -> Levels:
    scale = listing.multiplier * 10**listing.price_decimals
    pairs = (one.split(":") for one in text.split(",") if one)
    levels = [(int(price) / scale, int(size)) for price, size in pairs]
    return [(price, listing.coins(size, price)) for price, size in levels]


def money(levels: Iterable[tuple[float, float]], size: float) -> float | None:
    """What so many coins come to, level after level; None where the levels hold less."""
    total, left = 0.0, size
    for price, there in levels:
        taken = min(left, there)
        total, left = total + taken * price, left - taken
        if left <= size * 1e-12:
            return total
    return None


def net_percent(paid: float, got: float, buy_fee: float, sell_fee: float) -> float:
    """After a taker's fill on each leg to open and one to close, in percent of what was paid."""
    return (got * (1 - 2 * sell_fee / 100) - paid * (1 + 2 * buy_fee / 100)) / paid * 100


def true_net_percent(claim: Claim, books: Books, late_ns: Mapping[str, int]) -> float | None:
    """The best that the claim's size came to at any moment it speaks for; None where neither side ever held it."""
    legs = (claim.buy, claim.sell)
    spans = [(leg.from_ns - WAY_NS - late_ns.get(leg.venue, 0), leg.to_ns) for leg in legs]
    bought = [money(asks, claim.size) for _, asks in books.sides(claim.buy.venue, claim.asset, *spans[0])]
    sold = [money(bids, claim.size) for bids, _ in books.sides(claim.sell.venue, claim.asset, *spans[1])]
    paid = min((one for one in bought if one is not None), default=None)
    got = max((one for one in sold if one is not None), default=None)
    if paid is None or got is None:
        return None
    return net_percent(paid, got * claim.rate, claim.buy.fee_percent, claim.sell.fee_percent)


def paid_ns(books: Books, asset: str, legs: tuple[str, str], span: tuple[int, int], asked: Asked) -> int:
    """For how long without a break a pair of (buy, sell) venues paid what was asked, by the books as they stood."""
    times = sorted({span[0], span[1], *(at for venue in legs for at in books.changed_within(venue, asset, *span))})
    longest, since = 0, None
    for at_ns in times:
        pays = _net_at(books, asset, legs, at_ns, asked) >= asked.net_percent
        since = (at_ns if since is None else since) if pays else None
        longest = max(longest, at_ns - since if since is not None else 0)
    return longest


def _net_at(books: Books, asset: str, legs: tuple[str, str], at_ns: int, asked: Asked) -> float:
    asks = books.sides(legs[0], asset, at_ns, at_ns)[-1][1]
    bids = books.sides(legs[1], asset, at_ns, at_ns)[-1][0]
    size = asked.notional / asks[0][0]
    paid, got = money(asks, size), money(bids, size)
    if paid is None or got is None:
        return -100.0
    return net_percent(paid, got, asked.fee_percent[legs[0]], asked.fee_percent[legs[1]])


def judge(claims: Sequence[Claim], books: Books, truth: Sequence[Mapping[str, Any]]) -> Verdict:
    """Each claim beside the books."""
    verdict = Verdict()
    late_ns = _late(truth)
    halts = _halts(truth)
    for claim in claims:
        verdict.claims += 1
        net = true_net_percent(claim, books, late_ns)
        if net is not None:
            verdict.errors.append(claim.net_percent - net)
        if problem := _problem(claim, net, books, halts):
            verdict.wrong.append((claim, problem))
    return verdict


def _problem(
    claim: Claim, net: float | None, books: Books, halts: Mapping[tuple[str, str], list[tuple[int, int]]]
) -> str:
    if net is None:
        return f"a book never held {claim.size:.10g} coins"
    if net < claim.net_percent - TOLERANCE_PERCENT:
        return f"nets {net:.4f} %, not {claim.net_percent:.4f} %"
    for leg in (claim.buy, claim.sell):
        lot = books.lot(leg.venue, claim.asset)
        if lot and abs(claim.size / lot - round(claim.size / lot)) > LOT_SHARE * max(1.0, claim.size / lot):
            return f"{claim.size:.10g} coins are no whole number of lots of {leg.venue}"
        if any(start + HALT_KNOWN_NS < claim.at_ns < end for start, end in halts.get((leg.venue, claim.asset), ())):
            return f"{leg.venue} did not trade"
    return ""


def _late(truth: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """By how much more a venue's frames may be late, because a fault held them back."""
    return {line["venue"]: SECOND_NS for line in truth if line["kind"] == "fault_started" and line["fault"] == "slow"}


def _halts(truth: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """When an asset's market on a venue did not trade, or was not listed."""
    begun: dict[str, Mapping[str, Any]] = {}
    halts: defaultdict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for line in truth:
        if line["kind"] == "fault_started" and line["fault"] in ("halt", "delist"):
            begun[line["id"]] = line
        elif line["kind"] == "fault_ended" and (start := begun.pop(line["id"], None)):
            halts[start["venue"], start["asset"]].append((start["at_ns"], line["at_ns"]))
    for start in begun.values():
        halts[start["venue"], start["asset"]].append((start["at_ns"], 1 << 62))
    return halts
