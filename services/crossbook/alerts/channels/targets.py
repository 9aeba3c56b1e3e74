"""Where HTTP channels may go: public addresses only, unless the settings allow private ones.

A name is resolved at every delivery, every address that it resolves to must be public (networks.py), and the connection
goes to one that was checked: a name that answers differently a moment later changes nothing.
"""

import asyncio
import ipaddress
import re
import socket
from dataclasses import dataclass

import httpx

from crossbook.alerts.channels.networks import is_public

MAX_URL_LENGTH = 2048
MAX_ADDRESSES = 16  # of one name

HOST_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")


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

    def host_problem(self, host: str) -> str | None:
        """The same of a host that stands alone."""
        return None if self.allow_private else _private_problem(host)

    async def resolve(self, host: str, port: int) -> list[str]:
        """The addresses to connect to, all of them checked. Raises TargetRefusedError, TargetUnresolvedError."""
        loop = asyncio.get_running_loop()
        try:
            answers = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise TargetUnresolvedError("the target's name does not resolve") from None
        addresses = list(dict.fromkeys(str(answer[4][0]) for answer in answers))[:MAX_ADDRESSES]
        if not addresses:
            raise TargetUnresolvedError("the target's name does not resolve")
        if not self.allow_private and not all(map(is_public, addresses)):
            raise TargetRefusedError("the target resolves to an address that is not public")
        return addresses


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
