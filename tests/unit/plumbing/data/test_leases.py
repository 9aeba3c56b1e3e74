"""What a replica reckons by itself about slots: which are to be its own, and whose tenure still counts."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from crossbook.plumbing.data.leases import LEASE_SECONDS, SlotLeases, Tenure, wanted_slots

SLOTS = 64
members = st.sets(st.text(min_size=1, max_size=12), min_size=1, max_size=6)


@given(members)
def test_every_slot_is_wanted_by_exactly_one_replica(names: set[str]) -> None:
    """Whoever reckons, in whatever order the members are listed."""
    wanted = Counter(slot for name in names for slot in wanted_slots(name, sorted(names, reverse=True), SLOTS))
    assert wanted == Counter(range(SLOTS))


@given(members, st.text(min_size=1, max_size=12))
def test_who_comes_moves_only_its_own_share(names: set[str], newcomer: str) -> None:
    """What it does not take stays where it was."""
    everyone = names | {newcomer}
    taken = wanted_slots(newcomer, everyone, SLOTS)
    for name in names - {newcomer}:
        assert wanted_slots(name, everyone, SLOTS) == wanted_slots(name, names - {newcomer}, SLOTS) - taken


def test_shares_are_alike() -> None:
    """None of four has half of the slots, or none."""
    names = [f"replica-{number}" for number in range(4)]
    shares = [len(wanted_slots(name, names, SLOTS)) for name in names]
    assert sum(shares) == SLOTS
    assert min(shares) >= SLOTS // 16
    assert max(shares) <= SLOTS // 2


def test_a_replica_that_is_not_listed_yet_reckons_itself_in() -> None:
    """Its first turn is not lost."""
    assert wanted_slots("new", [], SLOTS) == set(range(SLOTS))


def test_a_tenure_counts_for_a_lease_after_it_was_renewed() -> None:
    """By the process's own clock: one that was stopped meanwhile knows so. One that is over counts never."""
    now = 100.0
    tenure = Tenure(3, renewed_at=now, clock=lambda: now)
    assert tenure.is_current
    now += LEASE_SECONDS
    assert not tenure.is_current
    tenure.renewed_at = now
    assert tenure.is_current
    tenure.is_over = True
    assert not tenure.is_current


class Scripts:
    """Stands for the client of Redis, which is not asked here."""

    def register_script(self, script: str) -> str:
        return script

    def zrem(self, *arguments: str) -> None:
        raise AssertionError


def test_a_turn_says_what_was_gained_lost_and_is_another_s() -> None:
    """What stays is renewed from the moment before Redis was asked; what is unwanted goes on until it is released."""
    leases = SlotLeases(Scripts(), "g", SLOTS, "me", clock=lambda: 7.0)  # type: ignore[arg-type]
    first = leases._take([1, 2, 3], [1, 1, 0], asked_at=10.0)
    assert [tenure.slot for tenure in first.gained] == [1, 2]
    second = leases._take([1, 3], [0, 1], asked_at=20.0)
    assert [tenure.slot for tenure in second.lost] == [1]
    assert [tenure.slot for tenure in second.unwanted] == [2]
    assert [tenure.slot for tenure in second.gained] == [3]
    assert (second.lost[0].is_over, second.unwanted[0].is_over) == (True, False)
    assert sorted(leases.tenures) == [2, 3]
    leases._take([2, 3], [1, 1], asked_at=30.0)
    assert {tenure.renewed_at for tenure in leases.tenures.values()} == {30.0}
    leases.end([leases.tenures[2]])
    assert sorted(leases.tenures) == [3]
