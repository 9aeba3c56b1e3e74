"""How a process is told to be usable."""

import asyncio
import threading

from crossbook.local.processes.probes import answers_grpc, in_thread, listens
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server


async def test_a_service_answers_though_it_does_not_serve_yet(free_port: int) -> None:
    """It may wait for others; before it listens it does not."""
    probe = answers_grpc(f"127.0.0.1:{free_port}")
    assert not await probe()
    async with grpc_server("127.0.0.1", free_port, lambda server: None, ServiceHealth("s", awaits=("postgres",))):
        assert await probe()
    assert not await probe()


async def test_what_listens_accepts_connections(free_port: int) -> None:
    """Whatever it speaks; a name that is none, too, is a no and no error."""
    probe = listens("127.0.0.1", free_port)
    assert not await probe()
    async with await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", free_port):
        assert await probe()
    assert not await listens("no.such.host.invalid", free_port)()


async def test_a_look_that_blocks_runs_beside_the_loop() -> None:
    """On a thread of its own."""
    asked: list[int] = []

    def look() -> bool:
        asked.append(threading.get_ident())
        return len(asked) > 1

    probe = in_thread(look)
    assert [await probe(), await probe()] == [False, True]
    assert threading.get_ident() not in asked
