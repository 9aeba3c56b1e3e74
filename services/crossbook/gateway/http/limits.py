"""How much one address, one key or one method may ask: buckets that fill by the second, in memory.

IPv6 addresses count by their /64: whoever has one has all of it. A bucket that is full is forgotten.
"""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MAX_BUCKETS = 50_000  # of one limiter; beyond it the one that was used longest ago is forgotten


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class Limiter:
    """So many a second, and so many at once."""

    def __init__(self, per_second: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_second = per_second
        self.burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, key: str, cost: float = 1.0) -> float:
        """0 when it may; else after how many seconds it may."""
        now = self._clock()
        bucket = self._buckets.pop(key, None) or _Bucket(self.burst, now)
        bucket.level = min(self.burst, bucket.level + (now - bucket.at) * self.per_second)
        bucket.at = now
        self._buckets[key] = bucket
        if len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)
        if bucket.level >= cost:
            bucket.level -= cost
            return 0.0
        return (cost - bucket.level) / self.per_second

    def left(self, key: str) -> int:
        """How many it may now."""
        bucket = self._buckets.get(key)
        return int(self.burst if bucket is None else bucket.level)


def network_of(address: str) -> str:
    """What is counted as one: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


class Proxies:
    """Networks whose word about the client's address counts."""

    def __init__(self, networks: list[str]) -> None:
        """Raises ValueError."""
        self._networks = [ipaddress.ip_network(network, strict=False) for network in networks]

    def client_of(self, peer: str, forwarded: str) -> str:
        """The address nearest to us that is none of theirs: X-Forwarded-For, from its end."""
        if not self._is_one(peer):
            return peer
        for hop in reversed([hop.strip() for hop in forwarded.split(",") if hop.strip()]):
            if not _is_address(hop):
                return peer
            if not self._is_one(hop):
                return hop
        return peer

    def _is_one(self, address: str) -> bool:
        return _is_address(address) and any(ipaddress.ip_address(address) in network for network in self._networks)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
