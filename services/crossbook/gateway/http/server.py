"""uvicorn as a task of our own loop: what it would decide by itself is decided here.

No signal handlers (plumbing/process.py has them), no access log (it would print queries), no compression of sockets, no
trust in forwarded addresses, no header that names a version. TLS certificates can be read again while it runs.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from crossbook.plumbing.errors import PortTakenError, SettingsError

MAX_SOCKET_FRAME_BYTES = 16 * 1024
MAX_CONNECTIONS = 4_096
BACKLOG = 1_024
KEEPALIVE_SECONDS = 30
STOP_SECONDS = 3
MAX_HEADER_BYTES = 16 * 1024


class _SocketProtocol(WebSocketsSansIOProtocol):
    """Lets the application cut a transport that takes nothing: uvicorn itself would wait for it."""

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            extensions: Any = self.scope["extensions"]
            extensions["crossbook.transport"] = self.transport


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """They are the process's."""
        yield


class WebServer:
    """A started one."""

    def __init__(self, config: uvicorn.Config, port: int, tls: tuple[Path, Path] | None) -> None:
        self.port = port
        self._config = config
        self._tls = tls

    @property
    def has_tls(self) -> bool:
        """Whether it speaks https."""
        return self._tls is not None

    def reload(self) -> None:
        """Reads the certificate again: new connections get it. Raises SettingsError."""
        if self._tls is None or self._config.ssl is None:
            return
        certificate, key = self._tls
        try:
            self._config.ssl.load_cert_chain(certificate, key)
        except OSError as error:
            raise SettingsError(f"setting gateway.certificate_file: {error.strerror or error}") from None


@asynccontextmanager
async def web_server(app: Any, host: str, port: int, tls: tuple[Path, Path] | None) -> AsyncIterator[WebServer]:
    """Serves until the end of the block; port 0 lets the system choose. Raises PortTakenError and SettingsError."""
    listener = _listen(host, port)
    config = uvicorn.Config(
        app,
        http="h11",
        ws=_SocketProtocol,
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=True,
        ws_max_size=MAX_SOCKET_FRAME_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        limit_concurrency=MAX_CONNECTIONS,
        backlog=BACKLOG,
        timeout_keep_alive=KEEPALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
        h11_max_incomplete_event_size=MAX_HEADER_BYTES,
        ssl_certfile=tls[0] if tls else None,
        ssl_keyfile=tls[1] if tls else None,
    )
    try:
        config.load()
    except OSError as error:
        raise SettingsError(f"setting gateway.certificate_file: {error.strerror or error}") from None
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield WebServer(config, listener.getsockname()[1], tls)
    finally:
        server.should_exit = True
        await asyncio.wait([serving])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise PortTakenError(host, port) from None
    listener.setblocking(False)
    return listener
