"""Resource names: "alertRules/{id}", "alerts/{id}", and so on; and the words that reasons have in keys."""

import re

from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import InvalidRequestError

ID = re.compile(r"[a-z0-9-]{1,63}")
RULES = "alertRules/"
ALERTS = "alerts/"
MESSAGES = "alertMessages/"
GROUPS = "alertGroups/"
SILENCES = "silences/"


def reason_word(reason: pb.AlertReason.ValueType) -> str:
    """With which keys of this reason begin."""
    return pb.AlertReason.Name(reason).removeprefix("ALERT_REASON_").lower()


def rule_id(name: str, field: str) -> str:
    """The id in a rule's name; raises InvalidRequestError naming the field."""
    return _id(name, RULES, field)


def alert_id(name: str, field: str) -> str:
    """The id in an alert's name; raises InvalidRequestError naming the field."""
    return _id(name, ALERTS, field)


def group_id(name: str, field: str) -> str:
    """The id in a group's name; raises InvalidRequestError naming the field."""
    return _id(name, GROUPS, field)


def silence_id(name: str, field: str) -> str:
    """The id in a silence's name; raises InvalidRequestError naming the field."""
    return _id(name, SILENCES, field)


def _id(name: str, collection: str, field: str) -> str:
    found = name.removeprefix(collection)
    if not name.startswith(collection) or not ID.fullmatch(found):
        raise InvalidRequestError.of(field, f'must look like "{collection}{{id}}", id of 1 to 63 of a-z, 0-9 and -')
    return found
