"""What must be in the tables and must have been told after the kills; groups by the rules of the histories.

1. Every dislocation that an arbitrage saw for long enough, and that it outlived for long enough to log, is a group, or
   has members in the group of one before it, where alerts heard late of both.
2. A group is of something that was dislocated, and of one dislocation one group is told.
3. Every group keeps the rules of `tests/histories/inprocess/groups.py`: one message a revision, each accepted under its
   own id, from its first to CLOSED; nothing begins in a silence; acknowledgements stand.
4. A message is accepted again, under the same id, only where a replica was killed while its answer was on the way.
5. Every silence that was answered for is listed.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from crossbook.plumbing.timestamps import SECOND_NS
from tests.faults.alert_kills.killer import Killer, Victim
from tests.faults.alert_kills.market import Dislocation
from tests.histories.inprocess.groups import SeenGroups, judge_groups

SEEN_SECONDS = 0.5  # in which an arbitrage that serves finds what pays
LOGGED_SECONDS = 2.0  # after which what it has told is safe in the log
RECORDED_SECONDS = 10.0  # in which an answer has come to Postgres, on a busy machine


@dataclass(frozen=True)
class Told:
    """A request that the receiver has accepted; `at` as time.time() has it."""

    at: float
    webhook_id: str
    group: str
    revision: int


@dataclass
class Evidence:
    """Of a run."""

    began: float
    dislocations: Sequence[Dislocation]
    victims: Sequence[Victim]
    killer: Killer
    told: Sequence[Told]
    seen: SeenGroups
    silences: set[str]  # that were answered for
    listed: set[str]
    again: int = field(default=0, init=False)  # accepted under an id that was accepted before
    must: int = field(default=0, init=False)  # dislocations that had to be told

    def findings(self) -> Iterator[str]:
        """What is wrong, in words."""
        yield from self._lost_and_invented()
        yield from judge_groups(self.seen, is_set=False)
        yield from self._told_again()
        for name in self.silences - self.listed:
            yield f"{name} was answered for and is gone"

    def _lost_and_invented(self) -> Iterator[str]:
        groups: defaultdict[int, list[str]] = defaultdict(list)
        told = {message[1] for message in self.seen.messages}
        for name, asset, _, _, _, _, since in self.seen.groups:  # since its first member opened: it may be told late
            meant = [
                number
                for number, one in enumerate(self.dislocations)
                if one.asset == asset and one.since - self.began <= since + SEEN_SECONDS
            ]
            if meant:
                groups[meant[-1]].append(name)
            else:
                yield f"group {name} of {asset} is of nothing that was dislocated"
        for number, one in enumerate(self.dislocations):
            at = f"{one.asset} from {one.since - self.began:.1f} to {one.until - self.began:.1f} s"
            if self._must_be_told(one):
                self.must += 1
                if not groups[number] and not self._has_members(one):
                    yield f"{at} is in no group"
            if len(both := [name for name in groups[number] if name in told]) > 1:
                yield f"{at} was told as {len(both)} groups: {', '.join(both)}"

    def _has_members(self, one: Dislocation) -> bool:
        """An opportunity's id begins with its asset and ends with when it opened, in ns and hexadecimal."""
        for cause, _ in self.seen.members:
            opened = int(cause.rpartition("-")[2], 16) / SECOND_NS
            if cause.partition("-")[0] == one.asset and one.since <= opened <= one.until + SEEN_SECONDS:
                return True
        return False

    def _must_be_told(self, one: Dislocation) -> bool:
        """By an arbitrage that was there and stayed."""
        for victim in self.victims:
            for life in victim.lives if victim.service == "arbitrage" else ():
                found = max(one.since, life.serving) + SEEN_SECONDS
                if found <= one.until and found + LOGGED_SECONDS <= life.died:
                    return True
        return False

    def _told_again(self) -> Iterator[str]:
        times: defaultdict[str, list[float]] = defaultdict(list)
        for one in self.told:
            times[one.webhook_id].append(one.at)
        deaths = [at for at, service in self.killer.dead if service == "alerts"]
        for webhook_id, accepted in times.items():
            for earlier, _ in pairwise(accepted):
                self.again += 1
                if not any(earlier - 0.1 <= at <= earlier + RECORDED_SECONDS for at in deaths):
                    yield f"{webhook_id} was accepted twice though nobody was killed"

    def lines(self, seconds: float) -> list[str]:
        """The figures."""
        services = Counter(service for _, service in self.killer.dead)
        kinds = Counter(message[3] for message in self.seen.messages)
        first, updates, ends, repeats = (kinds[kind] for kind in (1, 2, 3, 4))
        stages = ", ".join(f"{count} {stage}" for stage, count in sorted(self.killer.kills.items()))
        return [
            f"{self.killer.kills.total()} kills in {seconds:.0f} s: {dict(services)}; {stages}",
            f"{len(self.dislocations)} dislocations, {self.must} that had to be told; {len(self.seen.groups)} groups",
            f"{len(self.seen.messages)} messages ({first} first, {updates} updates, {repeats} repeats, {ends} ends); "
            f"{len(self.told)} requests accepted, {self.again} of them again under the same id",
            f"{len(self.seen.acknowledged)} acknowledgements and {len(self.silences)} silences were answered for",
        ]
