"""What a replica evaluates, and where it begins with a slot that it gains."""

from collections.abc import Iterable

import pytest
from google.protobuf.duration_pb2 import Duration

from crossbook.alerts.counters import Counters
from crossbook.alerts.evaluation import owned_slots as module
from crossbook.alerts.evaluation.evaluate import Match
from crossbook.alerts.evaluation.owned_slots import SLOTS, OwnedSlots, slot_of
from crossbook.alerts.evaluation.progress import Position
from crossbook.alerts.evaluation.recent_events import OVERLAP_NS, RecentEvents
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.data.leases import Tenure
from crossbook.plumbing.timestamps import SECOND_NS
from tests.support.alerts.stand_in_arbitrage import CLOSED, OPENED, UPDATED, event, opportunity

START_NS = 1_000 * SECOND_NS
RULE = pb.AlertRule(name="alertRules/r", is_enabled=True)
ASSETS = [f"COIN{number}" for number in range(200)]


class Replica:
    """Owned slots, told events under the tokens "1", "2", ..."""

    def __init__(self, *rules: pb.AlertRule) -> None:
        self.counters = Counters()
        given = list(rules or (RULE,))
        self.slots = OwnedSlots(lambda: given, self.counters)
        self.slots.restart(Position())
        self.slots.catch_up()
        self._number = 0

    def tell(
        self,
        kind: arbitrage_pb2.OpportunityEventKind.ValueType,
        identifier: str,
        after: float = 0.0,
        asset: str = "BTC",
        net: float = 0.5,
    ) -> list[str]:
        self._number += 1
        found = opportunity(identifier, asset, net=net, open_ns=START_NS)
        return causes(self.slots.on_event(event(kind, found, after_seconds=after, token=str(self._number))))

    def begin(self, slots: Iterable[int], position: Position | None = None) -> list[Match]:
        tenures = [Tenure(slot, renewed_at=0.0) for slot in slots]
        return self.slots.begin(tenures, {} if position is None else dict.fromkeys(slots, position))

    def end(self, slots: Iterable[int]) -> None:
        tenures = [self.slots._tenures[slot] for slot in slots]
        for tenure in tenures:
            tenure.is_over = True
        self.slots.end(tenures)


def causes(matches: Iterable[Match]) -> list[str]:
    return [match.cause for match in matches]


BTC = slot_of(RULE.name, "BTC")


def test_two_replicas_evaluate_every_pair_once_between_them() -> None:
    """The counters add up, and each does its share."""
    first, second = Replica(), Replica()
    first.begin(range(SLOTS // 2))
    second.begin(range(SLOTS // 2, SLOTS))
    for asset in ASSETS:
        found = [replica.tell(OPENED, f"o-{asset}", asset=asset) for replica in (first, second)]
        assert sorted(found) == [[], [f"o-{asset}"]]
    shares = (first.counters.evaluated, second.counters.evaluated)
    assert sum(shares) == len(ASSETS)
    assert min(shares) > len(ASSETS) // 4


def test_a_gained_slot_begins_right_after_the_position_of_its_last_owner() -> None:
    """What opened and closed meanwhile matches, and what its last owner had settled does not."""
    replica = Replica()
    replica.tell(OPENED, "settled", 0)
    replica.tell(OPENED, "missed", 1)
    replica.tell(CLOSED, "missed", 2)
    replica.tell(OPENED, "open", 3)
    assert causes(replica.begin([BTC], Position(START_NS, "1"))) == ["missed", "open"]
    assert replica.tell(OPENED, "next", 4) == ["next"]


def test_a_position_in_the_stream_of_another_arbitrage_replica_is_found_by_its_time() -> None:
    """A little earlier, for the clocks differ; claims know what comes again."""
    replica = Replica()
    replica.tell(OPENED, "long ago", 0)
    replica.tell(OPENED, "a little before", 20)
    replica.tell(OPENED, "after", 25)
    position = Position(START_NS + 20 * SECOND_NS + OVERLAP_NS // 2, "theirs")
    assert causes(replica.begin([BTC], position)) == ["a little before", "after"]


def test_what_a_gained_slot_matched_holds_the_old_position_until_it_is_settled() -> None:
    """Whoever takes over from the successor begins where the first owner stopped."""
    replica = Replica()
    replica.tell(OPENED, "a", 0)
    replica.tell(OPENED, "b", 1)
    (match,) = replica.begin([BTC], Position(START_NS, "1"))
    assert replica.slots.positions() == {BTC: Position(START_NS, "1")}
    assert match.hold is not None
    match.hold.settle()
    assert replica.slots.positions() == {BTC: Position(START_NS + SECOND_NS, "2")}


def test_a_rule_that_waited_at_the_last_owner_waits_here() -> None:
    """Its wait held the position before its event."""
    replica = Replica(pb.AlertRule(name=RULE.name, is_enabled=True, min_life=Duration(seconds=60)))
    replica.tell(OPENED, "old enough", 0)
    replica.tell(UPDATED, "other", 5)
    assert replica.begin([BTC], Position()) == []
    assert causes(replica.slots.on_time(START_NS + 60 * SECOND_NS)) == ["old enough", "other"]


def test_a_slot_that_is_gained_waits_for_the_ends_that_were_told_last() -> None:
    """What a dead arbitrage held open ended unseen: that is told after what came later, and it lived no longer."""
    replica = Replica(pb.AlertRule(name=RULE.name, is_enabled=True, min_life=Duration(seconds=5)))
    replica.tell(OPENED, "short", 0)
    replica.tell(OPENED, "long", 1)
    replica.tell(OPENED, "later", 20, asset="ETH")
    replica.tell(CLOSED, "short", 2)
    replica.tell(CLOSED, "long", 9)
    assert causes(replica.begin([BTC])) == ["long"]
    assert causes(replica.slots.on_time(START_NS + 25 * SECOND_NS)) == []


def test_an_update_that_is_looked_at_again_does_not_undo_a_later_one() -> None:
    """A rule that waits decides by the latest numbers."""
    waits = pb.AlertRule(name=RULE.name, is_enabled=True, min_life=Duration(seconds=60), min_net_percent=0.4)
    replica = Replica(waits)
    replica.begin([slot for slot in range(SLOTS) if slot != BTC])
    replica.tell(OPENED, "o", 0, net=0.5)
    replica.tell(UPDATED, "o", 1, net=0.3)
    replica.begin([BTC], Position())
    assert replica.slots.on_time(START_NS + 60 * SECOND_NS) == []


def test_a_slot_that_is_left_no_longer_matches_and_its_waits_end() -> None:
    """Its next owner does both."""
    replica = Replica(RULE, pb.AlertRule(name="alertRules/w", is_enabled=True, min_life=Duration(seconds=60)))
    replica.begin(range(SLOTS))
    assert replica.tell(OPENED, "a", 0) == ["a"]
    replica.end(range(SLOTS))
    assert replica.tell(OPENED, "b", 1) == []
    assert replica.slots.on_time(START_NS + 60 * SECOND_NS) == []
    assert replica.slots.positions() == {}
    assert replica.counters.owned_slots == 0


def test_where_events_are_forgotten_what_is_open_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound costs opportunities that closed, never one that is still open."""
    monkeypatch.setattr(module, "RecentEvents", lambda: RecentEvents(capacity=2))
    replica = Replica()
    replica.tell(OPENED, "open", 0)
    for number in range(4):
        replica.tell(OPENED, f"o{number}", 30)
        replica.tell(CLOSED, f"o{number}", 30)
    assert causes(replica.begin([BTC], Position(START_NS, "0"))) == ["open", "o3"]


def test_a_scheduled_rule_belongs_to_one_replica_whatever_its_assets() -> None:
    """Its round looks at all of them at once."""
    rule = pb.AlertRule(name="alertRules/w", is_enabled=True, trigger=pb.ALERT_TRIGGER_SNAPSHOT)
    replica = Replica(rule)
    now = 100.0
    slot = slot_of(rule.name, "")
    replica.slots.begin([Tenure(slot, now, clock=lambda: now)], {})
    assert replica.slots.has(rule)
    now += 60
    assert not replica.slots.has(rule), "its lease may be another's by now"
    assert replica.tell(OPENED, "o") == []


def test_rules_and_assets_spread_over_all_slots() -> None:
    """Many assets of one rule, and many rules of one asset."""
    by_asset = {slot_of(RULE.name, f"COIN{number}") for number in range(1_000)}
    by_rule = {slot_of(f"alertRules/rule-{number}", "BTC") for number in range(1_000)}
    assert by_asset == by_rule == set(range(SLOTS))
