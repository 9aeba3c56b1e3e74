"""An aggregator in a process of its own, whose memory can be watched, and a channel to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from crossbook.plumbing.grpc.channel import open_channel
from tests.support.aggregator.aggregator_process import AggregatorProcess


@pytest.fixture
async def aggregator(postgres_dsn: str, free_port: int, tmp_path: Path) -> AsyncIterator[AggregatorProcess]:
    async with AggregatorProcess(postgres_dsn, free_port, tmp_path / "log") as process:
        yield process


@pytest.fixture
async def channel(aggregator: AggregatorProcess) -> AsyncIterator[grpc.aio.Channel]:
    async with open_channel(aggregator.target) as channel:
        yield channel
