"""Ports of one machine: laid out, distinct, checked."""

import socket

import pytest

from crossbook.local.options import UpOptions
from crossbook.local.run.ports import Ports, check_ports, choose_ports
from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.settings import load_settings


def chosen_of(trackers: int = 1, port_base: int | None = None, shards: int = 1, **sections: object) -> Ports:
    venues = [f"venue{number}" for number in range(trackers)]
    options = UpOptions(venues=venues, tracker_processes=trackers, port_base=port_base, shards=shards)
    return choose_ports(load_settings(**sections), options)


def numbers(ports: Ports) -> list[int]:
    return [port for endpoint in ports.endpoints for _, port in endpoint.addresses("h")]


def test_defaults_are_those_of_the_settings() -> None:
    """One tracker listens where its settings say."""
    ports = chosen_of()
    assert [endpoint.port for endpoint in ports.endpoints] == [50051, 50052, 50053, 50054, 8700, 50058]
    assert [endpoint.metrics_port for endpoint in ports.endpoints] == [9101, 9102, 9103, 9104, 0, 9105]
    assert [endpoint.http_port for endpoint in ports.endpoints] == [0, 0, 0, 0, 0, 8080]
    assert ports.one("tracker").name == "tracker"


@pytest.mark.parametrize("base", [None, 41000, 0])
def test_no_two_processes_share_a_port(base: int | None) -> None:
    """However many trackers and aggregators there are."""
    chosen = numbers(chosen_of(6, base, shards=4))
    assert len(chosen) == len(set(chosen))
    assert all(0 < port < 65536 for port in chosen)


def test_shards_are_named_by_letters_unless_there_is_one() -> None:
    """So are their processes; the first listens where the settings say."""
    assert [endpoint.shard for endpoint in chosen_of().of("aggregator")] == ["main"]
    several = chosen_of(shards=3)
    assert [endpoint.name for endpoint in several.of("aggregator")] == [f"aggregator-{name}" for name in "abc"]
    assert several.shards("h") == {"a": "h:50052", "b": "h:50062", "c": "h:50072"}


def test_a_base_moves_every_port() -> None:
    """All of them lie right above it."""
    chosen = numbers(chosen_of(3, 41000))
    assert all(41000 <= port < 41060 for port in chosen)


def test_an_ipv6_address_is_bracketed() -> None:
    """Where a colon would be taken for the port's."""
    assert chosen_of().one("alerts").target("::1") == "[::1]:50054"


def test_a_taken_port_names_its_setting() -> None:
    """And how to choose another."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ports = chosen_of(aggregator={"port": port})
        with pytest.raises(SettingsError) as caught:
            check_ports("127.0.0.1", ports.of("aggregator"))
    message = str(caught.value)
    assert f"127.0.0.1:{port} is taken" in message
    assert "aggregator.port" in message
    assert "CROSSBOOK_AGGREGATOR__PORT" in message
    assert "--port-base" in message


def test_a_host_that_is_not_ours_is_named() -> None:
    """An address of another machine cannot be listened on."""
    ports = chosen_of(port_base=0)
    with pytest.raises(SettingsError, match="setting host"):
        check_ports("192.0.2.1", ports.of("alerts"))
