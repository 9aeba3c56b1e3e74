"""Reads WatchOpportunities one event at a time, however many come in one message."""

from collections import deque
from collections.abc import AsyncIterator

from crossbook.pb.v1 import arbitrage_pb2 as pb


class EventReader:
    """Over the messages of a call; `dropped_events` is as told last."""

    def __init__(self, messages: AsyncIterator[pb.WatchOpportunitiesResponse]) -> None:
        self._messages = messages
        self._waiting: deque[pb.OpportunityEvent] = deque()
        self.dropped_events = 0

    def __aiter__(self) -> "EventReader":
        return self

    async def __anext__(self) -> pb.OpportunityEvent:
        while not self._waiting:
            message = await anext(self._messages)
            self.dropped_events = message.dropped_events
            self._waiting.extend(message.events)
        return self._waiting.popleft()
