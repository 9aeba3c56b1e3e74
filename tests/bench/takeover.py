"""How long the slots of a killed alerts replica stay without an owner, and whether any alert is lost or doubled.

python -m tests.bench.takeover [--kills 20] [--replicas 2]

Replicas as processes, opportunities all the while; one after the other is killed with kill -9 and started again.
"""

import argparse
import asyncio
import signal
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from crossbook.local.servers.postgres import embedded_postgres
from crossbook.local.servers.redis import embedded_redis
from crossbook.plumbing.data.migrate import migrate
from tests.support.alerts.alert_replicas import Load, Replica, hook, ids_told, is_shared_out, replicas
from tests.support.alerts.receiver import receiving
from tests.support.alerts.stand_in_arbitrage import stand_in_arbitrage
from tests.support.waiting import eventually

LIMIT_SECONDS = 10.0


async def measure(kills: int, number: int, folder: Path) -> int:
    """0 when every takeover was in time and every opportunity was told once."""
    async with AsyncExitStack() as stack:
        dsn = await stack.enter_async_context(embedded_postgres(folder / "postgres"))
        redis_url = await stack.enter_async_context(embedded_redis(folder / "redis"))
        await migrate(dsn)
        arbitrage = await stack.enter_async_context(stand_in_arbitrage())
        receiver = await stack.enter_async_context(receiving())
        target = f"127.0.0.1:{arbitrage.port}"
        running = await stack.enter_async_context(replicas(number, dsn, redis_url, target, folder))
        await hook(running[0].client, receiver)
        seconds: list[float] = []
        async with Load(arbitrage).running() as load:
            for kill in range(kills):
                seconds.append(await _kill(running, running[kill % number]))
                print(f"takeover {kill + 1}: {seconds[-1]:.1f} s", file=sys.stderr, flush=True)
        await eventually(lambda: len(ids_told(receiver)) >= len(load.told), deadline=120)
        told = ids_told(receiver)
    lost, doubled = set(load.told) - set(told), [cause for cause, ids in told.items() if len(ids) > 1]
    print(f"{kills} kills of one of {number} replicas, {len(load.told)} opportunities")
    print(f"takeover: median {statistics.median(seconds):.1f} s, longest {max(seconds):.1f} s")
    print(f"lost {len(lost)}, doubled {len(doubled)}")
    return 1 if lost or doubled or max(seconds) > LIMIT_SECONDS else 0


async def _kill(running: list[Replica], doomed: Replica) -> float:
    """From the kill until the others have all slots; the killed one is back with its share at the end."""
    survivors = [replica for replica in running if replica is not doomed]
    await doomed.process.end(signal.SIGKILL)
    killed_at = time.monotonic()
    await eventually(lambda: is_shared_out(survivors))
    seconds = time.monotonic() - killed_at
    await doomed.process.start()
    await eventually(doomed.client.is_serving)
    await eventually(lambda: is_shared_out(running))
    return seconds


def main(arguments: list[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="tests.bench.takeover", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--replicas", type=int, default=2)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="crossbook-takeover-") as folder:
        Path(folder).chmod(0o755)
        return asyncio.run(measure(options.kills, options.replicas, Path(folder)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
