"""Which addresses belong to the public internet: a table of our own, since Python's knowledge differs by its version.

Sources: IANA's special-purpose address registries for IPv4 and IPv6, RFC 6890 and its updates, and RFC 3879 for the
site-local network that those no longer list. An address that wraps another (IPv4-mapped, IPv4-compatible, NAT64, 6to4,
Teredo, ISATAP) is judged by what it wraps. Of IPv6, only what IANA has given out for unicast is public.
"""

import ipaddress
from collections.abc import Iterable

IPv4 = ipaddress.IPv4Address
IPv6 = ipaddress.IPv6Address

NOT_PUBLIC_IPV4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private use
        "100.64.0.0/10",  # shared by carriers; clouds keep metadata there
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local; metadata of clouds
        "172.16.0.0/12",  # private use
        "192.0.0.0/24",  # IETF protocol assignments; metadata of a cloud at .192
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays of old
        "192.168.0.0/16",  # private use
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
NOT_PUBLIC_IPV6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # IETF protocol assignments, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
# Networks whose addresses hold an IPv4 address, and how many bits lie behind it.
WRAPPING = (
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),  # IPv4-mapped
    (ipaddress.IPv6Network("::ffff:0:0:0/96"), 0),  # IPv4-translated
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),  # NAT64
    (ipaddress.IPv6Network("2002::/16"), 80),  # 6to4
)
TEREDO = ipaddress.IPv6Network("2001::/32")
ISATAP = (0x00005EFE, 0x02005EFE)  # of an interface identifier, before its IPv4 address


def is_public(address: str) -> bool:
    """Whether it is one, whatever other address it wraps; false for what is no address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return _is_public_ipv4(parsed) if isinstance(parsed, IPv4) else _is_public_ipv6(parsed)


def _is_public_ipv4(address: IPv4) -> bool:
    return not any(address in network for network in NOT_PUBLIC_IPV4)


def _is_public_ipv6(address: IPv6) -> bool:
    inner = list(_wrapped(address))
    if inner:
        return all(map(_is_public_ipv4, inner))
    return address in GLOBAL_UNICAST and not any(address in network for network in NOT_PUBLIC_IPV6)


def _wrapped(address: IPv6) -> Iterable[IPv4]:
    number = int(address)
    for network, behind in WRAPPING:
        if address in network:
            yield IPv4(number >> behind & 0xFFFFFFFF)
    if address in TEREDO:
        yield IPv4(number >> 64 & 0xFFFFFFFF)  # the server
        yield IPv4(~number & 0xFFFFFFFF)  # the client
    if number >> 32 & 0xFFFFFFFF in ISATAP:
        yield from (IPv4(number & 0xFFFFFFFF), *(() if address in GLOBAL_UNICAST else (IPv4(0),)))
