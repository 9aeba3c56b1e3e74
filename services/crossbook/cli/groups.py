"""`crossbook groups` and `crossbook silences`: what is open, that somebody is at it, and why something was not told."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from crossbook.cli.names import split_names

groups = typer.Typer(help="Groups of alerts: what is open, who is at it, why it was told or not.", no_args_is_help=True)
silences = typer.Typer(help="Hold alerts back for a time.", no_args_is_help=True)

Target = Annotated[str | None, typer.Option(help="host:port of alerts; default: this shell's settings.")]
Author = Annotated[str, typer.Option(help="Who you are.", envvar="USER")]
Comment = Annotated[str, typer.Option(help="Why.")]
Lasting = Annotated[str, typer.Option("--for", help="How long, for example 30m or 4h.")]


@groups.command("list")
def list_groups(
    everything: Annotated[bool, typer.Option("--all", help="Those that are closed, too.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="So many at most, the newest first.")] = 50,
    target: Target = None,
) -> None:
    """What is open, a line each."""
    from crossbook.pb.v1 import alerts_pb2 as pb

    request = pb.ListAlertGroupsRequest(open_only=not everything, page_size=limit)
    for group in _ask("ListAlertGroups", request, target).groups:
        print(_group_line(group))


@groups.command("ack")
def acknowledge(
    group: Annotated[str, typer.Argument(help="The group's name or id, or the token that its message bears.")],
    author: Author = "",
    comment: Comment = "",
    lasting: Lasting = "4h",
    target: Target = None,
) -> None:
    """Say that you are at it: repeats and escalations stop until it closes."""
    from crossbook.local.options import parse_duration
    from crossbook.pb.v1 import alerts_pb2 as pb

    request = pb.AcknowledgeAlertGroupRequest(author=author, comment=comment)
    if "." in group:
        request.token = group
    else:
        request.name = group if "/" in group else f"alertGroups/{group}"
    request.valid_for.FromSeconds(round(parse_duration(lasting)))
    print(_group_line(_ask("AcknowledgeAlertGroup", request, target).group))


@groups.command("explain")
def explain(
    what: Annotated[str, typer.Argument(help="An opportunity's id, or a group's name; nothing for a canary.")] = "",
    rule: Annotated[str, typer.Option(help="The rule; needed for an opportunity, and for a canary.")] = "",
    target: Target = None,
) -> None:
    """Why it was told, or was not."""
    from crossbook.pb.v1 import alerts_pb2 as pb

    request = pb.ExplainAlertRequest(rule=_named(rule, "alertRules/"))
    if what.startswith("alertGroups/"):
        request.group = what
    else:
        request.opportunity = what
    answer = _ask("ExplainAlert", request, target)
    print(answer.explanation)
    for one in answer.suppressions:
        print(f"  {_suppression_line(one)}")


@groups.command("untold")
def untold(
    rule: Annotated[str, typer.Option(help="Only of this rule.")] = "",
    assets: Annotated[str, typer.Option(help="Assets, comma-separated; default: all.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="So many at most, the newest first.")] = 50,
    target: Target = None,
) -> None:
    """What was not told, or not yet, and why."""
    from crossbook.pb.v1 import alerts_pb2 as pb

    request = pb.ListSuppressionsRequest(rule=_named(rule, "alertRules/"), assets=split_names(assets), page_size=limit)
    for one in _ask("ListSuppressions", request, target).suppressions:
        print(_suppression_line(one))


@silences.command("add")
def add_silence(
    comment: Comment,
    assets: Annotated[str, typer.Option(help="Assets, comma-separated.")] = "",
    venues: Annotated[str, typer.Option(help="Venue ids, comma-separated.")] = "",
    rules: Annotated[str, typer.Option(help="Rules, comma-separated.")] = "",
    lasting: Lasting = "1h",
    author: Author = "",
    maintenance: Annotated[bool, typer.Option("--maintenance", help="The venues are in maintenance.")] = False,
    target: Target = None,
) -> None:
    """Hold back what fits all that is given."""
    from crossbook.local.options import parse_duration
    from crossbook.pb.v1 import alerts_pb2 as pb

    silence = pb.Silence(
        assets=split_names(assets),
        venues=split_names(venues),
        rules=[_named(rule, "alertRules/") for rule in split_names(rules)],
        author=author,
        comment=comment,
        is_maintenance=maintenance,
    )
    silence.to_time.FromDatetime(datetime.now(UTC) + timedelta(seconds=parse_duration(lasting)))
    print(_silence_line(_ask("CreateSilence", pb.CreateSilenceRequest(silence=silence), target).silence))


@silences.command("list")
def list_silences(
    everything: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    target: Target = None,
) -> None:
    """Those in force or to come."""
    from crossbook.pb.v1 import alerts_pb2 as pb

    for silence in _ask("ListSilences", pb.ListSilencesRequest(include_expired=everything), target).silences:
        print(_silence_line(silence))


@silences.command("expire")
def expire_silence(
    name: Annotated[str, typer.Argument(help="The silence's name or id.")], target: Target = None
) -> None:
    """End it now; what is open and was held back is told."""
    from crossbook.pb.v1 import alerts_pb2 as pb

    request = pb.ExpireSilenceRequest(name=_named(name, "silences/"))
    print(_silence_line(_ask("ExpireSilence", request, target).silence))


def _ask(method: str, request: Any, target: str | None) -> Any:
    from crossbook.cli.calls import call, default_target
    from crossbook.pb.v1.alerts_pb2_grpc import AlertServiceStub

    answers: list[Any] = []

    async def use(channel: Any) -> None:
        answers.append(await getattr(AlertServiceStub(channel), method)(request, timeout=10))

    call(default_target("alerts", target), use)
    return answers[0]


def _named(name: str, collection: str) -> str:
    return name if not name or name.startswith(collection) else collection + name


def _group_line(group: Any) -> str:
    state = "closed" if group.HasField("close_time") and not group.open_count else "open"
    seen = f" · {group.acknowledgement.author} is at it" if group.HasField("acknowledgement") else ""
    held = f" · held back: {group.held_back}" if group.held_back else ""
    return (
        f"{group.name} · {state} · {group.label} · {group.open_count} of {group.member_count} open"
        f" · since {_moment(group.open_time)}{seen}{held} · {group.rule.rpartition('/')[2]}"
    )


def _silence_line(silence: Any) -> str:
    matchers = [*silence.assets, *silence.venues, *silence.rules]
    kind = "maintenance" if silence.is_maintenance else "silence"
    state = "in force" if silence.is_active else "not in force"
    return (
        f"{silence.name} · {kind} · {state} · {', '.join(matchers)} · {_moment(silence.from_time)} to"
        f" {_moment(silence.to_time)} · {silence.author}: {silence.comment}"
    )


def _suppression_line(one: Any) -> str:
    from crossbook.pb.v1 import alerts_pb2 as pb

    reason = pb.SuppressionReason.Name(one.reason).removeprefix("SUPPRESSION_REASON_").lower()
    about = one.cause or one.group
    times = f" · {one.count} times" if one.count > 1 else ""
    return f"{_moment(one.last_time)} · {reason} · {about} · {one.detail}{times} · {one.rule.rpartition('/')[2]}"


def _moment(timestamp: Any) -> str:
    return str(timestamp.ToDatetime(tzinfo=UTC).strftime("%Y-%m-%d %H:%M:%S"))
