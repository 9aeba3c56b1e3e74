"""Which names a browser may reach us by, and which pages may call: what keeps a page of another origin out.

A page that rebinds its own name to our address still says its own name in Host; so Host is checked against a list,
whatever the method, for a WebSocket as well. An Origin is ours, or one that the settings list.
"""

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class Hosts:
    """Of one gateway."""

    def __init__(self, own_host: str, allowed_hosts: Iterable[str], allowed_origins: Iterable[str]) -> None:
        own = {own_host.strip("[]").lower()} - {"0.0.0.0", "::", ""}
        self._hosts = LOOPBACK_NAMES | own | {host.strip("[]").lower() for host in allowed_hosts}
        self._origins = frozenset(origin.rstrip("/").lower() for origin in allowed_origins)

    def is_known(self, host: str) -> bool:
        """Whether a Host header names us, whatever its port."""
        return name_of(host) in self._hosts

    def is_ours(self, origin: str, host: str, scheme: str) -> bool:
        """Whether a page of this Origin is our own."""
        return origin.lower() == f"{scheme}://{host}".lower()

    def is_allowed(self, origin: str) -> bool:
        """Whether a page of this other Origin may call."""
        return origin.lower() in self._origins


def name_of(host: str) -> str:
    """The name in host:port; empty when it is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def is_loopback(address: str) -> bool:
    """Whether an address is of this machine alone."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
