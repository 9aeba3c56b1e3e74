"""`make event-histories`: random histories of events and alerts in this process; the shortest that fails is told.

python -m tests.histories.inprocess [--count N] [--first SEED] [--length N] [--talk]
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from crossbook.local.servers.postgres import embedded_postgres
from crossbook.local.servers.redis import embedded_redis
from crossbook.plumbing.data.migrate import migrate
from tests.histories.inprocess.history import grouped_history, random_history, shortest
from tests.histories.inprocess.play import Verdict, playing

MOST_SHOWN = 8
SHRUNK = 5
TOTALS = ("alerts", "groups", "messages", "silences", "acknowledged", "kills")


def main(arguments: list[str]) -> int:
    """0 when no history lost, doubled or invented an alert."""
    parser = argparse.ArgumentParser(prog="tests.histories.inprocess", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="how many histories")
    parser.add_argument("--first", type=int, default=1, help="the first one's seed")
    parser.add_argument("--length", type=int, default=8, help="how much happens in one")
    parser.add_argument("--groups", action="store_true", help="of a rule that groups, with silences and many deaths")
    parser.add_argument("--kills", type=int, default=0, help="go on until so many processes were killed")
    parser.add_argument("--talk", action="store_true", help="let the services log")
    options = parser.parse_args(arguments)
    return asyncio.run(_on_servers(options))


async def _on_servers(options: argparse.Namespace) -> int:
    """The histories have a loop, and so a thread, of their own."""
    folder = Path(tempfile.mkdtemp(prefix="crossbook-event-histories-"))
    try:
        async with embedded_postgres(folder / "postgres") as dsn, embedded_redis(folder / "redis") as redis_url:
            await migrate(dsn)
            return await asyncio.to_thread(play_all, options, dsn, redis_url)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def play_all(options: argparse.Namespace, dsn: str, redis_url: str) -> int:
    """Plays them one after the other, and cuts down the first ones that fail."""
    began, failed, totals = time.monotonic(), 0, Counter[str]()
    make = grouped_history if options.groups else random_history
    with playing(dsn, redis_url, talks=options.talk) as play:
        for seed in range(options.first, options.first + options.count):
            verdict = play(history := make(seed, options.length), seed)
            totals += Counter({name: getattr(verdict, name) for name in TOTALS}) + Counter(histories=1)
            if verdict.findings:
                failed += 1
                _tell(f"seed {seed}: {history}", verdict)
            if verdict.findings and failed <= SHRUNK:
                short = shortest(history, lambda smaller, seed=seed: bool(play(smaller, seed).findings))
                _tell(f"shortest: {short}\n  {short!r}", play(short, seed))
            if 0 < options.kills <= totals["kills"]:
                break
    each = 1000 * (time.monotonic() - began) / totals["histories"]
    figures = ", ".join(f"{totals[name]} {name}" for name in TOTALS if totals[name])
    print(f"{totals['histories']} histories, {failed} failed; {figures}, {each:.0f} ms a history")
    return 1 if failed else 0


def _tell(what: str, verdict: Verdict) -> None:
    print(what, *verdict.findings[:MOST_SHOWN], sep="\n  -> ", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
