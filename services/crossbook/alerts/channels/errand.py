"""What a channel is sent with: a message for machines, the text made of it for people, and what is there of it."""

from dataclasses import dataclass, field

from crossbook.alerts.channels.outcome import Shown
from crossbook.alerts.channels.text import Text
from crossbook.pb.v1 import alerts_pb2 as pb


@dataclass(frozen=True, slots=True)
class Errand:
    """One delivery; of a digest `message` is the newest of those in it."""

    message: pb.AlertMessage
    text: Text
    shown: Shown = field(default_factory=Shown)
