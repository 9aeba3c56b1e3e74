"""Connections shared by lanes, against real servers."""

import asyncio

import grpc

from crossbook.tracker.outgoing.channels import Channels
from tests.support.tracker.ingest_server import ingest_server


async def test_lanes_to_one_address_share_a_connection_until_the_last_has_gone() -> None:
    """Then it is closed, and whoever comes later opens another."""
    channels = Channels()
    async with ingest_server() as server:
        target = f"127.0.0.1:{server.port}"
        async with channels.leased(target) as first:
            async with channels.leased(target) as second, channels.leased("127.0.0.1:1") as other:
                assert first is second is not other
            async with asyncio.timeout(30):
                await first.channel_ready()
        assert first.get_state() is grpc.ChannelConnectivity.SHUTDOWN
        async with channels.leased(target) as again, asyncio.timeout(30):
            await again.channel_ready()
