"""`make histories`: random histories with real processes, each on a system of its own; the shortest that fails is told.

python -m tests.histories [--count N] [--first SEED] [--blows N] [--shrink] [--keep]

One takes a minute or two. With --shrink a failing history is played again with less and less in it.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from tests.histories.history import History, random_history, shortest
from tests.histories.run import Verdict, run_history

MOST_SHOWN = 12


def main(arguments: list[str]) -> int:
    """0 when no history lost, doubled or invented anything."""
    parser = argparse.ArgumentParser(prog="tests.histories", description=__doc__)
    parser.add_argument("--count", type=int, default=1, help="how many histories")
    parser.add_argument("--first", type=int, default=1, help="the first one's seed")
    parser.add_argument("--blows", type=int, default=6, help="how much happens in one")
    parser.add_argument("--shrink", action="store_true", help="cut a failing one down to its shortest")
    parser.add_argument("--keep", action="store_true", help="keep logs and recordings of those that pass, too")
    options = parser.parse_args(arguments)
    failed = []
    for seed in range(options.first, options.first + options.count):
        verdict = play(random_history(seed, options.blows), seed, options.keep)
        if verdict.findings:
            failed.append((seed, verdict))
    print(f"{options.count} histories, {len(failed)} failed")
    for seed, verdict in failed if options.shrink else ():
        history = shortest(verdict.history, lambda smaller, seed=seed: bool(play(smaller, seed, False).findings))
        print(f"seed {seed}, shortest:", *history, sep="\n  ")
    return 1 if failed else 0


def play(history: History, seed: int, keep: bool) -> Verdict:
    """Plays it, and says what came of it."""
    data_dir = Path(tempfile.mkdtemp(prefix=f"crossbook-history-{seed}-"))
    print(f"seed {seed} in {data_dir}:", *history, sep="\n  ", flush=True)
    verdict = asyncio.run(run_history(history, seed, data_dir))
    rows = f"{verdict.rows} rows ({verdict.incomplete} incomplete), {verdict.opportunities} opportunities"
    if verdict.unlogged_ms:
        print(f"  killed before arbitrage could log them, ms: {verdict.unlogged_ms}", flush=True)
    print(f"  -> {rows}, {len(verdict.findings)} findings", *verdict.findings[:MOST_SHOWN], sep="\n     ", flush=True)
    if not verdict.findings and not keep:
        shutil.rmtree(data_dir)
    return verdict


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
