"""The JSON report of a run: what each service counted, how the ground truth was met, what each process cost."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crossbook.local.processes.supervisor import Supervised
from crossbook.local.show.observer import Observer
from crossbook.local.show.view import state_name


def summarise(
    observer: Observer,
    processes: Mapping[str, Supervised],
    *,
    duration_s: float,
    mode: str,
    left_out: Mapping[str, str],
    ground_truth: Mapping[str, Any],
) -> dict[str, Any]:
    """To be called when every process has ended, for their exit codes."""
    windows = observer.windows()
    found = observer.counters["arbitrage"].totals()
    alerts = observer.counters["alerts"].totals()
    return {
        "duration_s": round(duration_s, 3),
        "mode": mode,
        "venues": {venue: _venue(observer, venue) for venue in sorted(observer.venues)},
        "left_out": dict(left_out),
        "windows": {
            "snapshots_written": windows["snapshots_written"],
            "minutes_written": windows["minutes_written"],
            "incomplete": windows["incomplete_snapshots"],
        },
        "opportunities": {
            "opened": found.get("opened", 0),
            "closed": found.get("closed", 0),
            "refused": dict(sorted(observer.refusals.totals().items())),
        },
        "alerts": {key: alerts.get(key, 0) for key in ("fired", "suppressed", "delivered", "failed")},
        "latency_us": _latency(observer),
        "ground_truth": dict(ground_truth),
        "processes": {name: _process(process) for name, process in processes.items()},
    }


def write(path: Path, report: Mapping[str, Any]) -> None:
    """Writes the file whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(json.dumps(report, indent=2) + "\n")
    partial.replace(path)


def _venue(observer: Observer, venue: str) -> dict[str, Any]:
    figures = observer.venues[venue]
    totals = figures.counters.totals()
    return {
        "state": state_name(figures.stats.state),
        "instruments": figures.stats.markets,
        "frames": totals["messages_received"],
        "quotes": totals["quotes_emitted"],
        "gaps": totals["gaps"],
        "resyncs": totals["resyncs"],
        "parse_errors": totals["parse_errors"],
        "reconnects": totals["reconnects"],
    }


def _latency(observer: Observer) -> dict[str, float]:
    """The median over venues is weighted by their frames; 0 where nothing was measured."""
    weighed = [
        (f.stats.frame_to_quote_p50_us, f.counters.totals()["messages_received"]) for f in observer.venues.values()
    ]
    frames = sum(weight for _, weight in weighed)
    return {
        "frame_to_quote_p50": round(sum(p50 * weight for p50, weight in weighed) / frames, 1) if frames else 0.0,
        "frame_to_opportunity_p50": round(observer.arbitrage.frame_to_opportunity_p50_us, 1),
        "frame_to_opportunity_p99": round(observer.arbitrage.frame_to_opportunity_p99_us, 1),
    }


def _process(process: Supervised) -> dict[str, Any]:
    return {
        "rss_mb": round(process.usage.rss_mb, 1),
        "cpu_s": round(process.spent_cpu_s + process.usage.cpu_s, 2),
        "exit_code": process.final_exit_code,
        "restarts": process.restarts,
    }
