"""Calls to running services from the command line: a channel each, streams ended by Ctrl-C, errors in one line."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import grpc

from crossbook.cli.names import split_names
from crossbook.local.run.beside import RUN_HERE, settings_beside
from crossbook.plumbing.access.party import take_part
from crossbook.plumbing.errors import CrossbookError
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.settings import Settings, load_settings
from crossbook.plumbing.shards import read_shards
from crossbook.plumbing.targets import target_of
from crossbook.plumbing.tasks import until_first

SHARDS_OF_RUN = RUN_HERE / "shards.json"  # while it runs
Use = Callable[[grpc.aio.Channel], Awaitable[None]]


class CallFailedError(CrossbookError):
    """A service refused or did not answer: the message says which and why."""


def default_target(service: str, given: str | None) -> str:
    """Where a service listens: as given, or as this shell's settings say."""
    settings: Settings = load_settings()
    return given or target_of(settings.host, getattr(settings, service).port)


def shard_targets(given: str | None) -> list[str]:
    """Where the shards listen: as given, with commas between, or as arbitrage's settings list them in this shell; where
    they list none, those of the run in this folder, if there is one.
    """
    own = load_settings().arbitrage
    if given:
        return split_names(given)
    is_told = own.shards_file is not None or "shards" in own.model_fields_set
    if not is_told and SHARDS_OF_RUN.exists():
        own = load_settings(arbitrage={"shards_file": SHARDS_OF_RUN}).arbitrage
    elif not is_told:
        return [default_target("aggregator", None)]
    return list(read_shards("arbitrage", own).values())


def call(target: str, use: Use) -> None:
    """Runs one conversation to its end; Ctrl-C is a normal end."""
    call_side_by_side([target], use)


def call_side_by_side(targets: Sequence[str], use: Use) -> None:
    """Runs a conversation with each of them; the end of the first is the end of all, and so is Ctrl-C."""
    take_part(settings_beside(targets))
    try:
        asyncio.run(until_first(*(_call(target, use) for target in targets)))
    except KeyboardInterrupt:
        return


async def each(stream: Any) -> AsyncIterator[Any]:
    """A server's messages; the call is cancelled however the reading ends."""
    try:
        async for message in stream:
            yield message
    finally:
        stream.cancel()


async def _call(target: str, use: Use) -> None:
    async with open_channel(target) as channel:
        try:
            await use(channel)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.UNAVAILABLE and "connect" in (error.details() or "").lower():
                raise CallFailedError(
                    f"nothing answers at {target}: start it with `crossbook up`, or say --target"
                ) from None
            if error.code() is grpc.StatusCode.UNAUTHENTICATED:
                raise CallFailedError(
                    f"{target} does not let us in: {error.details()}; CROSSBOOK_ACCESS__TOKEN_FILE names a file with a"
                    " key, which `crossbook accounts key create` makes"
                ) from None
            raise CallFailedError(f"{target} answered {error.code().name}: {error.details()}") from None
