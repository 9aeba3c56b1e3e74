"""What all lanes of a process share on their way out, and what each keeps until it is committed."""

from dataclasses import dataclass
from pathlib import Path

from crossbook._core import Outbox, Pace
from crossbook.plumbing.plane.thread import PlaneThread
from crossbook.tracker.feed.session import Session
from crossbook.tracker.outgoing.remains import Remains
from crossbook.tracker.outgoing.spool import LaneSpool


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One instance per process."""

    plane: PlaneThread
    pace: Pace
    buffer_bytes: int  # of each lane


class Kept:
    """What one lane keeps until it is committed: in memory, and in the venue's folder where there is one."""

    def __init__(self, session: Session, shard: str, outgoing: Outgoing, folder: Path | None) -> None:
        self.buffer_bytes = outgoing.buffer_bytes
        self._spool: LaneSpool | None = None
        if folder is not None:
            self._spool = LaneSpool(
                folder,
                session.stream_id,
                shard,
                lambda oldest: session.feed.hello(shard, oldest),
                outgoing.buffer_bytes,
            )
        self.remains = Remains(session.venue, shard, folder, session.stream_id, session.now_ns())
        self.outbox = Outbox(outgoing.buffer_bytes, self if self._spool is not None else None)

    @property
    def problem(self) -> str:
        """Why it is kept in memory alone."""
        return self._spool.problem if self._spool is not None else ""

    def append(self, sequence: int, payload: bytes) -> None:
        """Journal's."""
        if self._spool is not None:
            self._spool.append(sequence, payload)

    def acknowledge(self, sequence: int) -> None:
        """Journal's."""
        self.remains.release()
        if self._spool is not None:
            self._spool.acknowledge(sequence)

    def close(self) -> None:
        """What is not committed stays in the folder."""
        if self._spool is not None:
            self._spool.close()
