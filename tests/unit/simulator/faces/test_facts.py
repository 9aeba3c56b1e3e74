"""Every face is asked for facts by its venue's own requests, and what it answers is read by the core."""

import json
from urllib.parse import parse_qsl, urlsplit

import pytest

from crossbook._core import FactBook, next_market_request, parse_markets
from crossbook.pb.v1.aggregator_pb2 import IngestFactsRequest
from crossbook.pb.v1.facts_pb2 import FactKind, FactState
from crossbook.plumbing.settings import SimulatorSettings
from crossbook.simulator.faces.base import Face
from crossbook.simulator.registry import TRAITS
from crossbook.simulator.simulator import Simulator

START_NS = 1_800_000_000_000_000_000
SECOND_NS = 10**9
# What a venue does not tell at all is left out here; see its file.
LEAST = {
    FactKind.FACT_KIND_FUNDING_RATE,
    FactKind.FACT_KIND_FUNDING_INTERVAL,
    FactKind.FACT_KIND_FUNDING_ACCRUAL,
    FactKind.FACT_KIND_MARK_PRICE,
    FactKind.FACT_KIND_TRADING_STATUS,
    FactKind.FACT_KIND_LOT_SIZE,
    FactKind.FACT_KIND_MIN_SIZE,
    FactKind.FACT_KIND_CONTRACT_SIZE,
}


def ask(face: Face, url: str, body: str | None, now_ns: int) -> bytes:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query)) | ({"body": body} if body is not None else {})
    answer = face.answer(parts.path, query, now_ns)
    assert answer.status == 200, (url, answer.status, answer.body[:200])
    return answer.body


def facts_of(venue: str, seconds: int = 20) -> tuple[Face, IngestFactsRequest]:
    """All facts after so long of asking."""
    face = Simulator(SimulatorSettings(assets=3, venues=[venue]), START_NS).faces[venue]
    answers: list[bytes] = []
    while (request := next_market_request(venue, answers, "http://x")) is not None:
        answers.append(ask(face, request.url, request.body, START_NS))
    listed = parse_markets(venue, answers, START_NS).instruments
    book = FactBook(venue, rest_url="http://x")
    assets = {one.asset for one in face.instruments.values()}
    book.track([one for one in listed if one.asset in assets], START_NS)
    book.read_markets(answers, START_NS)
    for second in range(seconds):
        now_ns = START_NS + second * SECOND_NS
        while (due := book.next_ask(now_ns)) is not None:
            book.read(due, 200, ask(face, due.request.url, due.request.body, now_ns), now_ns)
    assert book.counts()[1:] == (0, 0), "nothing failed, nothing was refused"
    return face, IngestFactsRequest.FromString(book.take_changes(START_NS + seconds * SECOND_NS))


@pytest.mark.parametrize("venue", sorted(TRAITS))
def test_a_face_tells_its_facts_as_its_venue_does(venue: str) -> None:
    """Each of its instruments has the facts that every venue tells, in sound numbers, and no answer is refused."""
    face, told = facts_of(venue)
    assert len(told.instruments) == len(face.instruments) >= 3
    for row in told.instruments:
        values = {fact.kind: fact.value for fact in row.facts if fact.state == FactState.FACT_STATE_KNOWN}
        assert values.keys() >= LEAST, (row.symbol, sorted(FactKind.Name(kind) for kind in LEAST - values.keys()))
        assert abs(values[FactKind.FACT_KIND_FUNDING_RATE]) <= 0.03
        assert values[FactKind.FACT_KIND_FUNDING_INTERVAL] in (3600.0, 28800.0)
        next_time = values.get(FactKind.FACT_KIND_NEXT_FUNDING_TIME)
        assert next_time is None or 0 < next_time - START_NS / SECOND_NS <= 28800.0


@pytest.mark.parametrize("venue", sorted(TRAITS))
def test_the_mark_is_the_middle_of_the_book(venue: str) -> None:
    """What is told in the venue's own terms comes back in quote currency per base unit."""
    face, told = facts_of(venue)
    for row in told.instruments:
        instrument = next(one for one in face.instruments.values() if one.asset == row.asset)
        bid, _, ask_price, _ = instrument.book.top()
        middle = (bid + ask_price) / 2 / 10**instrument.listing.price_decimals
        mark = next(fact.value for fact in row.facts if fact.kind == FactKind.FACT_KIND_MARK_PRICE)
        assert mark == pytest.approx(middle, rel=1e-5), row.symbol


def test_what_is_open_is_of_one_size_in_contracts_or_coins() -> None:
    """Of two venues, one of which tells contracts, what is open is worth what the world says."""
    for venue in ("mexc", "bybit"):
        _, told = facts_of(venue)
        for row in told.instruments:
            values = {fact.kind: fact.value for fact in row.facts}
            money = values[FactKind.FACT_KIND_OPEN_INTEREST] * values[FactKind.FACT_KIND_MARK_PRICE]
            assert 1e6 < money < 5e8, (venue, row.symbol)


def test_answers_are_json_of_the_venue_and_not_ours() -> None:
    """A path that is nobody's stays unknown."""
    face = Simulator(SimulatorSettings(assets=1, venues=["okx"]), START_NS).faces["okx"]
    assert face.answer("/api/v5/public/weather", {}, START_NS).status == 404
    body = json.loads(face.answer("/api/v5/public/mark-price", {"instType": "SWAP"}, START_NS).body)
    assert (body["code"], body["data"][0]["instId"][-5:]) == ("0", "-SWAP")
