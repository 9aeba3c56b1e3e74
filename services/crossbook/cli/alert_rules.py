"""`crossbook alerts apply|export|check|test|preview`: rules as files. Without any of them the service itself."""

import inspect
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import grpc

    from crossbook.pb.v1 import alerts_pb2 as pb

File = Annotated[Path, typer.Argument(help="A YAML file of rules.", exists=True, dir_okay=False)]
Target = Annotated[str | None, typer.Option(help="host:port of alerts; default: this shell's settings.")]
FromFile = Annotated[
    Path | None, typer.Option("--file", help="A YAML file with the rule; default: the running alerts.")
]


def group_of(service: Callable[..., None]) -> typer.Typer:
    """A group of commands that is the service's own command where none of them is named."""
    app = typer.Typer(help=service.__doc__, invoke_without_command=True)

    def begin(context: typer.Context, **given: Any) -> None:
        if context.invoked_subcommand is None:
            service(**given)

    own = inspect.signature(service).parameters.values()
    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    begin.__signature__ = inspect.Signature([context, *own])  # type: ignore[attr-defined]
    app.callback(invoke_without_command=True)(begin)
    for command in (apply, export, check, preview):
        app.command(command.__name__)(command)
    app.command("test")(would_fire)
    return app


def apply(
    file: File,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Delete rules that the file does not have.")] = False,
    target: Target = None,
) -> None:
    """Make the running alerts' rules those of FILE, and show what changes. Again it changes nothing."""
    from crossbook.alerts.rule_files import difference
    from crossbook.pb.v1 import alerts_pb2 as pb
    from crossbook.pb.v1.alerts_pb2_grpc import AlertServiceStub

    wanted = _read(file)

    async def use(channel: "grpc.aio.Channel") -> None:
        stub = AlertServiceStub(channel)
        stored = {rule.name: rule async for rule in _stored(stub)}
        for identifier, rule in wanted.items():
            before = stored.pop(rule.name, None)
            changes = difference(identifier, before, rule)
            print("\n".join(changes)) if changes else None
            if dry_run:
                continue
            print(f"{identifier}: {await _put(stub, identifier, rule, before)}")
        for name, rule in stored.items() if prune else ():
            print("\n".join(difference(name, rule, None)))
            if not dry_run:
                await stub.DeleteAlertRule(pb.DeleteAlertRuleRequest(name=name), timeout=10)
                print(f"{name}: deleted")

    _call(target, use)


def export(target: Target = None) -> None:
    """Print the running alerts' rules as a file; secrets are ***, which stands for them when it is applied again."""
    from crossbook.alerts.rule_files import dump
    from crossbook.pb.v1.alerts_pb2_grpc import AlertServiceStub

    async def use(channel: "grpc.aio.Channel") -> None:
        print(dump([rule async for rule in _stored(AlertServiceStub(channel))]), end="")

    _call(target, use)


def check(file: File) -> None:
    """Say what is wrong with FILE, field by field. Exit code 1 when anything is."""
    from crossbook._core import venue_profiles
    from crossbook.alerts.channels.targets import TargetPolicy
    from crossbook.alerts.rule_files import problems
    from crossbook.plumbing.settings import load_settings

    policy = TargetPolicy(load_settings().alerts.allow_private_targets)
    venues = {profile.id for profile in venue_profiles()}
    rules = _read(file)
    wrong = [(name, *one) for name, rule in rules.items() for one in problems(name, rule, policy, venues)]
    for name, field, description in wrong:
        print(f"{name}: {field}: {description}")
    if wrong:
        raise typer.Exit(1)
    print(f"{len(rules)} rules, nothing wrong")


def would_fire(
    rule: Annotated[str, typer.Argument(help="The rule's id.")],
    replay: Annotated[Path, typer.Option("--replay", help="A folder that `crossbook record` has written.")],
    file: FromFile = None,
    target: Target = None,
    untold: Annotated[bool, typer.Option("--untold", help="Show what would not have been told, too, and why.")] = False,
) -> None:
    """Say what RULE would have fired in a recorded run, when and as what, also where it is disabled."""
    from crossbook.alerts.rule_files import RuleFileError
    from crossbook.alerts.rules import follows_opportunities
    from crossbook.cli import rows
    from crossbook.pb.v1 import alerts_pb2 as pb
    from crossbook.plumbing.outside import OutsideText
    from crossbook.replay.compare import rehearsed

    found = _one(rule, file, target)
    if not follows_opportunities(found):
        raise RuleFileError(f"{rule} does not look at opportunities, and a recording has nothing else")
    found.is_enabled = True
    counts, begun = Counter[pb.SuppressionReason.ValueType](), 0
    print(rows.REHEARSAL_HEAD)
    for one in rehearsed(replay, found):
        counts[one.reason] += 1
        begun += one.begins_group
        if untold or not one.reason:
            print(OutsideText.row(rows.rehearsal(one), rows.MAX_ROW), flush=True)
    print(rows.rehearsals(counts, begun))


def preview(
    rule: Annotated[str, typer.Argument(help="The rule's id.")], file: FromFile = None, target: Target = None
) -> None:
    """Print what each channel of RULE would say first of something made up that the rule could find."""
    from crossbook.alerts.channels.registry import preview as shown

    wanted = _one(rule, file, target)
    for channel in wanted.channels:
        print(f"--- {channel.id} ({channel.WhichOneof('kind')})\n{shown(channel, wanted)}")


def _read(file: Path) -> "dict[str, pb.AlertRule]":
    from crossbook.alerts.rule_files import RuleFileError, parse

    try:
        return parse(file.read_text(), os.environ)
    except RuleFileError as error:
        raise RuleFileError(f"{file}: {error}") from None


def _one(identifier: str, file: Path | None, target: str | None) -> "pb.AlertRule":
    """Of the file, or of the running alerts. Raises RuleFileError when the file has none."""
    from crossbook.alerts.rule_files import RuleFileError
    from crossbook.pb.v1 import alerts_pb2 as pb
    from crossbook.pb.v1.alerts_pb2_grpc import AlertServiceStub

    if file is not None:
        rules = _read(file)
        if identifier not in rules:
            raise RuleFileError(f"{file} has no rule {identifier!r}; it has: {', '.join(rules)}")
        return rules[identifier]
    found: list[pb.AlertRule] = []

    async def use(channel: "grpc.aio.Channel") -> None:
        request = pb.GetAlertRuleRequest(name=f"alertRules/{identifier}")
        found.append((await AlertServiceStub(channel).GetAlertRule(request, timeout=10)).alert_rule)

    _call(target, use)
    return found[0]


async def _stored(stub: Any) -> Any:
    from crossbook.pb.v1 import alerts_pb2 as pb
    from crossbook.plumbing.paging import pages

    request = pb.ListAlertRulesRequest(page_size=1000)
    async for page in pages(stub.ListAlertRules, request, 10):
        for rule in page.alert_rules:
            yield rule


async def _put(stub: Any, identifier: str, rule: "pb.AlertRule", before: "pb.AlertRule | None") -> str:
    """Creates or changes it; what became of it. One that is as it was keeps its etag, also of secrets."""
    from google.protobuf.field_mask_pb2 import FieldMask

    from crossbook.pb.v1 import alerts_pb2 as pb

    if before is None:
        await stub.CreateAlertRule(pb.CreateAlertRuleRequest(alert_rule_id=identifier, alert_rule=rule), timeout=10)
        return "created"
    request = pb.UpdateAlertRuleRequest(alert_rule=rule, update_mask=FieldMask(paths=["*"]))
    after = (await stub.UpdateAlertRule(request, timeout=10)).alert_rule
    return "unchanged" if after.etag == before.etag else "changed"


def _call(target: str | None, use: Any) -> None:
    from crossbook.cli.calls import call, default_target

    call(default_target("alerts", target), use)
