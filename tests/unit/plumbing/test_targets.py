"""Addresses as text."""

import pytest

from crossbook.plumbing.targets import target_of


@pytest.mark.parametrize(
    ("host", "target"), [("127.0.0.1", "127.0.0.1:5"), ("::1", "[::1]:5"), ("db.local", "db.local:5")]
)
def test_an_ipv6_address_has_brackets(host: str, target: str) -> None:
    """Nothing else has."""
    assert target_of(host, 5) == target
