"""The ports of a run: free, taken, and held while nobody listens."""

import socket
import sys

import pytest

from crossbook.local.processes.addresses import first_taken, free_port, held, is_free
from crossbook.plumbing.errors import SettingsError


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_listener_and_a_connection_both_take_a_port(host: str) -> None:
    """Whether anybody listens there, or an outgoing connection bears it."""
    with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as server:
        address = server.getsockname()[:2]
        with socket.create_connection(address) as client:
            assert not is_free(address)
            assert not is_free(client.getsockname()[:2])
            free = (host, free_port(host))
            assert first_taken([free, address]) == address
    assert is_free(free)


def test_a_host_of_another_machine_is_a_setting_to_correct() -> None:
    """It can never be listened on here."""
    with pytest.raises(SettingsError, match="setting host"):
        is_free(("192.0.2.1", 1))


@pytest.mark.skipif(sys.platform != "linux", reason="ports are held on Linux only")
def test_a_held_port_is_given_to_no_connection_and_can_be_listened_on() -> None:
    """A socket that asks for it as an outgoing connection would is refused; a server is not."""
    address = ("127.0.0.1", free_port())
    with held([address]), socket.socket() as connection:
        assert is_free(address)
        with pytest.raises(OSError, match="in use"):
            connection.bind(address)  # as connect() chooses: without SO_REUSEADDR
        with socket.create_server(address), socket.create_connection(address):
            assert not is_free(address)
    with socket.socket() as connection:
        connection.bind(address)


def test_what_is_taken_is_not_held() -> None:
    """And is no error: whoever wants to listen there will say so."""
    with socket.create_server(("127.0.0.1", 0)) as server, held([server.getsockname()]):
        assert not is_free(server.getsockname())
