"""What all lanes of a process share on their way out: connections to the shards, pace, and how much is kept."""

from dataclasses import dataclass

from crossbook.tracker.outgoing.channels import Channels
from crossbook.tracker.outgoing.outbox import Outbox
from crossbook.tracker.outgoing.pace import Pace


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One instance per process."""

    channels: Channels
    pace: Pace
    buffer_bytes: int  # of each lane

    def outbox(self) -> Outbox:
        """For a lane that is new."""
        return Outbox(self.buffer_bytes)
