"""`crossbook opportunities history|stats`: what became of opportunities, from a running system."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from crossbook.cli.names import split_names
from crossbook.cli.watch import Assets, Json, Target, Venues

if TYPE_CHECKING:
    import grpc
    from google.protobuf.timestamp_pb2 import Timestamp

    from crossbook.pb.v1.arbitrage_pb2 import LifeGrouping

app = typer.Typer(help="What became of opportunities: their lives, and statistics of them.", no_args_is_help=True)

FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
From = Annotated[datetime | None, typer.Option("--from", formats=FORMATS, help="Opened at or after it, UTC.")]
To = Annotated[datetime | None, typer.Option("--to", formats=FORMATS, help="Opened before it, UTC.")]
PAGE = 1000


@app.command()
def history(
    venues: Venues = "",
    assets: Assets = "",
    begin: From = None,
    end: To = None,
    min_peak_net_percent: Annotated[float | None, typer.Option(help="Smallest net percent at its best.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most lives.")] = 100,
    json: Json = False,
    target: Target = None,
) -> None:
    """Lives of opportunities, newest first: opening, peak, close and why."""
    from crossbook.cli import rows
    from crossbook.cli.calls import call, default_target
    from crossbook.pb.v1 import arbitrage_pb2, arbitrage_pb2_grpc
    from crossbook.plumbing.grpc.channel import UNARY_DEADLINE_SECONDS
    from crossbook.plumbing.paging import pages

    request = arbitrage_pb2.ListOpportunityHistoryRequest(
        venues=split_names(venues),
        assets=split_names(assets),
        from_time=moment(begin),
        to_time=moment(end),
        min_peak_net_percent=min_peak_net_percent,
    )
    printer = rows.Printer(json, rows.LIFE_HEAD, rows.life)

    async def ask(channel: "grpc.aio.Channel") -> None:
        stub, left = arbitrage_pb2_grpc.ArbitrageServiceStub(channel), limit
        request.page_size = min(left, PAGE)
        async for page in pages(stub.ListOpportunityHistory, request, UNARY_DEADLINE_SECONDS):
            for life in page.lives:
                printer.show(life)
            left -= len(page.lives)
            request.page_size = min(left, PAGE)
            if not left:
                return

    call(default_target("arbitrage", target), ask)


@app.command()
def stats(
    by: Annotated[str, typer.Option(help="asset, pair, hour, comma-separated; empty: all at once.")] = "asset",
    latency_ms: Annotated[str, typer.Option(help="Milliseconds, comma-separated.")] = "50,180,500",
    venues: Venues = "",
    assets: Assets = "",
    begin: From = None,
    end: To = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most groups.")] = 100,
    json: Json = False,
    target: Target = None,
) -> None:
    """How many there were, how long they lived, and what a latency left of them; of the last day unless said."""
    from crossbook.cli import rows
    from crossbook.cli.calls import call, default_target
    from crossbook.pb.v1 import arbitrage_pb2, arbitrage_pb2_grpc
    from crossbook.plumbing.grpc.channel import UNARY_DEADLINE_SECONDS
    from crossbook.plumbing.timestamps import to_duration

    request = arbitrage_pb2.GetOpportunityStatisticsRequest(
        venues=split_names(venues),
        assets=split_names(assets),
        from_time=moment(begin),
        to_time=moment(end),
        group_by=[grouping(name) for name in split_names(by)],
        latencies=[to_duration(milliseconds(text)) for text in split_names(latency_ms)],
        limit=limit,
    )
    printer = rows.Printer(json, rows.life_statistics_head(request.latencies), rows.life_statistics)

    async def ask(channel: "grpc.aio.Channel") -> None:
        stub = arbitrage_pb2_grpc.ArbitrageServiceStub(channel)
        for row in (await stub.GetOpportunityStatistics(request, timeout=UNARY_DEADLINE_SECONDS)).rows:
            printer.show(row)

    call(default_target("arbitrage", target), ask)


def moment(given: datetime | None) -> "Timestamp | None":
    """What is given is meant as UTC."""
    from google.protobuf.timestamp_pb2 import Timestamp

    if given is None:
        return None
    found = Timestamp()
    found.FromDatetime(given)
    return found


def grouping(name: str) -> "LifeGrouping.ValueType":
    """By its name. Raises typer.BadParameter."""
    from crossbook.pb.v1 import arbitrage_pb2

    known = {
        "asset": arbitrage_pb2.LIFE_GROUPING_ASSET,
        "pair": arbitrage_pb2.LIFE_GROUPING_VENUE_PAIR,
        "hour": arbitrage_pb2.LIFE_GROUPING_HOUR,
    }
    if name not in known:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(known)}", param_hint="--by")
    return known[name]


def milliseconds(text: str) -> int:
    """As nanoseconds. Raises typer.BadParameter."""
    try:
        return round(float(text) * 1_000_000)
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{text!r} is no number of milliseconds", param_hint="--latency-ms") from None
