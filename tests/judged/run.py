"""Runs everything on simulated venues, and lays what is told beside the simulator's own books and its truth."""

import asyncio
import contextlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.pb.v1.arbitrage_pb2_grpc import ArbitrageServiceStub
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.timestamps import SECOND_NS, from_duration, from_timestamp
from crossbook.simulator.play.faults import KINDS
from crossbook.simulator.registry import TRAITS
from crossbook.simulator.world.judge import Asked, Books, Claim, ClaimLeg, Verdict, judge, paid_ns
from crossbook.simulator.world.listing import assets_of_world
from crossbook.simulator.world.score import Detected, Score, read_truth, score
from tests.support.local.system import System

EPISODE_SECONDS = 2.0
FAULTS_FROM_SECONDS, LAST_SECONDS = 20.0, 15.0
LONG = {"halt": "+60s", "delist": "+30s"}  # longer than it takes to hear of it
START_SECONDS = 300.0
RECOVERY_SECONDS = 75.0  # by when a market that was listed again is tracked again
# What has to be found: the service's own least notional and threshold, for longer than its minimum life.
NOTIONAL, NET_PERCENT, PAID_NS = 100.0, 0.1, SECOND_NS
OF_ALL_BOOKS = ("refuse", "429", "clock", "slow", "oversize", "nosnapshot")


@dataclass
class Told:
    """What was heard of the opportunities of a run."""

    claims: list[Claim] = field(default_factory=list)
    sized: dict[str, Detected] = field(default_factory=dict)  # by id, those of which a size was told
    unsized: set[str] = field(default_factory=set)
    unknown_limits: set[str] = field(default_factory=set)

    def hear(self, event: pb.OpportunityEvent) -> None:
        """One event."""
        found = event.opportunity
        if event.kind == pb.OPPORTUNITY_EVENT_KIND_CLOSED:
            return
        self.unknown_limits.update(found.sizing.unknown_limits)
        claims = list(claims_of(event))
        self.claims += claims
        if not claims:
            self.unsized.add(found.id)
        elif found.id not in self.sized:
            opened_ns = from_timestamp(found.open_time)
            self.sized[found.id] = Detected(found.asset, found.buy.venue, found.sell.venue, opened_ns)


@dataclass
class Result:
    """Of a run."""

    told: Told
    verdict: Verdict
    planted: Score
    faults: int

    def findings(self) -> list[str]:
        """What is wrong."""
        wrong = [
            f"{claim.asset} {claim.buy.venue} to {claim.sell.venue} at {claim.at_ns}, {claim.size:.8g}: {problem}"
            for claim, problem in self.verdict.wrong
        ]
        return [*wrong, *(f"{episode} was not found at size" for episode in self.planted.missed)]

    def lines(self) -> list[str]:
        """For people."""
        wrong = {claim.opportunity_id for claim, _ in self.verdict.wrong}
        errors = sorted(self.verdict.errors) or [0.0]
        return [
            f"{len(self.told.sized)} opportunities told at size in {self.verdict.claims} claims, "
            f"{len(self.told.unsized - self.told.sized.keys())} without a size; {self.faults} faults",
            f"false: {len(wrong)} opportunities, {len(self.verdict.wrong)} claims",
            f"recall: {self.planted.detected} of {self.planted.planted} planted, "
            f"{len(self.planted.excused)} excused by faults",
            f"net told less net there, percent: median {errors[len(errors) // 2]:.4f}, "
            f"99 % below {errors[len(errors) * 99 // 100]:.4f}, most {errors[-1]:.4f}",
            f"limits that some leg's venue does not tell: {', '.join(sorted(self.told.unknown_limits)) or 'none'}",
        ]


def claims_of(event: pb.OpportunityEvent) -> Iterator[Claim]:
    """What an event says of sizes that can be ordered."""
    found, at_ns = event.opportunity, from_timestamp(event.event_time)
    sizing = found.sizing
    if sizing.unknown_reason:
        return
    legs = [_leg(leg, depth, at_ns) for leg, depth in ((found.buy, sizing.buy), (found.sell, sizing.sell))]
    rate = found.conversion.rate if found.HasField("conversion") else 1.0
    for one in (sizing.largest, sizing.most_profitable):
        if not one.refusal:
            yield Claim(found.id, found.asset, legs[0], legs[1], rate, one.size, one.net_percent, at_ns)


def _leg(leg: pb.Leg, depth: pb.LegDepth, at_ns: int) -> ClaimLeg:
    from_ns = min(from_timestamp(leg.receive_time), at_ns - from_duration(depth.age))
    return ClaimLeg(leg.venue, leg.taker_fee_percent, from_ns, at_ns)


def every_fault(venues: Sequence[str], assets: Sequence[str], seconds: float) -> str:
    """Each kind, of a venue and where it can be of one asset of it, one after the other over the whole run."""
    meant = [(kind, True) for kind in KINDS if kind not in OF_ALL_BOOKS]
    meant += [(kind, False) for kind in KINDS if kind not in LONG]
    step = (seconds - FAULTS_FROM_SECONDS - LAST_SECONDS) / len(meant)

    def at(number: int, kind: str) -> str:
        return f"{FAULTS_FROM_SECONDS + step * number:.1f}s{LONG.get(kind, '')}"

    turns = zip(meant, itertools.cycle(venues), itertools.cycle(assets), strict=False)
    return ",".join(
        f"{venue}/{asset}:{kind}@{at(number, kind)}" if of_asset else f"{venue}:{kind}@{at(number, kind)}"
        for number, ((kind, of_asset), venue, asset) in enumerate(turns)
    )


async def run(
    seconds: float, folder: Path, venues: Sequence[str], *, assets: int, seed: int, has_faults: bool
) -> Result:
    """As long as said, and a little more."""
    books_path = folder / "books.txt"
    names = [asset.name for asset in assets_of_world(assets)]
    faults = every_fault(venues, names, seconds) if has_faults else ""
    environment = {
        "CROSSBOOK_SIMULATOR__BOOKS_FILE": str(books_path),
        "CROSSBOOK_SIMULATOR__ASSETS": str(assets),
        "CROSSBOOK_SIMULATOR__EPISODE_INTERVAL_SECONDS": str(EPISODE_SECONDS),
    }
    options = ["--duration", f"{seconds:.0f}s", "--venues", ",".join(venues), "--seed", str(seed)]
    options += ["--faults", faults] if faults else []
    told = Told()
    async with System(folder, *options, **environment) as system:
        await system.until(lambda: "arbitrage" in system.processes(), START_SECONDS)
        async with open_channel(system.address("arbitrage")) as channel:
            following = asyncio.create_task(_follow(channel, told))
            code = await system.ended(seconds + START_SECONDS)
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following
        if code != 0:
            raise RuntimeError(f"the run ended with {code}: {system.output()[-2000:]}")
    truth, books = read_truth(folder / "truth.jsonl"), Books(books_path)
    try:
        verdict, planted = judge(told.claims, books, truth), _found(truth, told, venues, books)
    finally:
        books.close()
    return Result(told, verdict, planted, len(faults.split(",")) if faults else 0)


def _found(truth: Sequence[Mapping[str, Any]], told: Told, venues: Sequence[str], books: Books) -> Score:
    """An episode that no pair of books paid for long enough, because a fault held one of them, need not be found."""
    found = score(truth, list(told.sized.values()), venues=venues, recovery_seconds=RECOVERY_SECONDS)
    episodes = {line["id"]: line for line in truth if line["kind"] == "episode_started"}
    unpaid = [one for one in found.missed if not _paid(episodes[one], venues, books)]
    found.missed = [one for one in found.missed if one not in unpaid]
    found.excused += unpaid
    found.planted -= len(unpaid)
    return found


def _paid(episode: Mapping[str, Any], venues: Sequence[str], books: Books) -> bool:
    fees = {venue: TRAITS[venue].taker_fee_percent for venue in venues}
    asked, span = Asked(NOTIONAL, NET_PERCENT, fees), (episode["at_ns"], episode["planned_end_ns"])
    pairs = [(buy, sell) for buy in episode["cheap"] for sell in episode["rich"] if {buy, sell} <= fees.keys()]
    return any(paid_ns(books, episode["asset"], pair, span, asked) >= PAID_NS for pair in pairs)


async def _follow(channel: grpc.aio.Channel, told: Told) -> None:
    request = pb.WatchOpportunitiesRequest()
    while True:
        try:
            async for response in ArbitrageServiceStub(channel).WatchOpportunities(request, wait_for_ready=True):
                for event in response.events:
                    told.hear(event)
                    request.resume_token = event.resume_token or request.resume_token
        except grpc.aio.AioRpcError:
            await asyncio.sleep(0.2)


def play(seconds: float, folder: Path, venues: Sequence[str], *, assets: int, seed: int, has_faults: bool) -> Result:
    """In a loop of its own."""
    return asyncio.run(run(seconds, folder, venues, assets=assets, seed=seed, has_faults=has_faults))
