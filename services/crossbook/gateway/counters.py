"""What a gateway counts."""

from dataclasses import dataclass

from crossbook.gateway.shards import ShardBoard
from crossbook.pb.v1 import gateway_pb2 as pb


@dataclass(slots=True)
class Counters:
    """Since it started; sockets and subscriptions are as they are now."""

    shards: ShardBoard
    sockets: int = 0
    subscriptions: int = 0
    frames_sent: int = 0
    bytes_sent: int = 0
    stalled_sockets: int = 0

    def stats(self) -> pb.GatewayStats:
        """For whoever asks."""
        return pb.GatewayStats(
            sockets=self.sockets,
            subscriptions=self.subscriptions,
            frames_sent=self.frames_sent,
            bytes_sent=self.bytes_sent,
            stalled_sockets=self.stalled_sockets,
            instruments=self.shards.board.instruments,
            connected=not self.shards.lost,
        )
