"""What is laid beside an Alertmanager: events as its alerts, and what each side made of a dislocation."""

from typing import Any

from crossbook.plumbing.timestamps import SECOND_NS
from tests.bench.alertmanager.bridge import alert_of
from tests.bench.alertmanager.tally import END, FIRST, MORE, Message, laid_out, lines, of_alertmanager
from tests.dislocations.run import Planted
from tests.support.alerts.stand_in_arbitrage import CLOSED, OPENED, event, opportunity

PLANTED = Planted("BTC", 100 * SECOND_NS, 104 * SECOND_NS)
HEARD = [(100.5, "BTC")]


def told(at: float, kind: str, identity: str) -> Message:
    return Message(at, "BTC", 100 * SECOND_NS, kind, identity)


def test_an_opportunity_is_an_alert_that_ends_when_it_closes() -> None:
    """A pair is known by its labels, so that it is the same alert when it opens again."""
    found = opportunity(open_ns=100 * SECOND_NS)
    opened, closed = alert_of(event(OPENED, found)), alert_of(event(CLOSED, found, after_seconds=4))
    assert opened["labels"] == closed["labels"]
    assert (opened.get("endsAt"), closed["endsAt"]) == (None, "1970-01-01T00:01:44Z")


def body(status: str) -> Any:
    alerts = [{"fingerprint": "f", "status": status, "startsAt": "1970-01-01T00:01:40Z"}]
    return {"status": status, "groupKey": "g", "groupLabels": {"asset": "BTC"}, "alerts": alerts}


def test_what_alertmanager_says_first_of_a_group_is_its_first_message() -> None:
    """Until it has said that it is resolved."""
    groups: set[str] = set()
    said = [of_alertmanager(at, body(status), groups).kind for at, status in enumerate(["firing"] * 2 + ["resolved"])]
    assert said == [FIRST, MORE, END]
    assert of_alertmanager(9, body("firing"), groups).kind == FIRST


def test_what_is_said_again_lost_or_left_open_is_counted() -> None:
    """And times are from the first event, and from the end."""
    (well,) = laid_out([PLANTED], HEARD, [told(101.5, FIRST, "a"), told(114.0, END, "b")])
    assert (well.again, well.is_lost, well.stays_open) == (0, False, False)
    assert (well.first_seconds, well.end_seconds) == (1.0, 10.0)
    (lost,) = laid_out([PLANTED], HEARD, [])
    assert lost.is_lost
    (twice,) = laid_out([PLANTED], HEARD, [told(101.5, FIRST, "a"), told(130.0, FIRST, "a")])
    assert (twice.again, twice.stays_open) == (1, True)
    assert "| said again | 0 | 1 |" in lines({"one": [well], "other": [twice]})
