"""Which alerts a silence is about, and which silences are valid."""

from typing import Any

import pytest

from crossbook.alerts.holding.silencing import check_silence, fits, silencing
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.timestamps import SECOND_NS, to_timestamp
from tests.support.alerts.stand_in_arbitrage import opportunity

NOW_NS = 1_790_000_000 * SECOND_NS
ALERT = pb.Alert(rule="alertRules/r", opportunity=opportunity("o", "BTC", "okx", "bybit"))
TROUBLE = pb.Alert(
    rule="alertRules/t", trouble=pb.AlertTrouble(reason=pb.ALERT_REASON_CLOCK, venue="okx", detail="late")
)


@pytest.mark.parametrize(
    ("matchers", "is_fit", "is_trouble_fit"),
    [
        ({"assets": ["BTC"]}, True, False),
        ({"assets": ["ETH"]}, False, False),
        ({"venues": ["bybit"]}, True, False),
        ({"venues": ["okx"]}, True, True),
        ({"rules": ["alertRules/r"]}, True, False),
        ({"reasons": [pb.ALERT_REASON_CLOCK]}, False, True),
        ({"venues": ["okx"], "assets": ["ETH"]}, False, False),
        ({"venues": ["okx", "mexc"], "reasons": [pb.ALERT_REASON_OPPORTUNITY]}, True, False),
    ],
)
def test_of_each_matcher_that_is_given_one_entry_must_fit(
    matchers: dict[str, Any], is_fit: bool, is_trouble_fit: bool
) -> None:
    """A venue is either leg."""
    silence = pb.Silence(**matchers)
    assert (fits(silence, ALERT), fits(silence, TROUBLE)) == (is_fit, is_trouble_fit)


def test_maintenance_is_no_silence() -> None:
    """It is an inhibition, which a rule may ignore."""
    quiet, works = pb.Silence(venues=["okx"]), pb.Silence(venues=["okx"], is_maintenance=True)
    assert silencing([works], ALERT) is None
    assert silencing([works, quiet], ALERT) is quiet


def silence(**fields: Any) -> pb.Silence:
    given: dict[str, Any] = {"assets": ["BTC"], "author": "ann", "comment": "known", "to_time": NOW_NS + SECOND_NS}
    given |= fields
    times = {name: to_timestamp(given[name]) for name in ("from_time", "to_time") if name in given}
    return pb.Silence(**(given | times))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, ""),
        ({"assets": []}, "silence"),
        ({"venues": ["nowhere"]}, "silence.venues[0]"),
        ({"rules": ["r"]}, "silence.rules[0]"),
        ({"reasons": [99]}, "silence.reasons[0]"),
        ({"author": ""}, "silence.author"),
        ({"comment": "x" * 501}, "silence.comment"),
        ({"is_maintenance": True}, "silence.venues"),
        ({"to_time": NOW_NS}, "silence.to_time"),
        ({"from_time": NOW_NS + 9 * SECOND_NS}, "silence.to_time"),
        ({"to_time": NOW_NS + 400 * 86_400 * SECOND_NS}, "silence.to_time"),
    ],
)
def test_every_wrong_field_is_named(fields: dict[str, Any], field: str) -> None:
    """One that names nothing would silence everything."""
    assert [one.field for one in check_silence(silence(**fields), NOW_NS)] == ([field] if field else [])
