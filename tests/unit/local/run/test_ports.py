"""Ports of one machine: laid out, distinct, checked."""

import socket

import pytest

from crossbook.local.run.ports import Ports, check_ports, choose_ports
from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.settings import load_settings


def numbers(ports: Ports) -> list[int]:
    endpoints = [*ports.services(), ports.simulator]
    return [port for endpoint in endpoints for port in (endpoint.port, endpoint.metrics_port) if port]


def test_defaults_are_those_of_the_settings() -> None:
    """One tracker listens where its settings say."""
    ports = choose_ports(load_settings(), 1, None)
    assert [endpoint.port for endpoint in ports.services()] == [50051, 50052, 50053, 50054]
    assert ports.simulator.port == 8700
    assert ports.trackers[0].name == "tracker"


@pytest.mark.parametrize("base", [None, 41000, 0])
def test_no_two_processes_share_a_port(base: int | None) -> None:
    """However many trackers and aggregators there are."""
    chosen = numbers(choose_ports(load_settings(), 6, base, shards=4))
    assert len(chosen) == len(set(chosen))
    assert all(0 < port < 65536 for port in chosen)


def test_shards_are_named_by_letters_unless_there_is_one() -> None:
    """So are their processes; the first listens where the settings say."""
    assert list(choose_ports(load_settings(), 1, None).aggregators) == ["main"]
    several = choose_ports(load_settings(), 1, None, shards=3)
    assert [endpoint.name for endpoint in several.aggregators.values()] == [f"aggregator-{name}" for name in "abc"]
    assert several.shards("h") == {"a": "h:50052", "b": "h:50062", "c": "h:50072"}


def test_a_base_moves_every_port() -> None:
    """All of them lie right above it."""
    chosen = numbers(choose_ports(load_settings(), 3, 41000))
    assert all(41000 <= port < 41040 for port in chosen)


def test_a_taken_port_names_its_setting() -> None:
    """And how to choose another."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ports = choose_ports(load_settings(aggregator={"port": port}), 1, None)
        with pytest.raises(SettingsError) as caught:
            check_ports("127.0.0.1", list(ports.aggregators.values()))
    message = str(caught.value)
    assert f"127.0.0.1:{port} is taken" in message
    assert "aggregator.port" in message
    assert "CROSSBOOK_AGGREGATOR__PORT" in message
    assert "--port-base" in message


def test_a_host_that_is_not_ours_is_named() -> None:
    """An address of another machine cannot be listened on."""
    ports = choose_ports(load_settings(), 1, 0)
    with pytest.raises(SettingsError, match="setting host"):
        check_ports("192.0.2.1", [ports.alerts])
