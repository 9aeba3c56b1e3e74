"""A rule that wants to fire, and what holds its place in the stream until it is decided."""

from dataclasses import dataclass
from typing import NamedTuple

from crossbook.alerts.names import reason_word
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.data.leases import Tenure


class Position(NamedTuple):
    """An event within the stream; nothing at all is the beginning."""

    event_ns: int = 0
    token: str = ""

    def encoded(self) -> str:
        """For Postgres."""
        return f"{self.event_ns} {self.token}"

    @staticmethod
    def decoded(value: str) -> "Position":
        """What was encoded."""
        event_ns, _, token = value.partition(" ")
        return Position(int(event_ns), token)


class Place(NamedTuple):
    """A position where this process has it: `order` counts the events that it was told with a token.

    Times do not order events: several have one, and a clock that was set back gives later events earlier ones.
    """

    order: int = 0
    position: Position = Position()


@dataclass(eq=False, slots=True)
class Hold:
    """Something is still to be done in a slot."""

    tenure: Tenure
    before: Place
    others: dict["Hold", None]

    def settle(self) -> None:
        """It is done, or is another replica's to do."""
        self.others.pop(self, None)


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that wants to fire; `cause` makes it the same match whoever finds it, and however often."""

    rule: pb.AlertRule
    opportunity: arbitrage_pb2.Opportunity
    cause: str
    hold: Hold | None = None
    trouble: pb.AlertTrouble | None = None  # for rules that are not about opportunities

    @property
    def asset(self) -> str:
        """Empty where it is of none."""
        return self.trouble.asset if self.trouble else self.opportunity.asset

    @property
    def buy_venue(self) -> str:
        """Of a trouble its venue."""
        return self.trouble.venue if self.trouble else self.opportunity.buy.venue

    @property
    def sell_venue(self) -> str:
        """Of a trouble what keeps it apart from others of its venue."""
        if self.trouble is None:
            return self.opportunity.sell.venue
        return f"{reason_word(self.trouble.reason)}:{self.trouble.part}"

    @property
    def reason(self) -> pb.AlertReason.ValueType:
        """What it is about."""
        return self.trouble.reason if self.trouble else pb.ALERT_REASON_OPPORTUNITY
