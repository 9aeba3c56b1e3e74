"""How far the stream of opportunities is handled: the token to resume from, so that a restart misses nothing.

Every event opens a step. Work that an event causes (a match to fire, a rule that waits) holds its step until it is
settled. The token is that of the last event before which, and with which, everything is settled.
"""

from collections import deque

THIN_OUT_AT = 1024


class Step:
    """One event's place in the stream."""

    def __init__(self, token: str) -> None:
        self.token = token
        self._holds = 0

    def hold(self) -> None:
        """Something more is to be done for this event."""
        self._holds += 1

    def settle(self) -> None:
        """One thing less is to be done."""
        self._holds -= 1

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to do."""
        return self._holds == 0


class Progress:
    """Steps in the order of the stream; settled ones go as soon as all before them have."""

    def __init__(self) -> None:
        self._steps: deque[Step] = deque()
        self._limit = THIN_OUT_AT
        self._token = ""

    def restart(self, token: str) -> None:
        """Goes on from a token; steps of before no longer count, for the stream tells their events again."""
        self._steps.clear()
        self._token = token

    def step(self, token: str) -> Step:
        """The next event's step. A token may be empty: then only a later one can be resumed from."""
        if len(self._steps) >= self._limit:
            self._thin_out()
        step = Step(token)
        self._steps.append(step)
        return step

    def _thin_out(self) -> None:
        """Settled steps behind an unsettled one only let the token move in smaller strides: all but the last may go."""
        self._move()
        newest = self._steps[-1] if self._steps else None
        self._steps = deque(step for step in self._steps if not step.is_settled or step is newest)
        self._limit = max(THIN_OUT_AT, 2 * len(self._steps))

    @property
    def token(self) -> str:
        """Where to resume."""
        self._move()
        return self._token

    def _move(self) -> None:
        while self._steps and self._steps[0].is_settled:
            self._token = self._steps.popleft().token or self._token
