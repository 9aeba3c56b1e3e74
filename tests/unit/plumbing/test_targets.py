"""Where something listens, as a text."""

import pytest

from crossbook.plumbing.targets import is_target, target_of


@pytest.mark.parametrize(
    ("host", "target"),
    [("127.0.0.1", "127.0.0.1:1"), ("::1", "[::1]:1"), ("fe80::1%eth0", "[fe80::1%eth0]:1"), ("a.b", "a.b:1")],
)
def test_what_is_made_of_a_host_and_a_port_can_be_dialled(host: str, target: str) -> None:
    assert target_of(host, 1) == target
    assert is_target(target)


@pytest.mark.parametrize("target", ["a", "a:", ":1", "a:0", "a:65536", "a:x", "a:١", "::1:50051", "[::1]", "[::1:5"])
def test_what_cannot_be_dialled_is_no_target(target: str) -> None:
    """An IPv6 address without brackets would be dialled as an address without a port."""
    assert not is_target(target)


def test_a_unix_socket_is_a_target() -> None:
    assert is_target("unix:/run/crossbook.sock")
