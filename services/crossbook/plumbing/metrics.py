"""Prometheus metrics of one process over HTTP, at /metrics: a few scrapes at a time, each for a few seconds at most.

A service's own are a collector, which is asked at the moment of the scrape for what the service counts anyway.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import prometheus_client
import structlog
from prometheus_client.registry import Collector

from crossbook.plumbing.errors import PortTakenError

MAX_SCRAPES = 8  # at a time, each in a thread; the connections of more are closed at once
SCRAPE_SECONDS = 5.0  # how long a client may let us wait

REFUSED_SCRAPES = prometheus_client.Counter("crossbook_metrics_refused_scrapes", "Connections closed unanswered.")

log = structlog.get_logger()


@contextmanager
def start_metrics(host: str, port: int, collector: Collector) -> Iterator[int]:
    """Serves the default registry, the service's collector in it, until the end of the block; gives the port.

    Port 0 turns metrics off and gives 0: the collector is not asked for anything. Raises PortTakenError.
    """
    if port == 0:
        yield 0
        return
    with _registered(collector), _serving(host, port):
        log.info("metrics_started", host=host, port=port)
        yield port


@contextmanager
def _registered(collector: Collector) -> Iterator[None]:
    prometheus_client.REGISTRY.register(collector)
    try:
        yield
    finally:
        prometheus_client.REGISTRY.unregister(collector)


@contextmanager
def _serving(host: str, port: int) -> Iterator[None]:
    server_class = _SixServer if ":" in host else _Server
    try:
        server = make_server(host, port, prometheus_client.make_wsgi_app(), server_class, _Handler)
    except OSError:
        raise PortTakenError(host, port) from None
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(WSGIRequestHandler):
    timeout = SCRAPE_SECONDS

    def log_message(self, format: str, *args: Any) -> None:
        """Scrapes are no news."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._places = threading.Semaphore(MAX_SCRAPES)

    def process_request(self, request: Any, client_address: Any) -> None:
        """In the server's own thread."""
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            REFUSED_SCRAPES.inc()
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """In a thread of the request's own."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away or said nothing is its own affair."""


class _SixServer(_Server):
    address_family = socket.AF_INET6
