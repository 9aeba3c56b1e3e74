"""Which addresses are public, by a table that does not change with Python's version."""

import pytest

from crossbook.alerts.channels.networks import is_public


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8", "93.184.215.14", "192.0.1.1", "100.128.0.1", "172.32.0.1", "198.20.0.1", "223.255.255.255",
        "2606:4700:4700::1111", "2a00:1450:4001::1", "64:ff9b::808:808", "::ffff:8.8.8.8", "2002:808:808::1",
    ],
)  # fmt: skip
def test_public_addresses_are_public(address: str) -> None:
    """Those next to a special network, and those that wrap a public one, included."""
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
        "100.100.100.200", "192.0.0.192", "192.0.0.9", "192.88.99.1", "198.18.0.1", "203.0.113.7", "224.0.0.1",
        "255.255.255.255", "::1", "::", "::7f00:1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1",
        "feff::1", "ff02::1", "100::1", "2001:db8::1", "2001:2::1", "2001:20::1", "3fff::1", "5f00::1", "4000::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:192.0.0.192", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b:1::808:808", "2002:7f00:1::", "2002:c000:c0::1", "2001:0:808:808::80ff:fffe",
        "2001:0:7f00:1::f7f7:f7f7", "2a00::5efe:7f00:1", "fe80::5efe:808:808", "not an address", "", "8.8.8.8/32",
    ],
)  # fmt: skip
def test_every_other_kind_of_address_is_not(address: str) -> None:
    """Private, local, reserved, documentation, metadata of clouds, and whatever wraps one of them."""
    assert not is_public(address)
