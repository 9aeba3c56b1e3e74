"""Embedded Postgres and Redis: real servers that keep their data and never outlive whoever started them."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import psycopg
import pytest
import redis

from crossbook.local.processes import privileges
from crossbook.local.processes.privileges import server_home
from crossbook.local.servers.embedded import EmbeddedServer, ServerError, owned
from crossbook.local.servers.postgres import embedded_postgres, prepare_postgres
from crossbook.local.servers.redis import embedded_redis, prepare_redis
from tests.support.waiting import eventually

HOLD = """
import asyncio, sys
from pathlib import Path
from crossbook.local.servers.{module} import embedded_{module} as embedded
async def hold():
    async with embedded(Path(sys.argv[1])) as address:
        print(address, flush=True)
        await asyncio.Event().wait()
asyncio.run(hold())
"""


class Store:
    """One of the two servers, as far as the tests tell them apart."""

    def __init__(
        self,
        module: str,
        embedded: Callable[[Path], AbstractAsyncContextManager[str]],
        prepare: Callable[[Path], EmbeddedServer],
        pid_file: str,
    ) -> None:
        self.module = module
        self.embedded = embedded
        self.prepare = prepare
        self.pid_file = pid_file

    def remember(self, address: str, value: str) -> None:
        if self.module == "redis":
            with redis.Redis.from_url(address) as client:
                client.set("value", value)
            return
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS memory (value text)")
            connection.execute("INSERT INTO memory VALUES (%s)", (value,))

    def recall(self, address: str) -> str:
        if self.module == "redis":
            with redis.Redis.from_url(address, decode_responses=True) as client:
                return str(client.get("value"))
        with psycopg.connect(address) as connection:
            row = connection.execute("SELECT value FROM memory").fetchone()
            return str(row and row[0])

    def answers(self, address: str) -> bool:
        try:
            self.recall(address)
        except (redis.ConnectionError, psycopg.OperationalError):
            return False
        return True

    def server_pid(self, data_dir: Path) -> int:
        return int((privileges.server_home(data_dir) / self.pid_file).read_text().split()[0])


POSTGRES = Store("postgres", embedded_postgres, prepare_postgres, "cluster/postmaster.pid")
REDIS = Store("redis", embedded_redis, prepare_redis, "append-only/redis.pid")

both = pytest.mark.parametrize("store", [POSTGRES, REDIS], ids=["postgres", "redis"])


def owner(pid: int) -> str:
    return Path(f"/proc/{pid}").owner()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@both
async def test_data_survives_a_restart(store: Store, tmp_path: Path) -> None:
    """The same folder is the same database; a stopped server is gone."""
    async with store.embedded(tmp_path) as address:
        store.remember(address, "kept")
        pid = store.server_pid(tmp_path)
    assert not is_alive(pid)
    async with store.embedded(tmp_path) as address:
        assert store.recall(address) == "kept"


@both
async def test_a_server_does_not_outlive_a_killed_parent(store: Store, tmp_path: Path) -> None:
    """kill -9 of the parent: the server ends by itself, and the next start finds what was written."""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD.format(module=store.module), str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    address = (await asyncio.wait_for(parent.stdout.readline(), 90)).decode().strip()
    store.remember(address, "kept")
    pid = store.server_pid(tmp_path)
    parent.kill()
    await parent.wait()
    await eventually(lambda: not is_alive(pid))
    async with store.embedded(tmp_path) as address:
        assert store.recall(address) == "kept"


@both
async def test_a_killed_server_leaves_a_pid_file_that_stops_nobody(store: Store, tmp_path: Path) -> None:
    """kill -9 of the server itself; its number may meanwhile belong to somebody else, who is left alone."""
    async with store.embedded(tmp_path) as address:
        store.remember(address, "kept")
        pid_file = privileges.server_home(tmp_path) / store.pid_file
        stale = pid_file.read_text().split("\n")
        os.kill(store.server_pid(tmp_path), signal.SIGKILL)
        await eventually(lambda: not store.answers(address))
    bystander = await asyncio.create_subprocess_exec("sleep", "600")
    try:
        pid_file.write_text("\n".join([str(bystander.pid), *stale[1:]]))
        async with store.embedded(tmp_path) as address:
            assert store.recall(address) == "kept"
        assert is_alive(bystander.pid)
    finally:
        bystander.kill()
        await bystander.wait()


def test_a_pid_file_that_a_killed_server_left_does_not_make_the_next_one_ready(tmp_path: Path) -> None:
    """It says "ready" to the end, until the next server writes its own."""
    with owned(tmp_path):
        server = prepare_postgres(tmp_path)
        ended = subprocess.Popen(["true"])
        ended.wait()
        pid_file = server_home(tmp_path) / "cluster" / "postmaster.pid"
        for pid, is_ready in ((ended.pid, False), (os.getpid(), True)):
            pid_file.write_text("\n".join([str(pid), *"123456", "ready"]))
            assert server.is_ready() is is_ready


@both
async def test_a_leftover_server_is_ended_by_the_next_start(store: Store, tmp_path: Path) -> None:
    """One that nobody guards any more, because everything around it was killed."""
    server = store.prepare(tmp_path)
    unguarded = server.command[server.command.index("--") + 1 :]
    user = privileges.server_user()
    leftover = await asyncio.create_subprocess_exec(
        *unguarded, user=user, extra_groups=[] if user else None, cwd="/", stderr=asyncio.subprocess.DEVNULL
    )
    await eventually(server.is_ready)
    waiting = asyncio.create_task(leftover.wait())
    async with store.embedded(tmp_path) as address:
        await asyncio.wait_for(waiting, 30)
        assert address != server.url
    assert leftover.returncode == 0


@both
async def test_one_folder_has_one_owner(store: Store, tmp_path: Path) -> None:
    """A second Crossbook on the same data is refused before it touches anything."""
    with owned(tmp_path):
        program = HOLD.format(module=store.module)
        second = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, str(tmp_path), stderr=asyncio.subprocess.PIPE
        )
        _, said = await asyncio.wait_for(second.communicate(), 90)
    assert b"is in use by another Crossbook" in said
    assert not (tmp_path / f"{store.module}.log").exists()


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    """With what to do about it, whatever stands in the way."""
    (tmp_path / "file").touch()
    with pytest.raises(ServerError, match="choose another --data-dir"), owned(tmp_path / "file" / "data"):
        pass


@both
async def test_strangers_are_not_let_in(store: Store, tmp_path: Path) -> None:
    """The password is needed, though only this machine can knock."""
    async with store.embedded(tmp_path) as address:
        password = address.split(":")[2].split("@")[0]
        assert len(password) > 20
        stranger = address.replace(password, "guess")
        with pytest.raises((redis.AuthenticationError, psycopg.OperationalError)):
            store.recall(stranger)


async def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    """With the last line of its log and where the rest is."""
    async with embedded_postgres(tmp_path):
        pass
    (privileges.server_home(tmp_path) / "cluster" / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(ServerError, match=r"postgres did not start: .*postgres\.log"):
        async with embedded_postgres(tmp_path):
            pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to give its rights up")
async def test_as_root_the_servers_run_as_nobody(tmp_path: Path) -> None:
    """Even when the data folder lies where nobody cannot go."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    async with embedded_postgres(private / "postgres"), embedded_redis(private / "redis"):
        for store in (POSTGRES, REDIS):
            pid = store.server_pid(private / store.module)
            assert owner(pid) == "nobody"
