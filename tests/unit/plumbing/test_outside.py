"""Text from outside is printable and bounded, whatever it was; and what shows it makes it so."""

import ast
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossbook.alerts.channels.content import as_fields, as_json, message_text
from crossbook.alerts.channels.text import text_of
from crossbook.cli import rows
from crossbook.pb.v1 import alerts_pb2, arbitrage_pb2, market_pb2
from crossbook.plumbing.outside import MAX_CHARACTERS, OutsideText

SERVICES = Path(__file__).parents[3] / "services" / "crossbook"
# What hands a stranger's words on: (attribute or call, the file that may, and makes OutsideText of it).
RAW_WAYS = {"close_reason": "transport/connection.py", "handshake_exc": "transport/connection.py"}


# What shows messages as lines: nothing there is printed as it came.
SHOWS = ("cli/rows.py", "local/show/lines.py")
HOSTILE = "\x1b]0;x\x07\u202e\x9b2J"


@given(st.text(max_size=2_000) | st.binary(max_size=2_000))
def test_it_is_printable_and_bounded(raw: str | bytes) -> None:
    """Escape sequences, bells, line ends, directions of writing, lone surrogates."""
    text = OutsideText.read(raw) if isinstance(raw, bytes) else OutsideText.of(raw)
    assert text.isprintable()
    assert len(text) <= MAX_CHARACTERS
    text.encode()


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain words", "plain words"),
        ("Zu viele Anfragen – später", "Zu viele Anfragen – später"),
        ("two\r\nlines\tand more", "two lines and more"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("a\u202eb", "a\\u202eb"),
        (ValueError("of an error"), "of an error"),
    ],
)
def test_what_can_be_read_stays_and_the_rest_is_written_out(raw: object, shown: str) -> None:
    """Blanks become one."""
    assert OutsideText.of(raw) == shown


def test_what_is_cut_says_so() -> None:
    """Three dots at its end."""
    assert OutsideText.of("x" * 300) == "x" * (MAX_CHARACTERS - 3) + "..."
    assert OutsideText.of("x" * MAX_CHARACTERS) == "x" * MAX_CHARACTERS
    assert len(OutsideText.of("words", 4)) == 4


def test_a_stranger_s_words_enter_in_one_place_only() -> None:
    """Whoever else reads them raw is named here."""
    found = set()
    for path in (path for part in ("tracker", "transport") for path in (SERVICES / part).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in RAW_WAYS:
                found.add((node.attr, str(path.relative_to(SERVICES))))
    assert found == set(RAW_WAYS.items())


def test_a_row_keeps_its_blanks_and_nothing_that_a_terminal_acts_upon() -> None:
    """Columns stay columns."""
    assert OutsideText.row("a    b\x1b[2J") == "a    b\\x1b[2J"
    assert len(OutsideText.row("x" * 500, 40)) == 40


def hostile_opportunity() -> arbitrage_pb2.Opportunity:
    """Every name in it is a stranger's."""
    leg = arbitrage_pb2.Leg(venue=HOSTILE, symbol=HOSTILE, quote_currency=HOSTILE, price=1.0)
    return arbitrage_pb2.Opportunity(id=HOSTILE, asset=HOSTILE, buy=leg, sell=leg)


def test_an_alert_s_texts_are_printable_whatever_names_are_in_it() -> None:
    """Of people's and of machines' kind; the machines read the same names."""
    alert = alerts_pb2.Alert(name="alerts/a", rule="alertRules/r", opportunity=hostile_opportunity())
    message = alerts_pb2.AlertMessage(alert=alert)
    assert message_text(message, 0).isprintable()
    text = text_of(message, 0)
    assert all(row.isprintable() for row in (text.title, text.topic, *text.lines))
    fields = as_json(as_fields(alert))
    assert fields.isprintable()
    assert json.loads(fields)["opportunity"]["asset"] == HOSTILE


def test_rows_of_the_command_are_printable_whatever_names_are_in_them(capsys: pytest.CaptureFixture[str]) -> None:
    """Events, quotes, alerts, explanations."""
    found = hostile_opportunity()
    rows.Printer(False, "head", rows.opportunity_event).show(arbitrage_pb2.OpportunityEvent(opportunity=found))
    rows.Printer(False, "head", rows.quote).show(market_pb2.Quote(venue=HOSTILE, symbol=HOSTILE))
    rows.Printer(False, "head", rows.alert).show(alerts_pb2.Alert(rule=HOSTILE, opportunity=found))
    print(rows.explanation(arbitrage_pb2.ExplainSpreadResponse(explanation=HOSTILE, opportunity=found)))
    assert all(line.isprintable() for line in capsys.readouterr().out.split("\n"))


@pytest.mark.parametrize("path", SHOWS)
def test_what_shows_messages_prints_no_text_as_it_came(path: str) -> None:
    """A head, or a line that is OutsideText."""
    prints = [
        node
        for node in ast.walk(ast.parse((SERVICES / path).read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print"
    ]
    assert prints
    for node in prints:
        assert ast.unparse(node.args[0]).startswith(("OutsideText.", "self._line(", "head"))
