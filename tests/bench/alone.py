"""The three services on the way from a frame to its opportunity, and nothing else that works beside them.

One process each, with a Postgres and a Redis, for they do not run without: no alerts, no view, no supervisor.
"""

import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from crossbook.local.processes.addresses import free_port
from crossbook.local.processes.child import Child
from crossbook.local.processes.probes import answers_grpc
from crossbook.local.servers.postgres import embedded_postgres
from crossbook.local.servers.redis import embedded_redis
from tests.bench.system import Addresses
from tests.support.waiting import eventually

START_DEADLINE_SECONDS = 120.0
SERVICES = ("aggregator", "arbitrage", "tracker")


@asynccontextmanager
async def running_alone(
    settings: Mapping[str, str], python: str, services: Sequence[str] = SERVICES
) -> AsyncIterator[Addresses]:
    """Yields when they answer; the aggregator is one of them. The interpreter says whose they are."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(_open_folder())
        environment = {
            **settings,
            "CROSSBOOK_POSTGRES_DSN": await stack.enter_async_context(embedded_postgres(folder / "postgres")),
            "CROSSBOOK_REDIS_URL": await stack.enter_async_context(embedded_redis(folder / "redis")),
        }
        await _migrate(python, environment)
        ports = {name: free_port() for name in services}
        shards = json.dumps({"main": f"127.0.0.1:{ports['aggregator']}"})
        processes = {}
        for name, port in ports.items():
            child = Child(
                name,
                [python, "-m", "crossbook", name],
                folder / f"{name}.log",
                {
                    **environment,
                    f"CROSSBOOK_{name.upper()}__PORT": str(port),
                    f"CROSSBOOK_{name.upper()}__METRICS_PORT": str(free_port()),
                    **({f"CROSSBOOK_{name.upper()}__SHARDS": shards} if name != "aggregator" else {}),
                },
            )
            await child.start()
            stack.push_async_callback(child.stop)
            processes[name] = {"pid": child.pid, "address": f"127.0.0.1:{port}"}
        for process in processes.values():
            await eventually(answers_grpc(process["address"]), START_DEADLINE_SECONDS)
        run_file = folder / "run.json"
        run_file.write_text(json.dumps({"processes": processes}))
        yield Addresses(run_file)


@contextmanager
def _open_folder() -> Iterator[Path]:
    """Postgres does not run as root, and looks in from another user."""
    with tempfile.TemporaryDirectory(prefix="crossbook-bench-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


async def _migrate(python: str, environment: Mapping[str, str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *(python, "-m", "crossbook", "migrate"),
        env={**os.environ, **environment, "CROSSBOOK_LOG_LEVEL": "warning"},
        stdout=asyncio.subprocess.DEVNULL,
    )
    if await process.wait():
        raise RuntimeError("the tables could not be made; standard error says why")
