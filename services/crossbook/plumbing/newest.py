"""The newest keys of many: what was seen lately and need not be asked for again."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class NewestKeys(Generic[K]):
    """When `limit` are held the oldest goes; whoever keeps the truth answers for it then."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._keys: OrderedDict[K, None] = OrderedDict()

    def __contains__(self, key: K) -> bool:
        return key in self._keys

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: K) -> None:
        """One that is held already keeps its age."""
        self._keys[key] = None
        if len(self._keys) > self._limit:
            self._keys.popitem(last=False)
