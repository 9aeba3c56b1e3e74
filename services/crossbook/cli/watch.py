"""`crossbook watch quotes|opportunities|alerts` and `crossbook explain`: what a running system says, row by row."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossbook.cli.names import split_names

if TYPE_CHECKING:
    import grpc

app = typer.Typer(help="Follow quotes, opportunities or alerts of a running system.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
Target = Annotated[str | None, typer.Option(help="host:port of the service; default: this shell's settings.")]
Targets = Annotated[
    str | None,
    typer.Option("--target", help="host:port of every shard, comma-separated; default: this shell's settings."),
]
Limit = Annotated[int, typer.Option(min=0, help="End after so many; 0 goes on.")]
Venues = Annotated[str, typer.Option(help="Venue ids, comma-separated; default: all.")]
Assets = Annotated[str, typer.Option(help="Assets, comma-separated; default: all.")]


@app.command()
def quotes(
    venues: Venues = "",
    symbols: Annotated[str, typer.Option(help="Unified symbols, comma-separated; default: all.")] = "",
    assets: Assets = "",
    limit: Limit = 0,
    json: Json = False,
    target: Targets = None,
) -> None:
    """Every change of the best bid and ask."""
    from crossbook.cli import rows
    from crossbook.cli.calls import shard_targets
    from crossbook.pb.v1 import aggregator_pb2, aggregator_pb2_grpc

    chosen = aggregator_pb2.InstrumentFilter(
        venues=split_names(venues), symbols=split_names(symbols), assets=split_names(assets)
    )
    request = aggregator_pb2.WatchQuotesRequest(filter=chosen)
    _follow(
        shard_targets(target),
        lambda channel: aggregator_pb2_grpc.AggregatorServiceStub(channel).WatchQuotes(request),
        rows.Printer(json, rows.QUOTE_HEAD, lambda message: rows.quote(message.quote)),
        limit,
    )


@app.command()
def opportunities(
    venues: Venues = "",
    assets: Assets = "",
    symbols: Annotated[str, typer.Option(help="Unified symbols, one of either leg; default: all.")] = "",
    min_net_percent: Annotated[float | None, typer.Option(help="Smallest net percent at opening.")] = None,
    chosen: Annotated[
        str, typer.Option("--filter", help="""An OpportunityFilter as JSON: '{"minProfit": 5, "minLife": "2s"}'.""")
    ] = "{}",
    limit: Limit = 0,
    json: Json = False,
    target: Target = None,
) -> None:
    """What opens, moves and closes."""
    from crossbook.cli import rows
    from crossbook.cli.calls import default_target
    from crossbook.cli.messages import as_message
    from crossbook.pb.v1 import arbitrage_pb2, arbitrage_pb2_grpc

    request = arbitrage_pb2.WatchOpportunitiesRequest(
        venues=split_names(venues),
        assets=split_names(assets),
        symbols=split_names(symbols),
        min_net_percent=min_net_percent,
        filter=as_message("--filter", chosen, arbitrage_pb2.OpportunityFilter()),
    )
    _follow(
        [default_target("arbitrage", target)],
        lambda channel: arbitrage_pb2_grpc.ArbitrageServiceStub(channel).WatchOpportunities(request),
        rows.Printer(json, rows.OPPORTUNITY_HEAD, rows.opportunity_event),
        limit,
        lambda message: message.events,
    )


@app.command()
def alerts(
    rule: Annotated[str, typer.Option(help="alertRules/{id}; default: all rules.")] = "",
    limit: Limit = 0,
    json: Json = False,
    target: Target = None,
) -> None:
    """Alerts as they fire."""
    from crossbook.cli import rows
    from crossbook.cli.calls import default_target
    from crossbook.pb.v1 import alerts_pb2, alerts_pb2_grpc

    request = alerts_pb2.WatchAlertsRequest(rule=rule)
    _follow(
        [default_target("alerts", target)],
        lambda channel: alerts_pb2_grpc.AlertServiceStub(channel).WatchAlerts(request),
        rows.Printer(json, rows.ALERT_HEAD, lambda message: rows.alert(message.alert)),
        limit,
    )


def explain(asset: str, buy: str, sell: str, json: Json = False, target: Target = None) -> None:
    """Say why ASSET bought on venue BUY and sold on venue SELL is, or is not, an opportunity."""
    from crossbook.cli import rows
    from crossbook.cli.calls import call, default_target
    from crossbook.pb.v1 import arbitrage_pb2, arbitrage_pb2_grpc
    from crossbook.plumbing.grpc.channel import UNARY_DEADLINE_SECONDS

    request = arbitrage_pb2.ExplainSpreadRequest(asset=asset, buy_venue=buy, sell_venue=sell)

    async def ask(channel: "grpc.aio.Channel") -> None:
        stub = arbitrage_pb2_grpc.ArbitrageServiceStub(channel)
        answer = await stub.ExplainSpread(request, timeout=UNARY_DEADLINE_SECONDS)
        print(rows.as_json(answer) if json else rows.explanation(answer))

    call(default_target("arbitrage", target), ask)


def _follow(
    targets: list[str],
    open_stream: Any,
    printer: Any,
    limit: int,
    items: Callable[[Any], Iterable[Any]] = lambda message: (message,),
) -> None:
    from crossbook.cli.calls import call_side_by_side, each

    seen = 0

    async def follow(channel: "grpc.aio.Channel") -> None:
        nonlocal seen
        async for message in each(open_stream(channel)):
            for item in items(message):
                printer.show(item)
                seen += 1
                if seen == limit:
                    return

    call_side_by_side(targets, follow)
