"""Metrics over HTTP."""

import socket
from collections.abc import Iterable
from contextlib import ExitStack

import httpx
import pytest
from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from crossbook.plumbing.errors import PortTakenError
from crossbook.plumbing.metrics import MAX_SCRAPES, start_metrics


class _Answer(Collector):
    """One number of a service."""

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily("crossbook_answer", "A number.", value=42)


def test_metrics_are_served_until_the_block_ends(free_port: int) -> None:
    """The process's own and the service's, which leave the registry with the block."""
    with start_metrics("127.0.0.1", free_port, _Answer()):
        text = httpx.get(f"http://127.0.0.1:{free_port}/metrics", trust_env=False).text
        assert "python_info" in text
        assert "crossbook_answer 42.0" in text
    assert REGISTRY.get_sample_value("crossbook_answer") is None
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{free_port}/metrics", trust_env=False)


def test_port_zero_turns_metrics_off() -> None:
    """Nothing listens and nothing is asked: two services without metrics may share a process."""
    with start_metrics("127.0.0.1", 0, _Answer()) as port, start_metrics("127.0.0.1", 0, _Answer()):
        assert port == 0
        assert REGISTRY.get_sample_value("crossbook_answer") is None


def test_a_taken_port_is_a_clear_error() -> None:
    """PortTakenError, and the collector does not stay behind in the registry."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(PortTakenError), start_metrics("127.0.0.1", taken.getsockname()[1], _Answer()):
            pass
    assert REGISTRY.get_sample_value("crossbook_answer") is None


def test_silent_connections_take_only_their_places(free_port: int) -> None:
    """With all places taken the next connection is closed unanswered and counted; a place left is a scrape's again."""
    url = f"http://127.0.0.1:{free_port}/metrics"
    with start_metrics("127.0.0.1", free_port, _Answer()), ExitStack() as stack:
        silent = [stack.enter_context(socket.create_connection(("127.0.0.1", free_port))) for _ in range(MAX_SCRAPES)]
        with pytest.raises(httpx.TransportError):
            httpx.get(url, trust_env=False)
        silent.pop().close()
        assert _refused(_get(url).text) >= 1


def _get(url: str) -> httpx.Response:
    """The server learns of a closed connection a little later."""
    while True:
        try:
            return httpx.get(url, trust_env=False)
        except httpx.TransportError:
            continue


def _refused(text: str) -> float:
    (line,) = (line for line in text.splitlines() if line.startswith("crossbook_metrics_refused_scrapes_total"))
    return float(line.split()[1])


def test_metrics_are_served_on_ipv6() -> None:
    """A host that is an IPv6 address gets a socket of that family."""
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6 loopback")
        port = probe.getsockname()[1]
    with start_metrics("::1", port, _Answer()):
        assert "python_info" in httpx.get(f"http://[::1]:{port}/metrics", trust_env=False).text
