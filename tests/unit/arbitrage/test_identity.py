"""Names of findings, and what becomes of findings without a database; the rest is tried against a real one."""

from crossbook._core import IdentityPair
from crossbook.arbitrage.identity import IdentityRegister, finding_name
from crossbook.arbitrage.tuning import ScannerArguments
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.timestamps import now_ns
from tests.support.aggregator.fanout import Tick, payload
from tests.support.arbitrage.watching import WatchedScan

A, B = ("a", "NEIRO/USDT:USDT"), ("b", "NEIRO/USDT:USDT")


def test_a_pair_has_one_name_whichever_market_is_named_first() -> None:
    """And another pair another one, also of another symbol of the same venue."""
    name = finding_name(IdentityPair("NEIRO", A, B))
    assert name == finding_name(IdentityPair("NEIRO", B, A))
    others = [
        IdentityPair("OTHER", A, B),
        IdentityPair("NEIRO", A, ("c", B[1])),
        IdentityPair("NEIRO", A, (B[0], "NEIRO/USDC:USDC")),
        IdentityPair("币安人生", A, B),
    ]
    assert len({name, *map(finding_name, others)}) == 5


def test_pairs_are_equal_by_what_they_name() -> None:
    """So that they can be told apart in sets."""
    assert {IdentityPair("NEIRO", A, B), IdentityPair("NEIRO", B, A)} == {IdentityPair("NEIRO", A, B)}
    assert IdentityPair("NEIRO", A, B) != IdentityPair("NEIRO", A, ("c", B[1]))


async def test_without_a_database_what_was_found_is_not_kept_waiting(arguments: ScannerArguments) -> None:
    """It is told once in the log, and the pair stays suspect."""
    live = WatchedScan({**arguments, "suspect_after_ns": 0})
    register = IdentityRegister(live, None)
    live.on_batch(payload(Tick("a", 99.9, 100.0, "NEIRO"), Tick("b", 150.0, 150.1, "NEIRO")))
    assert await register.synchronise()
    assert live.scanner.take_findings() == []
    spread = live.scanner.explain("NEIRO", "a", "b", now_ns())
    assert spread is not None
    assert spread.reason == pb.REFUSAL_REASON_IDENTITY_SUSPECT
