"""How what was found compares with what the simulator planted."""

from collections.abc import Iterable
from pathlib import Path

from crossbook.local.options import UpOptions
from crossbook.local.show.observer import Sighting
from crossbook.simulator.world.score import Detected, read_truth, score

NO_TRUTH = {"planted": 0, "detected": 0, "false": 0}


def score_run(truth_file: Path, sightings: Iterable[Sighting], options: UpOptions) -> dict[str, int]:
    """Episodes longer than a second count as planted; assets that were not tracked do not."""
    if not truth_file.exists():
        return NO_TRUTH
    found = [
        Detected(seen.asset, seen.buy_venue, seen.sell_venue, seen.opened_ns, seen.closed_ns) for seen in sightings
    ]
    assets = {*options.assets, *(symbol.split("/")[0] for symbol in options.symbols)}
    verdict = score(read_truth(truth_file), found, venues=options.venues, assets=assets or None)
    return {"planted": verdict.planted, "detected": verdict.detected, "false": len(verdict.false)}
