"""Where HTTP channels may go: public addresses only, unless the settings allow private ones.

A name is resolved at every delivery, every address that it resolves to must be public, and the connection goes to the
address that was checked: a name that answers differently a moment later changes nothing.
"""

import asyncio
import ipaddress
import re
import socket
from dataclasses import dataclass

import httpx

MAX_URL_LENGTH = 2048
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

HOST_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class TargetRefusedError(Exception):
    """The address must not be called: no try will change that."""


class TargetUnresolvedError(Exception):
    """The name does not resolve now."""


@dataclass(frozen=True, slots=True)
class TargetPolicy:
    """What the settings allow."""

    allow_private: bool

    def url_problem(self, url: str) -> str | None:
        """What is wrong with a URL, as far as it shows without asking a name server; None when nothing is."""
        try:
            parsed = httpx.URL(url)
        except (httpx.InvalidURL, UnicodeError, TypeError, ValueError):
            return "is not a URL"
        if len(url) > MAX_URL_LENGTH or url != url.strip() or not url.isprintable():
            return f"must be at most {MAX_URL_LENGTH} printable characters"
        if parsed.scheme not in ("http", "https") or not parsed.host:
            return "must be an http or https address"
        is_name = HOST_NAME.fullmatch(parsed.raw_host.decode("ascii"))
        if not (is_name or ":" in parsed.host) or not 0 < (80 if parsed.port is None else parsed.port) < 65536:
            return "must name a host, and if it names a port, one of 1 to 65535"
        if parsed.userinfo:
            return "must not hold a user or password; use a header"
        return None if self.allow_private else _private_problem(parsed.host)

    async def resolve(self, url: httpx.URL) -> str:
        """The address to connect to. Raises TargetRefusedError, TargetUnresolvedError."""
        port = url.port or (443 if url.scheme == "https" else 80)
        loop = asyncio.get_running_loop()
        try:
            answers = await loop.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise TargetUnresolvedError("the target's name does not resolve") from None
        addresses = [str(answer[4][0]) for answer in answers]
        if not addresses:
            raise TargetUnresolvedError("the target's name does not resolve")
        if not self.allow_private and not all(is_public(address) for address in addresses):
            raise TargetRefusedError("the target resolves to an address that is not public")
        return addresses[0]


def is_public(address: str) -> bool:
    """Whether an address belongs to the public internet, whatever other address it wraps."""
    try:
        parsed: IpAddress = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = _wrapped(parsed)
    if inner is not None:
        return is_public(str(inner))
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved


def _wrapped(address: IpAddress) -> ipaddress.IPv4Address | None:
    """The IPv4 address inside a mapped, 6to4, Teredo or NAT64 address."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def _private_problem(host: str) -> str | None:
    name = host.rstrip(".").lower()
    address = _address(name)
    if name == "localhost" or name.endswith(".localhost") or (address is not None and not is_public(address)):
        return "is not a public address; alerts.allow_private_targets would allow it"
    return None


def _address(host: str) -> str | None:
    """The address that a host spells, in any of the ways in which resolvers read one: 127.1, 0x7f000001, 2130706433."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None
