"""Pairs that may not be one asset: found in the stream of quotes, decided by RPC, kept in a real Postgres."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from crossbook.arbitrage.identity import IdentityRegister
from crossbook.arbitrage.store.identities import IdentityStore
from crossbook.arbitrage.tuning import scanner_arguments
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.data.postgres import open_pool
from crossbook.plumbing.settings import ArbitrageSettings
from crossbook.plumbing.timestamps import now_ns
from tests.support.aggregator.fanout import Fanout, Tick, payload, running_fanout
from tests.support.arbitrage.arbitrage_process import RunningArbitrage, running_arbitrage
from tests.support.arbitrage.watching import WatchedScan
from tests.support.servers.stoppable_postgres import stoppable_postgres
from tests.support.waiting import eventually

DEADLINE_SECONDS = 5.0
QUICKLY: dict[str, Any] = {"suspect_after_seconds": 0.2}
CONFIRMED, DENIED, SUSPECT = pb.IDENTITY_STATE_CONFIRMED, pb.IDENTITY_STATE_DENIED, pb.IDENTITY_STATE_SUSPECT


@pytest.fixture
async def fanout() -> AsyncIterator[Fanout]:
    """The aggregator's role."""
    async with running_fanout() as server:
        yield server


@asynccontextmanager
async def arbitrage_with(fanout: Fanout, dsn: str | None, port: int = 0) -> AsyncIterator[RunningArbitrage]:
    """The service, following the quotes, with a database or without."""
    overrides = {"postgres_dsn": dsn} if dsn else {}
    port = port or (await _free_ports(1))[0]
    async with running_arbitrage(port, fanout.port, arbitrage=QUICKLY, **overrides) as running:
        yield running


async def _free_ports(count: int) -> list[int]:
    servers = [await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) for _ in range(count)]
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    for server in servers:
        server.close()
        await server.wait_closed()
    return ports


async def reason(arbitrage: RunningArbitrage, fanout: Fanout, asset: str, mid: float) -> pb.ExplainSpreadResponse:
    """The verdict after quotes of 100 on a and of `mid` on b."""
    quotes = (await stats(arbitrage)).quotes_scanned
    fanout.send(Tick("a", 99.9, 100.0, asset), Tick("b", mid, mid + 0.1, asset))

    async def has_taken() -> bool:
        return (await stats(arbitrage)).quotes_scanned >= quotes + 2

    await eventually(has_taken)
    request = pb.ExplainSpreadRequest(asset=asset, buy_venue="a", sell_venue="b")
    return await arbitrage.stub.ExplainSpread(request, timeout=DEADLINE_SECONDS)


async def stats(arbitrage: RunningArbitrage) -> pb.GetArbitrageStatsResponse:
    """The counters."""
    return await arbitrage.stub.GetArbitrageStats(pb.GetArbitrageStatsRequest(), timeout=DEADLINE_SECONDS)


async def findings(arbitrage: RunningArbitrage, **fields: Any) -> list[pb.IdentityFinding]:
    """What is listed."""
    request = pb.ListIdentityFindingsRequest(**fields)
    return list((await arbitrage.stub.ListIdentityFindings(request, timeout=DEADLINE_SECONDS)).findings)


async def decide(
    arbitrage: RunningArbitrage, name: str, state: pb.IdentityState.ValueType, comment: str = ""
) -> pb.IdentityFinding:
    """The finding after the decision."""
    request = pb.DecideIdentityRequest(name=name, state=state, comment=comment)
    return (await arbitrage.stub.DecideIdentity(request, timeout=DEADLINE_SECONDS)).finding


async def found(arbitrage: RunningArbitrage, fanout: Fanout, asset: str = "NEIRO") -> pb.IdentityFinding:
    """A pair that came to be suspect, once it is listed."""

    async def is_listed() -> bool:
        await reason(arbitrage, fanout, asset, 150.0)
        return bool(await findings(arbitrage, assets=[asset]))

    await eventually(is_listed)
    (finding,) = await findings(arbitrage, assets=[asset])
    return finding


async def test_a_suspect_pair_is_refused_until_it_is_confirmed(fanout: Fanout, postgres_dsn: str) -> None:
    """Apart, then suspect and listed, also when the mids meet again; confirmed, it is published."""
    async with arbitrage_with(fanout, postgres_dsn) as arbitrage:
        assert (await reason(arbitrage, fanout, "NEIRO", 150.0)).reason == pb.REFUSAL_REASON_MIDS_APART
        finding = await found(arbitrage, fanout)
        assert (finding.asset, finding.state, finding.first.venue, finding.second.venue) == ("NEIRO", SUSPECT, "a", "b")
        assert finding.difference_percent == pytest.approx(50.1, abs=0.1)
        assert finding.since_time.ToNanoseconds() < finding.find_time.ToNanoseconds()
        assert not finding.HasField("decide_time")
        suspect = await reason(arbitrage, fanout, "NEIRO", 101.0)
        assert (suspect.reason, suspect.identity_finding) == (pb.REFUSAL_REASON_IDENTITY_SUSPECT, finding.name)
        assert finding.name in suspect.explanation
        assert (await stats(arbitrage)).opened == 0
        decided = await decide(arbitrage, finding.name, CONFIRMED, "same contract address")
        assert (decided.state, decided.comment, decided.HasField("decide_time")) == (
            CONFIRMED,
            "same contract address",
            True,
        )
        assert (await stats(arbitrage)).open_now == 1
        assert (await reason(arbitrage, fanout, "NEIRO", 150.0)).reason == pb.REFUSAL_REASON_UNSPECIFIED


async def test_a_decision_is_in_force_again_after_a_restart(fanout: Fanout, postgres_dsn: str) -> None:
    """The first quote of the new process is judged by what was decided in the old one."""
    async with arbitrage_with(fanout, postgres_dsn) as arbitrage:
        denied, confirmed, undecided = [await found(arbitrage, fanout, asset) for asset in ("NO", "YES", "WHO")]
        await decide(arbitrage, denied.name, DENIED, "another coin")
        await decide(arbitrage, confirmed.name, CONFIRMED)
    async with arbitrage_with(fanout, postgres_dsn) as arbitrage:
        assert (await reason(arbitrage, fanout, "NO", 101.0)).reason == pb.REFUSAL_REASON_IDENTITY_DENIED
        assert (await reason(arbitrage, fanout, "YES", 150.0)).reason == pb.REFUSAL_REASON_UNSPECIFIED
        assert (await reason(arbitrage, fanout, "WHO", 101.0)).identity_finding == undecided.name
        listed = await findings(arbitrage, states=[DENIED])
        assert [(finding.name, finding.comment) for finding in listed] == [(denied.name, "another coin")]


async def test_a_decision_can_be_taken_back(fanout: Fanout, postgres_dsn: str) -> None:
    """The pair is suspect again, and what was open is closed."""
    async with arbitrage_with(fanout, postgres_dsn) as arbitrage:
        finding = await found(arbitrage, fanout)
        await decide(arbitrage, finding.name, CONFIRMED)
        assert (await stats(arbitrage)).open_now == 1
        await decide(arbitrage, finding.name, SUSPECT, "not so sure")
        assert (await stats(arbitrage)).open_now == 0
        assert (await reason(arbitrage, fanout, "NEIRO", 101.0)).reason == pb.REFUSAL_REASON_IDENTITY_SUSPECT


async def test_what_one_replica_is_told_the_other_knows(fanout: Fanout, postgres_dsn: str) -> None:
    """A scanner in another replica, which never saw the pair apart, holds of it what is decided here."""
    async with arbitrage_with(fanout, postgres_dsn) as arbitrage, other_replica(postgres_dsn) as other:
        finding = await found(arbitrage, fanout)
        for state, expected in (
            (SUSPECT, pb.REFUSAL_REASON_IDENTITY_SUSPECT),
            (CONFIRMED, pb.REFUSAL_REASON_UNSPECIFIED),
            (DENIED, pb.REFUSAL_REASON_IDENTITY_DENIED),
        ):
            await decide(arbitrage, finding.name, state)
            await eventually(lambda expected=expected: _reason_at(other) == expected)


@asynccontextmanager
async def other_replica(dsn: str) -> AsyncIterator[WatchedScan]:
    """The scan of one, and what keeps it informed; its metrics would collide in this process."""
    live = WatchedScan(scanner_arguments(ArbitrageSettings(min_life_ms=0)))
    pool = await open_pool(dsn)
    register = IdentityRegister(live, IdentityStore(pool))
    await register.load()
    running = asyncio.create_task(register.run())
    try:
        yield live
    finally:
        running.cancel()
        await asyncio.wait([running])
        await pool.close()


def _reason_at(live: WatchedScan) -> int | None:
    live.on_batch(payload(Tick("a", 99.9, 100.0, "NEIRO"), Tick("b", 101.0, 101.1, "NEIRO")))
    spread = live.scanner.explain("NEIRO", "a", "b", now_ns())
    return spread.reason if spread else None


async def test_findings_come_in_pages(fanout: Fanout, postgres_dsn: str) -> None:
    """Newest first, none twice, none missing; a token of another query is refused."""
    async with arbitrage_with(fanout, postgres_dsn) as arbitrage:
        names = [(await found(arbitrage, fanout, asset)).name for asset in ("ONE", "TWO", "THREE")]
        pages, token, first_token = [], "", ""
        while not pages or token:
            request = pb.ListIdentityFindingsRequest(page_size=2, page_token=token)
            answer = await arbitrage.stub.ListIdentityFindings(request, timeout=DEADLINE_SECONDS)
            pages.append([finding.name for finding in answer.findings])
            token = answer.next_page_token
            first_token = first_token or token
        assert pages == [names[:0:-1], names[:1]]
        with pytest.raises(grpc.aio.AioRpcError, match="page_token"):
            await findings(arbitrage, page_token=first_token, states=[DENIED])


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (pb.DecideIdentityRequest(name="NEIRO", state=CONFIRMED), "name"),
        (pb.DecideIdentityRequest(name="identityFindings/../etc", state=CONFIRMED), "name"),
        (pb.DecideIdentityRequest(name="identityFindings/0123456789abcdef"), "state"),
        (pb.DecideIdentityRequest(name="identityFindings/0123456789abcdef", state=9), "state"),  # type: ignore[arg-type]
        (
            pb.DecideIdentityRequest(name="identityFindings/0123456789abcdef", state=DENIED, comment="x" * 501),
            "comment",
        ),
        (pb.DecideIdentityRequest(name="identityFindings/0123456789abcdef", state=DENIED, comment="\0"), "comment"),
        (pb.ListIdentityFindingsRequest(states=[0]), "states[0]"),  # type: ignore[list-item]
        (pb.ListIdentityFindingsRequest(assets=["\0"]), "assets[0]"),
        (pb.ListIdentityFindingsRequest(page_size=-1), "page_size"),
        (pb.ListIdentityFindingsRequest(page_token="nonsense"), "page_token"),
    ],
)
async def test_a_bad_request_names_its_field(fanout: Fanout, postgres_dsn: str, request_: Any, field: str) -> None:
    """INVALID_ARGUMENT with a google.rpc.BadRequest."""
    async with arbitrage_with(fanout, postgres_dsn) as arbitrage:
        is_list = isinstance(request_, pb.ListIdentityFindingsRequest)
        method = arbitrage.stub.ListIdentityFindings if is_list else arbitrage.stub.DecideIdentity
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await method(request_, timeout=DEADLINE_SECONDS)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    status = rpc_status.from_call(refused.value)
    details = error_details_pb2.BadRequest()
    assert status is not None
    assert status.details[0].Unpack(details)
    assert [violation.field for violation in details.field_violations] == [field]


async def test_a_finding_that_is_not_there_is_not_found(fanout: Fanout, postgres_dsn: str) -> None:
    """NOT_FOUND with the name."""
    async with arbitrage_with(fanout, postgres_dsn) as arbitrage:
        with pytest.raises(grpc.aio.AioRpcError, match="identityFindings/0123456789abcdef is not found") as refused:
            await decide(arbitrage, "identityFindings/0123456789abcdef", DENIED)
    assert refused.value.code() == grpc.StatusCode.NOT_FOUND


async def test_without_a_database_pairs_are_refused_and_cannot_be_decided(fanout: Fanout) -> None:
    """UNAVAILABLE says what is missing; the quarantine holds all the same."""
    async with arbitrage_with(fanout, None) as arbitrage:

        async def is_suspect() -> bool:
            verdict = await reason(arbitrage, fanout, "NEIRO", 150.0)
            return verdict.reason == pb.REFUSAL_REASON_IDENTITY_SUSPECT

        await eventually(is_suspect)
        with pytest.raises(grpc.aio.AioRpcError, match="CROSSBOOK_POSTGRES_DSN") as refused:
            await findings(arbitrage)
    assert refused.value.code() == grpc.StatusCode.UNAVAILABLE


async def test_no_quote_is_followed_before_the_decisions_were_read(
    fanout: Fanout, tmp_path: Path, free_port: int
) -> None:
    """While Postgres is away at the start nothing is published; once it is back the service serves."""
    async with stoppable_postgres(tmp_path / "postgres") as postgres:
        await postgres.stop()
        overrides: dict[str, Any] = {"postgres_dsn": postgres.dsn, "arbitrage": QUICKLY}
        async with running_arbitrage(free_port, fanout.port, is_ready=False, **overrides) as arbitrage:
            assert not await arbitrage.is_serving()
            assert fanout.subscriptions == 0
            await postgres.start()
            await eventually(arbitrage.is_serving)
