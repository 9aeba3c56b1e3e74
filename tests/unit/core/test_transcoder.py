"""REST by the protos: which call a request means, and messages as JSON, through the binding."""

import json
from pathlib import Path

import pytest

import crossbook.pb
from crossbook._core import PayloadError, RestCall, RestRefusal, Transcoder
from crossbook.pb.v1.alerts_pb2 import UpdateAlertRuleRequest
from crossbook.pb.v1.arbitrage_pb2 import IDENTITY_STATE_DENIED, DecideIdentityRequest
from crossbook.pb.v1.gateway_pb2 import GetStatsResponse, ListArbitrageRequest, ListMinuteRowsRequest, ListPricesRequest
from crossbook.pb.v1.market_pb2 import BOOK_STATE_LIVE

DESCRIPTORS = (Path(crossbook.pb.__file__).parent / "descriptors.binpb").read_bytes()
REST = Transcoder(DESCRIPTORS)


def call(verb: str, path: str, query: str = "", body: bytes = b"") -> RestCall:
    found = REST.call(verb, path, query, body)
    assert isinstance(found, RestCall), found.violations
    return found


def refused(verb: str, path: str, query: str = "", body: bytes = b"") -> RestRefusal:
    found = REST.call(verb, path, query, body)
    assert isinstance(found, RestRefusal), found.method
    return found


def test_path_and_query_become_the_request() -> None:
    """By the names that JSON has, percent-encoded or not."""
    found = call("GET", "/api/binance/minutes", "symbol=BTC%2FUSDT:USDT&limit=5&from=1.5")
    assert (found.method, found.pattern) == ("crossbook.v1.GatewayService/ListMinuteRows", "/api/{venue}/minutes")
    assert ListMinuteRowsRequest.FromString(found.payload) == ListMinuteRowsRequest(
        venue="binance", symbol="BTC/USDT:USDT", limit=5, from_ms=1.5
    )


def test_a_list_takes_commas_and_repetition() -> None:
    """As people write either."""
    for query in ("exchanges=a,b&minProfit=0.1", "exchanges=a&exchanges=b&minProfit=0.1"):
        request = ListArbitrageRequest.FromString(call("GET", "/api/arb", query).payload)
        assert (list(request.exchanges), request.min_profit_percent) == (["a", "b"], 0.1)


def test_a_value_of_an_enum_may_leave_its_prefix_out() -> None:
    """Whatever its case."""
    for text in ("live", "LIVE", "BOOK_STATE_LIVE"):
        request = ListPricesRequest.FromString(call("GET", "/api/prices", f"state={text}").payload)
        assert request.state == BOOK_STATE_LIVE


def test_a_literal_path_wins_over_a_venues() -> None:
    """So no venue may be called as one of them."""
    assert call("POST", "/api/alerts/check", body=b"{}").method == "crossbook.v1.AlertService/CheckAlerts"
    assert call("GET", "/api/alerts/alerts").method == "crossbook.v1.GatewayService/ListAlertRows"


def test_a_body_is_the_request_or_a_field_of_it() -> None:
    """And a path may say a field of either."""
    decide = call("POST", "/api/identityFindings/ab:decide", body=b'{"state": "IDENTITY_STATE_DENIED"}')
    assert DecideIdentityRequest.FromString(decide.payload) == DecideIdentityRequest(
        name="identityFindings/ab", state=IDENTITY_STATE_DENIED
    )
    update = call("PATCH", "/api/alerts/rules/wide", "updateMask=displayName", b'{"displayName": "x"}')
    request = UpdateAlertRuleRequest.FromString(update.payload)
    assert (request.alert_rule.name, request.alert_rule.display_name) == ("wide", "x")
    assert list(request.update_mask.paths) == ["display_name"]


@pytest.mark.parametrize(
    ("verb", "path", "query", "body", "fields"),
    [
        ("GET", "/api/minutes", "nope=1&limit=x", b"", ["nope", "limit"]),
        ("GET", "/api/minutes", "limit=1&limit=2", b"", ["limit"]),
        ("GET", "/api/minutes", "limit=99999999999", b"", ["limit"]),
        ("GET", "/api/x/minutes", "venue=y", b"", ["venue"]),
        ("GET", "/api/arbitrage", "minProfit=NaN", b"", ["minProfit"]),
        ("GET", "/api/arbitrage", "minProfit=Infinity", b"", ["minProfit"]),
        ("GET", "/api/arbitrage", "useMinutes=maybe", b"", ["useMinutes"]),
        ("GET", "/api/prices", "state=LIVELY", b"", ["state"]),
        ("GET", "/api/prices", "symbol=%ff", b"", ["query"]),
        ("GET", "/api/prices", "", b"{}", ["body"]),
        ("POST", "/api/alerts/check", "", b"[]", ["body"]),
        ("POST", "/api/alerts/check", "", b"{", ["body"]),
        ("POST", "/api/alerts/check", "", b'{"nope": 1}', ["body"]),
        ("POST", "/api/alerts/check", "rule=x", b"{}", ["rule"]),
    ],
)
def test_what_cannot_be_meant_is_refused_field_by_field(
    verb: str, path: str, query: str, body: bytes, fields: list[str]
) -> None:
    """Each with its own name, all at once."""
    assert [field for field, _ in refused(verb, path, query, body).violations] == fields


def test_another_verb_is_told_which_there_are_and_no_path_nothing() -> None:
    """405 and 404 of the web."""
    assert refused("DELETE", "/api/alerts/rules").verbs == ["POST", "GET"]
    for path in ("/api/nothing", "/api//stats", "/", "api/stats", "/api/%zz/stats"):
        nothing = refused("GET", path)
        assert (nothing.verbs, nothing.violations) == ([], []), path


def test_an_answer_has_every_key_and_none_that_is_not_known() -> None:
    """Zero is said, and so is an empty text; what is optional and absent is not."""
    text = json.loads(REST.to_json("crossbook.v1.GetStatsResponse", GetStatsResponse(markets=1).SerializeToString()))
    assert {"isTracking", "markets", "connected", "messagesReceived", "reason"} <= set(text)
    assert "clockOffsetMs" not in text


def test_what_is_no_message_is_told() -> None:
    """Of either kind, and of a kind that is not there."""
    for broken in (
        lambda: REST.to_json("crossbook.v1.Nothing", b""),
        lambda: REST.to_json("crossbook.v1.GetStatsResponse", b"\xff"),
        lambda: REST.parse_json("crossbook.v1.ClientFrame", b'{"nope": 1}'),
        lambda: Transcoder(b"\xff"),
    ):
        with pytest.raises(PayloadError):
            broken()


def test_no_venue_is_called_as_a_path() -> None:
    """A literal wins, so nobody could ask about it."""
    from crossbook._core import venue_profiles

    literal = {pattern.split("/")[2] for _, pattern, *_ in REST.routes}
    assert not literal & {profile.id for profile in venue_profiles()}
