"""Checks of what clients ask for; every wrong field is named."""

import math
import re
from collections.abc import Sequence

from crossbook.arbitrage.facts.answers import check_facts
from crossbook.arbitrage.store.identities import RESOURCE
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.errors import FieldViolation
from crossbook.plumbing.opportunity_filter import check_filter
from crossbook.plumbing.requests import NOT_A_NAME, check_names, is_name, refuse

# Opportunities.
DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
# Sizes to be answered about, and the largest, in a buy leg's quote currency.
MAX_NOTIONALS = 10
MAX_NOTIONAL = 1e15
# Identity findings.
DEFAULT_FINDINGS = 100
MAX_FINDINGS = 1000
MAX_COMMENT_CHARACTERS = 500

FINDING_NAME = re.compile(re.escape(RESOURCE) + "[0-9a-f]{16}")
IDENTITY_STATES = (pb.IDENTITY_STATE_SUSPECT, pb.IDENTITY_STATE_CONFIRMED, pb.IDENTITY_STATE_DENIED)


def check_list(request: pb.ListOpportunitiesRequest) -> None:
    """Raises InvalidRequestError."""
    violations = [
        *check_names("venues", request.venues),
        *check_names("symbols", request.symbols),
        *check_names("assets", request.assets),
    ]
    if request.HasField("min_gross_percent"):
        violations += _threshold("min_gross_percent", request.min_gross_percent)
    if request.HasField("min_net_percent"):
        violations += _threshold("min_net_percent", request.min_net_percent)
    if request.price_source not in pb.PriceSource.values():
        violations.append(FieldViolation("price_source", f"{request.price_source} is not a price source"))
    violations += _notionals(request.notionals)
    if not 0 <= request.limit <= MAX_LIMIT:
        violations.append(FieldViolation("limit", f"must be 1 to {MAX_LIMIT}, or 0 for {DEFAULT_LIMIT}"))
    violations += check_facts(request)
    refuse(violations)


def check_watch(request: pb.WatchOpportunitiesRequest) -> None:
    """Raises InvalidRequestError."""
    violations = [
        *check_names("venues", request.venues),
        *check_names("assets", request.assets),
        *check_names("symbols", request.symbols),
        *check_filter("filter", request.filter),
    ]
    if request.HasField("min_net_percent"):
        violations += _threshold("min_net_percent", request.min_net_percent)
    refuse(violations)


def check_explain(request: pb.ExplainSpreadRequest) -> None:
    """Raises InvalidRequestError."""
    fields = {"asset": request.asset, "buy_venue": request.buy_venue, "sell_venue": request.sell_venue}
    violations = [FieldViolation(field, "must be given") for field, value in fields.items() if not value]
    violations += [FieldViolation(field, NOT_A_NAME) for field, value in fields.items() if value and not is_name(value)]
    violations += _notionals(request.notionals)
    if request.buy_venue and request.buy_venue == request.sell_venue:
        violations.append(FieldViolation("sell_venue", "must differ from buy_venue"))
    violations += check_facts(request)
    refuse(violations)


def check_overview(request: pb.GetMarketOverviewRequest) -> None:
    """Raises InvalidRequestError."""
    refuse(check_names("assets", request.assets))


def check_list_findings(request: pb.ListIdentityFindingsRequest) -> None:
    """Raises InvalidRequestError. The page's fields are checked where they are read."""
    violations = [*check_names("assets", request.assets)]
    violations += [
        FieldViolation(f"states[{index}]", f"{state} is not the state of an identity")
        for index, state in enumerate(request.states)
        if state not in IDENTITY_STATES
    ]
    refuse(violations)


def check_decide(request: pb.DecideIdentityRequest) -> None:
    """Raises InvalidRequestError."""
    violations = []
    if not FINDING_NAME.fullmatch(request.name):
        violations.append(FieldViolation("name", f"must be {RESOURCE} and 16 hexadecimal digits, as listed"))
    if request.state not in IDENTITY_STATES:
        violations.append(FieldViolation("state", "must be CONFIRMED or DENIED, or SUSPECT to take a decision back"))
    if len(request.comment) > MAX_COMMENT_CHARACTERS or not all(map(_is_text, request.comment)):
        violations.append(FieldViolation("comment", f"must be at most {MAX_COMMENT_CHARACTERS} printable characters"))
    refuse(violations)


def _is_text(character: str) -> bool:
    return character.isprintable() or character == "\n"


def _notionals(notionals: Sequence[float]) -> list[FieldViolation]:
    if len(notionals) > MAX_NOTIONALS:
        return [FieldViolation("notionals", f"must be at most {MAX_NOTIONALS}, not {len(notionals)}")]
    return [
        FieldViolation(f"notionals[{index}]", f"must be a positive number of money, not {notional:g}")
        for index, notional in enumerate(notionals)
        if not 0 < notional < MAX_NOTIONAL
    ]


def _threshold(field: str, percent: float) -> list[FieldViolation]:
    if math.isfinite(percent) and percent >= 0:
        return []
    return [FieldViolation(field, f"must be a number of percent that is not negative, not {percent:g}")]
