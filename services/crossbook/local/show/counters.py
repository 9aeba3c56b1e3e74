"""Counters over a whole run: a process that starts again counts from zero, the run does not."""

from collections.abc import Mapping


class RunCounters:
    """The counters of one process, added up over its incarnations.

    What an incarnation counted between the last look at it and its end is not known and not guessed.
    """

    def __init__(self) -> None:
        self._incarnation = 0
        self._latest: dict[str, int] = {}
        self._earlier: dict[str, int] = {}

    def update(self, incarnation: int, counters: Mapping[str, int]) -> None:
        """Takes what the process says now; incarnation is how often it was started again."""
        if incarnation != self._incarnation:
            self._earlier = self.totals()
            self._incarnation = incarnation
        self._latest = dict(counters)

    def totals(self) -> dict[str, int]:
        keys = self._earlier.keys() | self._latest.keys()
        return {key: self._earlier.get(key, 0) + self._latest.get(key, 0) for key in keys}
