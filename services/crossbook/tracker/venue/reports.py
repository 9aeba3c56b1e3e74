"""The feed's reports, into the log: at most one per event and symbol in ten seconds, saying how many it stands for."""

import time

import structlog

from crossbook._core import Report
from crossbook.plumbing.outside import OutsideText

INTERVAL_SECONDS = 10.0
MAX_KEYS = 10_000
MAX_DETAIL = 400

log = structlog.get_logger()


class ReportLog:
    """Logs one venue's reports."""

    def __init__(self, venue: str) -> None:
        self._venue = venue
        self._silent: dict[tuple[str, str], tuple[float, int]] = {}  # key: (until, left out since)

    def write(self, report: Report) -> None:
        """Logs it or counts it."""
        now = time.monotonic()
        key = (report.event, report.symbol)
        until, left_out = self._silent.get(key, (0.0, 0))
        if now < until:
            self._silent[key] = (until, left_out + 1)
            return
        if len(self._silent) >= MAX_KEYS:
            self._silent.clear()
        self._silent[key] = (now + INTERVAL_SECONDS, 0)
        log.warning(
            report.event,
            venue=self._venue,
            symbol=report.symbol,
            detail=OutsideText.of(report.detail, MAX_DETAIL),
            also_left_out=left_out,
        )
