"""Rules as files: YAML of the same fields as in the proto, by the rule's id; what RPC and file say is one model.

    rules:
      desk:
        min_net_percent: 0.15
        cooldown: 300s
        channels:
          - id: chat
            slack: {url: "${SLACK_URL}"}

`${NAME}` is taken from the environment, so that a file holds no secret. A rule is enabled unless the file says
otherwise. A secret that is shown as *** stands for the one that the server has.
"""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import yaml
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError

from crossbook.alerts.channels.registry import restore_channel
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.groups.grouping import lacks_grouping
from crossbook.alerts.names import ID, RULES
from crossbook.alerts.rules import SERVER_FIELDS, check_rule, redacted
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import CrossbookError, InvalidRequestError

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class RuleFileError(CrossbookError):
    """The file cannot be read as rules: the message says where and why."""

    exit_code = 2


def parse(text: str, environment: Mapping[str, str]) -> dict[str, pb.AlertRule]:
    """The rules by id, in the file's order. Raises RuleFileError."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RuleFileError(f"is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(document, dict) or set(document) != {"rules"} or not isinstance(document["rules"], dict):
        raise RuleFileError("must hold one member, rules, with the rules by id")
    return {name: _rule(name, fields, environment) for name, fields in document["rules"].items()}


def dump(rules: Iterable[pb.AlertRule]) -> str:
    """The same file again; secrets stay as they are."""
    document = {"rules": {rule.name.removeprefix(RULES): _fields(rule) for rule in rules}}
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120))


def difference(identifier: str, stored: pb.AlertRule | None, wanted: pb.AlertRule | None) -> list[str]:
    """What would change of a rule, as a diff of its file, without secrets; nothing where nothing shows."""
    before, after = (_shown(rule).splitlines() for rule in (stored, wanted))
    return list(difflib.unified_diff(before, after, f"server: {identifier}", f"file: {identifier}", lineterm="", n=2))


def problems(
    identifier: str, rule: pb.AlertRule, policy: TargetPolicy, venues: Collection[str]
) -> list[tuple[str, str]]:
    """What is wrong with a rule of a file, by field; what a *** stands for is for the server to know."""
    hidden = {
        violation.field
        for index, channel in enumerate(rule.channels)
        for violation in restore_channel(channel, None, f"alert_rule.channels[{index}]")
    }
    found = [] if ID.fullmatch(identifier) else [("id", "must be 1 to 63 of a-z, 0-9 and -")]
    try:
        check_rule(rule, policy, venues)
    except InvalidRequestError as error:
        found += [(one.field.removeprefix("alert_rule."), one.description) for one in error.violations
                  if one.field not in hidden]  # fmt: skip
    return found


def _rule(identifier: object, fields: object, environment: Mapping[str, str]) -> pb.AlertRule:
    if not isinstance(identifier, str):  # as YAML reads off, and 1
        raise RuleFileError(f"{identifier}: is no name: put it in quotes")
    if not isinstance(fields, dict):
        raise RuleFileError(f"{identifier}: must hold the rule's fields")
    refused = [name for name in SERVER_FIELDS if name in fields]
    if refused:
        raise RuleFileError(f"{identifier}: {refused[0]} is set by the server")
    filled = _filled({"is_enabled": True, **fields}, identifier, environment)
    try:
        rule = ParseDict(filled, pb.AlertRule(name=RULES + identifier))
    except ParseError as error:
        raise RuleFileError(f"{identifier}: {error}") from None
    if lacks_grouping(rule):
        rule.grouping.SetInParent()  # as for a rule that is created
    return rule


def _filled(value: Any, path: str, environment: Mapping[str, str]) -> Any:
    """With its variables. Raises RuleFileError that names one that is not set, and where it stands."""
    if isinstance(value, dict):
        return {name: _filled(one, f"{path}.{name}", environment) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, f"{path}[{index}]", environment) for index, one in enumerate(value)]
    if not isinstance(value, str):
        return value
    missing = [name for name in VARIABLE.findall(value) if name not in environment]
    if missing:
        raise RuleFileError(f"{path}: the environment has no {missing[0]}")
    return VARIABLE.sub(lambda found: environment[found[1]], value)


def _fields(rule: pb.AlertRule) -> dict[str, Any]:
    fields: dict[str, Any] = MessageToDict(rule, preserving_proto_field_name=True)
    if lacks_grouping(rule):
        fields["grouping"] = {"by": ["ALERT_GROUP_BY_NONE"]}  # of a rule made before there were groups
    return {"is_enabled": rule.is_enabled, **{name: one for name, one in fields.items() if name not in SERVER_FIELDS}}


def _shown(rule: pb.AlertRule | None) -> str:
    return "" if rule is None else str(yaml.safe_dump(_fields(redacted(rule)), sort_keys=True, allow_unicode=True))
