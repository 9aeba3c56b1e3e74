"""Faults that are not ours: all processes at once, clocks, stores that answer, a pooler, surroundings, bodies."""

import gzip
from operator import attrgetter

from tests.faults import answers, clock, inflict
from tests.faults.rig import SERVICES, Wanted
from tests.faults.scenarios import NO_COMMIT, NO_POSTGRES, NO_REDIS, NO_WINDOWS, TRIED_AGAIN, Fault, Group, Oracle
from tests.support.alerts.receiver import Answer
from tests.support.servers.pgbouncer import PROGRAM

NOBODY_THERE = "http://127.0.0.1:9"
PROXIES = {name: NOBODY_THERE for each in ("http_proxy", "https_proxy", "all_proxy") for name in (each, each.upper())}
BOMB = gzip.compress(bytes(100_000_000))
ENDLESS = Answer(200, {"content-length": "1000000000000"}, bytes(65536), is_endless=True)
BOOKS_AFRESH = 30.0  # each step begins every book anew, twice: more often than twice a minute passes some venue's limit
ERROR = b'{"code": 1, "msg": "no"}'
SQLSTATES = {"permission denied": "42501", "insufficient resources": "53000", "a code that nobody knows": "ZZ999"}


def _http(body: bytes, *headers: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *headers, "", ""]).encode() + body


def _venues_say(name: str, answer: bytes) -> Fault:
    return Fault(f"venues: {name}", inflict.says(attrgetter("links.venues"), answer), 8.0)


_replica = answers.redis_told(
    lambda server: server.replicaof("127.0.0.1", "1"), lambda server: server.replicaof("NO", "ONE")
)
_forbidden = answers.redis_told(
    lambda server: server.execute_command("ACL SETUSER", "default", "-@write", "-@scripting"),
    lambda server: server.execute_command("ACL SETUSER", "default", "+@all"),
)
_out_of_memory = answers.redis_told(
    lambda server: server.config_set("maxmemory", "1"), lambda server: server.config_set("maxmemory", "0")
)

GROUPS = (
    Group(
        "all",
        (
            Fault("kill -9 every service", inflict.killed(*SERVICES), kills=SERVICES),
            Fault("SIGSTOP every service 30 s", inflict.frozen(*SERVICES), 30.0, freezes=SERVICES),
            Fault(
                "kill -9 every service and Postgres",
                inflict.together(inflict.postgres_killed, inflict.killed(*SERVICES)),
                kills=SERVICES,
            ),
        ),
        oracle=Oracle.LEDGER,
    ),
    Group(
        "clock",
        (
            Fault(
                f"clock set {clock.STEP_SECONDS} s ahead, then right",
                clock.stepped(clock.STEP_SECONDS),
                10.0,
                rest_seconds=BOOKS_AFRESH,
            ),
            Fault(
                f"clock set {clock.STEP_SECONDS} s back, then right",
                clock.stepped(-clock.STEP_SECONDS),
                10.0,
                rest_seconds=BOOKS_AFRESH,
            ),
        ),
        Wanted(has_clock=True),
        oracle=Oracle.ORDER,
        lacks="" if clock.library() else "no package libfaketime in this environment",
    ),
    Group(
        "answers",
        (
            *(
                Fault(f"Postgres: {name}", answers.postgres_raises(code), 15.0, NO_WINDOWS)
                for name, code in SQLSTATES.items()
            ),
            Fault("Redis: READONLY", _replica, 8.0, NO_REDIS),
            Fault("Redis: NOPERM", _forbidden, 8.0, NO_REDIS),
            Fault("Redis: OOM", _out_of_memory, 8.0, NO_REDIS),
            Fault("Redis: LOADING", answers.redis_loading, 8.0, NO_REDIS),
        ),
    ),
    Group("failover", (Fault("Postgres lost its last commits", answers.commits_lost, 20.0),), oracle=Oracle.LEDGER),
    Group(
        "pooler",
        (
            Fault("through PgBouncer: nothing else", inflict.nothing, 10.0),
            Fault("through PgBouncer: Postgres restarted", inflict.postgres_stopped),
            Fault("through PgBouncer: Postgres stopped", inflict.postgres_stopped, 30.0, NO_POSTGRES),
            Fault(
                "through PgBouncer: terminates every connection", inflict.postgres_terminates_all, 8.0, logs=NO_COMMIT
            ),
        ),
        Wanted(has_pooler=True),
        lacks="" if PROGRAM else "pgbouncer is not installed on this machine",
    ),
    Group(
        "environment",
        (Fault("proxies that nobody answers", inflict.nothing, 10.0),),
        Wanted(environment=PROXIES),
    ),
    Group(
        "bodies",
        (
            Fault("receiver: a gzip bomb", inflict.hook_answers(Answer(200, {"content-encoding": "gzip"}, BOMB)), 6.0),
            Fault("receiver: an endless body", inflict.hook_answers(ENDLESS), 6.0),
            Fault(
                "receiver: 200 with an error", inflict.hook_answers(Answer(body=b'{"ok": false, "error": "no"}')), 6.0
            ),
            Fault("receiver: garbage", inflict.hook_answers(Answer(0, body=b"\x00\xff" * 500)), 6.0, logs=TRIED_AGAIN),
            _venues_say("a gzip bomb", _http(BOMB, f"content-length: {len(BOMB)}", "content-encoding: gzip")),
            _venues_say("an endless body", _http(bytes(65536), "content-length: 1000000000000")),
            _venues_say("200 with an error", _http(ERROR, f"content-length: {len(ERROR)}", "connection: close")),
            _venues_say("garbage", b"\x00\xff" * 500),
        ),
        Wanted(has_venue_link=True),
    ),
)
