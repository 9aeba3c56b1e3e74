"""PgBouncer in transaction mode before a Postgres, where the machine has it."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from tests.support.waiting import eventually

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
CONFIGURATION = """
[databases]
pooled = host={host} port={port} dbname={dbname} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
auth_type = any
pool_mode = transaction
default_pool_size = 3
max_client_conn = 200
{more}
"""


@asynccontextmanager
async def pgbouncer(dsn: str, folder: Path, *, more: str = "") -> AsyncIterator[str]:
    """The DSN of the pooled database; few server connections, so that clients change theirs often."""
    assert PROGRAM is not None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    file = _configuration(folder, CONFIGURATION.format(**conninfo_to_dict(dsn), listen_port=port, more=more))
    as_user = ["-u", "nobody"] if os.getuid() == 0 else []
    process = await asyncio.create_subprocess_exec(PROGRAM, "-q", *as_user, str(file))
    try:
        await eventually(lambda: answers(port))
        yield f"postgresql://crossbook:x@127.0.0.1:{port}/pooled"
    finally:
        process.terminate()
        await process.wait()


def _configuration(folder: Path, text: str) -> Path:
    """A file that the user under whom PgBouncer runs can read; it does not run as root."""
    folder.mkdir(exist_ok=True)
    file = folder / "pgbouncer.ini"
    file.write_text(text)
    file.chmod(0o644)
    for parent in (folder, *folder.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o055)
    return file


async def answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
