"""A client whose link is cut again and again hears of every event once, as arbitrage and alerts have them."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
import websockets

from crossbook.pb.v1 import alerts_pb2, arbitrage_pb2
from crossbook.pb.v1 import gateway_pb2 as pb
from crossbook.pb.v1.alerts_pb2_grpc import AlertServiceStub
from crossbook.pb.v1.arbitrage_pb2_grpc import ArbitrageServiceStub
from crossbook.plumbing.grpc.channel import open_channel
from tests.support.dashboard.chromium import missing
from tests.support.dashboard.site import Site
from tests.support.waiting import eventually

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.skipif(bool(missing()), reason=missing())]

CUTS = 100
LEAST_EVENTS, LEAST_ALERTS = 30, 1
CHANNELS = (pb.CHANNEL_OPPORTUNITIES, pb.CHANNEL_ALERTS)


@dataclass
class Reader:
    """What it has handled, in order, by the tokens after which it resumes."""

    url: str
    heard: dict[int, list[str]] = field(default_factory=lambda: {channel: [] for channel in CHANNELS})
    tokens: dict[int, str] = field(default_factory=dict)
    snapshots: int = 0

    async def read(self, seconds: float) -> None:
        """Connects, hears for a while, and is gone without a word."""
        async with websockets.connect(self.url, subprotocols=["crossbook.v1"], proxy=None, max_size=None) as socket:
            for channel in CHANNELS:
                asked = pb.Subscribe(id=channel, channel=channel, resume_token=self.tokens.get(channel, ""))
                await socket.send(pb.ClientFrame(subscribe=asked).SerializeToString())
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    while True:
                        self._take(pb.ServerFrame.FromString(await socket.recv()))
            socket.transport.abort()

    def _take(self, frame: pb.ServerFrame) -> None:
        assert frame.dropped == 0
        self.snapshots += frame.is_snapshot
        if frame.resume_token:
            if not frame.is_snapshot:
                self.heard[frame.subscription].append(frame.resume_token)
            self.tokens[frame.subscription] = frame.resume_token


async def _log(site: Site, tokens: list[str]) -> None:
    """Arbitrage's own events, as it tells them."""
    async with open_channel(site.system.address("arbitrage")) as channel:
        async for message in ArbitrageServiceStub(channel).WatchOpportunities(
            arbitrage_pb2.WatchOpportunitiesRequest()
        ):
            tokens += [event.resume_token for event in message.events if event.resume_token]


async def _fired(site: Site) -> list[str]:
    async with open_channel(site.system.address("alerts")) as channel:
        listed = await AlertServiceStub(channel).ListAlerts(alerts_pb2.ListAlertsRequest(page_size=1_000))
    return [alert.name for alert in reversed(listed.alerts)]


async def test_a_link_that_is_cut_a_hundred_times_loses_nothing(site: Site) -> None:
    """Every event exactly once and in order, from the first that it heard to the last."""
    chance, reader = random.Random(11), Reader(f"{site.address.replace('http', 'ws', 1)}/ws")
    told: list[str] = []
    witness = asyncio.create_task(_log(site, told))
    try:
        await eventually(lambda: told)
        cuts = 0
        while cuts < CUTS or any(
            len(reader.heard[channel]) < least
            for channel, least in zip(CHANNELS, (LEAST_EVENTS, LEAST_ALERTS), strict=True)
        ):
            await reader.read(chance.uniform(0.05, 0.6))
            cuts += 1
        await eventually(lambda: reader.tokens[pb.CHANNEL_OPPORTUNITIES] in told)
    finally:
        witness.cancel()
    for channel, known in zip(CHANNELS, (told, await _fired(site)), strict=True):
        heard = reader.heard[channel]
        begin = known.index(heard[0])
        assert heard == known[begin : begin + len(heard)]
    assert reader.snapshots == 1
