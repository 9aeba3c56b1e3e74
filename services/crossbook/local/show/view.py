"""The live terminal view: venues, windows, opportunities and alerts on one screen, from 80 × 24 upwards.

Names and reasons come from venues and other outsiders: every text is made by `plain`, so that none is markup and none
steers the terminal. What cannot be drawn is told in its place: a view never ends a run.
"""

import asyncio
import time

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from crossbook.local.services import SERVICES
from crossbook.local.show.narrowing import Narrowing
from crossbook.local.show.observer import Observer, VenueFigures
from crossbook.pb.v1 import alerts_pb2, arbitrage_pb2, market_pb2
from crossbook.plumbing.timestamps import SECOND_NS, from_timestamp, now_ns

REFRESH_SECONDS = 0.5
_WIDE = 110
_OTHER_LINES = 9  # neither venue, nor opportunity, nor alert
_LEAST_FREE = 2  # for opportunities and alerts
_STATE_STYLES = {"LIVE": "bold green", "DEGRADED": "yellow", "DOWN": "bold red", "STARTING": "cyan"}


async def show(
    observer: Observer, headline: str, footer: str, notices: list[str], narrowing: Narrowing | None = None
) -> None:
    """Draws until cancelled; the narrowing may change meanwhile."""
    screen = Screen(observer, headline, footer, notices, narrowing)
    with Live(screen, screen=True, auto_refresh=False, redirect_stderr=False) as live:
        while True:
            live.refresh()
            await asyncio.sleep(REFRESH_SECONDS)


class Screen:
    """What is drawn; venues come first, opportunities and alerts share the lines that are left."""

    def __init__(
        self, observer: Observer, headline: str, footer: str, notices: list[str], narrowing: Narrowing | None = None
    ) -> None:
        self._observer = observer
        self._narrowing = narrowing or Narrowing()
        self._headline = headline
        self._footer = footer
        self._notices = notices
        self._started = time.monotonic()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Drawn whole before anything of it is handed on, so that whatever fails in it fails here."""
        try:
            lines = console.render_lines(self._screen(console, options), options, pad=False)
        except Exception as error:
            failure = f"the view cannot be drawn ({type(error).__name__}: {error}); the run goes on"
            yield plain(failure, "bold red")
            return
        for line in lines:
            yield from line
            yield Segment.line()

    def _screen(self, console: Console, options: ConsoleOptions) -> RenderableType:
        height = options.height or console.height
        is_wide = options.max_width >= _WIDE
        rows = max(1, min(len(self._seen()), height - _OTHER_LINES - _LEAST_FREE))
        free = max(_LEAST_FREE, height - _OTHER_LINES - rows)
        alert_lines = max(1, free // 3)
        return Group(
            self._title(),
            self._venues(rows, is_wide),
            self._totals(),
            Text(""),
            self._opportunities(free - alert_lines, is_wide),
            Text(""),
            self._alerts(alert_lines),
            plain(self._notice(), "yellow"),
            plain(self._footer, "dim"),
        )

    def _title(self) -> RenderableType:
        minutes, seconds = divmod(int(time.monotonic() - self._started), 60)
        grid = Table.grid(expand=True)
        grid.add_column(no_wrap=True, overflow="ellipsis")
        grid.add_column(justify="right", width=8)
        headline = " · ".join(part for part in (self._headline, self._narrowing.words) if part)
        grid.add_row(plain(headline, "bold"), plain(f"{minutes:d}:{seconds:02d}"))
        return grid

    def _venues(self, rows: int, is_wide: bool) -> RenderableType:
        """By name. Where there is no room for all, those that are LIVE give way, and are counted."""
        table = _table(
            "venue",
            "state",
            ">live",
            ">frames/s",
            ">quotes/s",
            ">gaps",
            ">resyncs",
            *([">p50 µs", ">clock ms", ">late ms"] if is_wide else []),
        )
        seen = self._seen()
        shown = sorted(seen)
        if len(seen) > rows:
            shown = sorted(sorted(seen, key=lambda venue: (_is_live(seen[venue]), venue))[: rows - 1])
        for venue in shown:
            _add_row(table, *_venue_row(venue, seen[venue], is_wide))
        if len(shown) < len(seen):
            live = sum(_is_live(seen[venue]) for venue in seen.keys() - set(shown))
            _add_row(table, f"{len(seen) - len(shown)} more", f"{live} LIVE")
        if not self._observer.venues:
            _add_row(table, "waiting for the trackers ...")
        return table

    def _seen(self) -> dict[str, VenueFigures]:
        return {venue: told for venue, told in self._observer.venues.items() if self._narrowing.has_venue(venue)}

    def _notice(self) -> str:
        """What is wrong with a venue now; else what happened last."""
        reasons = (f"{venue}: {seen.stats.reason}" for venue, seen in self._seen().items() if seen.stats.reason)
        return next(reasons, self._notices[-1] if self._notices else "")

    def _totals(self) -> RenderableType:
        """What each service that tells numbers has done so far, by the words of its row."""
        parts: list[Text | tuple[str, str]] = []
        for service in SERVICES:
            if service.stats is None:
                continue
            told = [
                f"{self._observer.figure(service.name, counted):,} {counted.view}"
                for counted in service.stats.counted
                if counted.view
            ]
            parts += [(f"{service.stats.title} ", "bold"), plain(f"{', '.join(told)}   ")] if told else []
        return Text.assemble(*parts, no_wrap=True, overflow="ellipsis")

    def _opportunities(self, lines: int, is_wide: bool) -> RenderableType:
        table = _table(
            "opportunity", "buy", "sell", ">net %", *([">gross %", ">size", ">notional"] if is_wide else [">notional"])
        )
        chosen = filter(self._narrowing.has_opportunity, self._observer.opportunities)
        shown = [found for found in chosen if found.id][: max(1, lines - 1)]
        for found in shown:
            _add_row(table, *_opportunity_row(found, is_wide))
        if not shown:
            _add_row(table, plain("none open that matches" if self._narrowing.words else "none open", "dim"))
        return table

    def _alerts(self, lines: int) -> RenderableType:
        table = _table("alert", "asset", "buy → sell", ">net %", "delivered")
        shown = [alert for alert in self._observer.alerts if self._narrowing.has_opportunity(alert.opportunity)]
        for alert in shown[: max(1, lines - 1)]:
            _add_row(table, *_alert_row(alert))
        if not shown:
            _add_row(table, plain("none yet", "dim"))
        return table


def _is_live(figures: VenueFigures) -> bool:
    return figures.stats.state == market_pb2.VenueState.VENUE_STATE_LIVE


def state_name(state: int) -> str:
    """LIVE for VENUE_STATE_LIVE; the number of one that this version does not know."""
    known = market_pb2.VenueState.Name(state) if state in market_pb2.VenueState.values() else f"{state}"  # type: ignore[arg-type]
    return known.removeprefix("VENUE_STATE_")


def _venue_row(venue: str, figures: VenueFigures, is_wide: bool) -> list[str | Text]:
    stats, totals = figures.stats, figures.counters.totals()
    state = state_name(stats.state)
    row: list[str | Text] = [
        venue,
        plain(state, _STATE_STYLES.get(state, "")),
        f"{stats.live_markets}/{stats.markets}",
        f"{figures.frames_per_s:,.0f}",
        f"{figures.quotes_per_s:,.0f}",
        f"{totals['gaps']:,}",
        f"{totals['resyncs']:,}",
    ]
    if not is_wide:
        return row
    clock = [f"{stats.clock_offset_ms:+,.0f}", f"{stats.delay_ms:,.0f}"] if stats.HasField("delay_ms") else ["", ""]
    return [*row, f"{stats.frame_to_quote_p50_us:,.0f}", *clock]


def _opportunity_row(found: arbitrage_pb2.Opportunity, is_wide: bool) -> list[str | Text]:
    age_s = max(0.0, (now_ns() - from_timestamp(found.open_time)) / SECOND_NS) if found.HasField("open_time") else 0.0
    row: list[str | Text] = [
        f"{found.asset} {age_s:.0f} s",
        f"{found.buy.venue} {found.buy.price:.6g}",
        f"{found.sell.venue} {found.sell.price:.6g}",
        plain(f"{found.costs.net_percent:.3f}", "bold green"),
    ]
    if is_wide:
        row += [f"{found.costs.gross_percent:.3f}", _size(found.executable_size)]
    return [*row, f"{found.executable_notional:,.0f}"]


def _size(coins: float) -> str:
    return f"{coins:,.0f}" if coins >= 1000 else f"{coins:.4g}"


def _alert_row(alert: alerts_pb2.Alert) -> list[str | Text]:
    found = alert.opportunity
    clock = time.strftime("%H:%M:%S", time.localtime(alert.fire_time.seconds))
    done = sum(delivery.state == alerts_pb2.DELIVERY_STATE_DELIVERED for delivery in alert.deliveries)
    return [
        clock,
        found.asset,
        f"{found.buy.venue} → {found.sell.venue}",
        f"{found.costs.net_percent:.3f}",
        f"{done}/{len(alert.deliveries)}",
    ]


def plain(text: str, style: str = "") -> Text:
    """The text as it is, on one line, with � for what would steer the terminal."""
    shown = "".join(character if character.isprintable() else "�" for character in text)
    return Text(shown, style=style, no_wrap=True, overflow="ellipsis")


def _add_row(table: Table, *cells: str | Text) -> None:
    """The only way into a table: rich would take a bare string for markup."""
    table.add_row(*(cell if isinstance(cell, Text) else plain(cell) for cell in cells))


def _table(*columns: str) -> Table:
    table = Table(box=None, expand=True, pad_edge=False, header_style="bold dim")
    for column in columns:
        table.add_column(
            column.lstrip(">"), justify="right" if column.startswith(">") else "left", no_wrap=True, overflow="ellipsis"
        )
    return table
