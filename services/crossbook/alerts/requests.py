"""Checks and pages of what clients ask for, apart from rules (rules.py); every wrong field is named."""

from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from crossbook.alerts.channels.registry import KINDS
from crossbook.alerts.names import ALERTS, ID, alert_id, rule_id
from crossbook.alerts.records import AlertQuery, DeadLetterQuery
from crossbook.alerts.rules import is_scheduled
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import FieldViolation, InvalidRequestError
from crossbook.plumbing.paging import decode_token, encode_token, page_limit, query_fingerprint
from crossbook.plumbing.requests import check_names, check_range, refuse

DEFAULT_PAGE = 100
MAX_PAGE = 1000


def new_rule_id(identifier: str) -> str:
    """The id for a new rule, empty when the server shall choose. Raises InvalidRequestError."""
    if identifier and not ID.fullmatch(identifier):
        raise InvalidRequestError.of("alert_rule_id", "must be 1 to 63 of a-z, 0-9 and -")
    return identifier


def scheduled_rule(rule: pb.AlertRule) -> pb.AlertRule:
    """Raises InvalidRequestError for a rule that events trigger."""
    if not is_scheduled(rule):
        raise InvalidRequestError.of("rule", f"{rule.name} follows opportunities as they come; it has no schedule")
    return rule


def rules_page(request: pb.ListAlertRulesRequest) -> tuple[int, str]:
    """Rows, and the id after which the page begins. Raises InvalidRequestError."""
    limit = page_limit(request.page_size, DEFAULT_PAGE, MAX_PAGE)
    position = decode_token(query_fingerprint(request), request.page_token)
    return limit, str(position[0]) if position else ""


def alerts_page(request: pb.ListAlertsRequest) -> tuple[int, AlertQuery]:
    """Rows, and which. Raises InvalidRequestError."""
    if request.rule:
        rule_id(request.rule, "rule")
    refuse(
        [
            *check_names("assets", request.assets),
            *check_names("venues", request.venues),
            *check_range(request),
        ]
    )
    query = AlertQuery(
        rule=request.rule or None,
        assets=request.assets,
        venues=request.venues,
        from_time=_moment(request.from_time) if request.HasField("from_time") else None,
        to_time=_moment(request.to_time) if request.HasField("to_time") else None,
        before=_before(request),
    )
    return page_limit(request.page_size, DEFAULT_PAGE, MAX_PAGE), query


def groups_query(request: pb.ListAlertGroupsRequest) -> tuple[int, dict[str, Any]]:
    """Rows, and which, one more than wanted. Raises InvalidRequestError."""
    if request.rule:
        rule_id(request.rule, "rule")
    refuse([*check_names("assets", request.assets), *check_names("venues", request.venues)])
    position = decode_token(query_fingerprint(request), request.page_token)
    limit = page_limit(request.page_size, DEFAULT_PAGE, MAX_PAGE)
    return limit, {
        "rule": request.rule or None,
        "open_only": request.open_only,
        "assets": list(request.assets) or None,
        "venues": list(request.venues) or None,
        "before": datetime.fromisoformat(str(position[0])) if position else None,
        "before_id": str(position[1]) if position else None,
        "limit": limit + 1,
    }


def suppressions_query(request: pb.ListSuppressionsRequest) -> tuple[int, dict[str, Any]]:
    """Rows, and which, one more than wanted. Raises InvalidRequestError."""
    if request.rule:
        rule_id(request.rule, "rule")
    unknown = [reason for reason in request.reasons if reason not in pb.SuppressionReason.values()]
    refuse(
        [
            *check_names("assets", request.assets),
            *(FieldViolation("reasons", f"{reason} is not a reason") for reason in unknown),
        ]
    )
    position = decode_token(query_fingerprint(request), request.page_token)
    limit = page_limit(request.page_size, DEFAULT_PAGE, MAX_PAGE)
    return limit, {
        "reasons": list(request.reasons) or None,
        "rule": request.rule or None,
        "assets": list(request.assets) or None,
        "before": datetime.fromisoformat(str(position[0])) if position else None,
        "before_id": int(str(position[1])) if position else None,
        "limit": limit + 1,
    }


def page_token(request: Message, moment: Timestamp, identifier: str | int) -> str:
    """The token of the page after the row of this moment and id."""
    return encode_token(query_fingerprint(request), [moment.ToDatetime(tzinfo=UTC).isoformat(), identifier])


def dead_letters(chosen: pb.DeadLetterFilter, alert: str = "") -> DeadLetterQuery:
    """Which, of an alert or of all. Raises InvalidRequestError."""
    identifier = alert_id(alert, "alert") if alert else None
    if chosen.rule:
        rule_id(chosen.rule, "filter.rule")
    if chosen.kind and chosen.kind not in KINDS:
        raise InvalidRequestError.of("filter.kind", f"must be one of: {', '.join(KINDS)}")
    refuse([*check_range(chosen), *check_names("filter.channel_id", [chosen.channel_id] if chosen.channel_id else [])])
    return DeadLetterQuery(
        alert=identifier,
        rule=chosen.rule or None,
        channel=chosen.channel_id or None,
        kind=chosen.kind or None,
        reason=chosen.reason or None,
        from_time=_moment(chosen.from_time) if chosen.HasField("from_time") else None,
        to_time=_moment(chosen.to_time) if chosen.HasField("to_time") else None,
    )


def alerts_token(request: pb.ListAlertsRequest, last: pb.Alert) -> str:
    """The token of the page after `last`."""
    position = last.fire_time.ToDatetime(tzinfo=UTC).isoformat()
    return encode_token(query_fingerprint(request), [position, last.name.removeprefix(ALERTS)])


def _before(request: pb.ListAlertsRequest) -> tuple[datetime, str] | None:
    position = decode_token(query_fingerprint(request), request.page_token)
    return (datetime.fromisoformat(str(position[0])), str(position[1])) if position else None


def _moment(moment: Timestamp) -> datetime:
    """Rounded up to the microsecond, in which fire times are kept, so that both bounds stay exact."""
    micros, rest = divmod(moment.nanos, 1000)
    rounded = Timestamp(seconds=moment.seconds, nanos=micros * 1000)
    at = rounded.ToDatetime(tzinfo=UTC)
    return at if rest == 0 or at == datetime.max.replace(tzinfo=UTC) else at + datetime.resolution
