"""`make alert-kills`: replicas of alerts and arbitrage are killed with -9 in every stage of a group.

python -m tests.faults.alert_kills [--kills 200] [--minutes 60] [--seed N]
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from crossbook.local.servers.postgres import embedded_postgres
from crossbook.local.servers.redis import embedded_redis
from crossbook.plumbing.data.migrate import migrate
from tests.faults.alert_kills.run import run


async def _main(options: argparse.Namespace) -> int:
    folder = Path(tempfile.mkdtemp(prefix="crossbook-alert-kills-"))
    async with embedded_postgres(folder / "postgres") as dsn, embedded_redis(folder / "redis") as redis_url:
        await migrate(dsn)
        outcome = await run(options.kills, 60 * options.minutes, options.seed, dsn, redis_url, folder)
    print(*outcome.lines, *(f"  -> {finding}" for finding in outcome.findings), sep="\n")
    if outcome.findings:
        print(f"{len(outcome.findings)} findings; see {folder}", file=sys.stderr)
    else:
        shutil.rmtree(folder)
    return 1 if outcome.findings else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="tests.faults.alert_kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="processes, of both services")
    parser.add_argument("--minutes", type=float, default=60.0, help="at most")
    parser.add_argument("--seed", type=int, default=1)
    sys.exit(asyncio.run(_main(parser.parse_args())))
