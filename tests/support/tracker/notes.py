"""A journal of an outbox that only notes what it is told."""


class Notes:
    """What a journal was told, in order."""

    def __init__(self) -> None:
        self.appended: list[tuple[int, bytes]] = []
        self.acknowledged: list[int] = []

    def append(self, sequence: int, payload: bytes) -> None:
        """A batch that is to be sent."""
        self.appended.append((sequence, payload))

    def acknowledge(self, sequence: int) -> None:
        """Batches up to this one are committed."""
        self.acknowledged.append(sequence)
