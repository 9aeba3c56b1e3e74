"""Opportunities as alerts of Alertmanager's API v2, as a careful client of it would send them.

What has changed is sent at once; what is open, and what closed within a quarter of an hour, again and again, as
Prometheus does: that is how an Alertmanager that was away hears of it.
"""

import asyncio
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import grpc
import httpx

from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.pb.v1.arbitrage_pb2_grpc import ArbitrageServiceStub
from crossbook.plumbing.grpc.channel import open_channel

AGAIN_SECONDS = 5.0  # Prometheus takes a minute
CLOSED_SECONDS = 900.0
CALL_SECONDS = 2.0
NAME = "dislocation"


@dataclass
class Sent:
    """An alert as it was sent last, and when its opportunity closed, by time.monotonic()."""

    alert: dict[str, Any]
    closed: float | None = None


def alert_of(event: pb.OpportunityEvent) -> dict[str, Any]:
    """A pair is one alert, however often it opens; Alertmanager knows it by its labels."""
    found = event.opportunity
    alert: dict[str, Any] = {
        "labels": {
            "alertname": NAME,
            "asset": found.asset,
            "dislocated_venue": found.dislocated_venue,
            "buy_venue": found.buy.venue,
            "sell_venue": found.sell.venue,
        },
        "annotations": {"net_percent": f"{found.costs.net_percent:.4f}"},
        "startsAt": found.open_time.ToJsonString(),
    }
    if event.kind == pb.OPPORTUNITY_EVENT_KIND_CLOSED:
        alert["endsAt"] = event.event_time.ToJsonString()
    return alert


class Bridge:
    """`opened` has when each opportunity was first heard of, by its asset: time.time()."""

    def __init__(self, arbitrage: str, alertmanager: str) -> None:
        self.opened: list[tuple[float, str]] = []
        self._arbitrage = arbitrage
        self._url = f"{alertmanager}/api/v2/alerts"
        self._sent: dict[str, Sent] = {}

    async def run(self) -> None:
        """Until cancelled."""
        async with httpx.AsyncClient(trust_env=False, timeout=CALL_SECONDS) as client, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow(client))
            tasks.create_task(self._send_again(client))

    async def _follow(self, client: httpx.AsyncClient) -> None:
        token = ""
        async with open_channel(self._arbitrage) as channel:
            while True:
                with suppress(grpc.aio.AioRpcError):
                    request = pb.WatchOpportunitiesRequest(resume_token=token)
                    async for message in ArbitrageServiceStub(channel).WatchOpportunities(request):
                        await self._take(message.events, client)
                        token = message.events[-1].resume_token if message.events else token
                await asyncio.sleep(0.2)

    async def _take(self, events: Iterable[pb.OpportunityEvent], client: httpx.AsyncClient) -> None:
        changed = []
        for event in events:
            is_closed = event.kind == pb.OPPORTUNITY_EVENT_KIND_CLOSED
            name = event.opportunity.id
            if not is_closed and name not in self._sent:
                self.opened.append((time.time(), event.opportunity.asset))
            self._sent[name] = Sent(alert_of(event), time.monotonic() if is_closed else None)
            if event.kind != pb.OPPORTUNITY_EVENT_KIND_UPDATED:
                changed.append(self._sent[name].alert)
        await self._post(changed, client)

    async def _send_again(self, client: httpx.AsyncClient) -> None:
        while True:
            await asyncio.sleep(AGAIN_SECONDS)
            long_ago = time.monotonic() - CLOSED_SECONDS
            self._sent = {name: one for name, one in self._sent.items() if (one.closed or long_ago) >= long_ago}
            await self._post(self._newest(), client)

    def _newest(self) -> list[dict[str, Any]]:
        """Of each pair only its last opportunity: what is older would say that it has closed."""
        by_pair = {tuple(one.alert["labels"].items()): one.alert for one in self._sent.values()}
        return list(by_pair.values())

    async def _post(self, alerts: list[dict[str, Any]], client: httpx.AsyncClient) -> None:
        """While nobody answers nothing is said; what is open is sent again."""
        if alerts:
            with suppress(httpx.HTTPError):
                await client.post(self._url, json=alerts)
