"""The JSON report of a run: what each service counted, how the ground truth was met, what each process cost."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crossbook.local.processes.supervisor import Supervised
from crossbook.local.services import SERVICES
from crossbook.local.show.observer import Observer
from crossbook.local.show.view import state_name
from crossbook.plumbing.errors import CrossbookError
from crossbook.plumbing.private_files import write_whole


class SummaryError(CrossbookError):
    """The report cannot be written: make room, or name another file."""


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
    return {
        "duration_s": round(duration_s, 3),
        "mode": mode,
        "venues": {venue: _venue(observer, venue) for venue in sorted(observer.venues)},
        "left_out": dict(left_out),
        **_counted(observer),
        "latency_us": _latency(observer),
        "ground_truth": dict(ground_truth),
        "processes": {name: _process(process) for name, process in processes.items()},
    }


def write(path: Path, report: Mapping[str, Any]) -> None:
    """Writes the file whole or not at all. Raises SummaryError."""
    try:
        write_whole(path, json.dumps(report, indent=2) + "\n")
    except OSError as error:
        raise SummaryError(f"the summary {path} cannot be written: {error.strerror}") from None


def _counted(observer: Observer) -> dict[str, dict[str, Any]]:
    """A section for each service that tells numbers, as its row says."""
    sections: dict[str, dict[str, Any]] = {}
    for service in SERVICES:
        if service.stats is not None:
            totals = observer.totals(service.name)
            sections[service.stats.title] = {
                counted.summary: totals.get(counted.field, 0) for counted in service.stats.counted if counted.summary
            }
    sections["opportunities"]["refused"] = dict(sorted(observer.refusals.totals().items()))
    return sections


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
