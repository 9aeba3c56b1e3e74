"""Unit tests mirror every file that has logic: which file has none, and which may do without, with the reason.

A file has logic when its functions hold MOST_WIRING statements or more, of whatever kind; less is wiring, or data. The
mirror of `services/crossbook/<part>/<name>.py` is `tests/unit/<part>/test_<name>.py`.
"""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

MOST_WIRING = 15
# Reasons, by file or by folder. The list only shrinks: what has a mirror, or is gone, may not stand in it.
WITHOUT = {
    "aggregator/app.py": "wiring: tests/integration/aggregator runs it",
    "aggregator/service.py": "hands over: tests/integration/aggregator/test_serving.py asks each method",
    "aggregator/store/": "SQL: tests/integration/aggregator/test_store.py and test_shards.py run it on Postgres",
    "alerts/app.py": "wiring: tests/integration/alerts runs it",
    "alerts/channels/template_steps.py": "the steps of templating.py, whose mirror tests them by what they render",
    "alerts/service.py": "hands over: tests/integration/alerts/test_rules.py and test_history.py ask each method",
    "alerts/store/": "SQL: tests/integration/alerts runs it on Postgres",
    "arbitrage/app.py": "wiring: tests/integration/arbitrage runs it",
    "arbitrage/store/": "SQL: tests/integration/arbitrage runs it on Postgres",
    "gateway/": "tests/integration/gateway asks a running one, over each of its ports",
    "cli/accounts.py": "asks a gateway: tests/integration/gateway/test_commands.py runs each command against one",
    "cli/watch.py": "follows servers: tests/e2e/test_up.py and test_shards.py print from running ones",
    "local/run/launch.py": "starts processes: tests/integration/local/test_up.py starts them",
    "local/run/up.py": "runs a whole system: tests/integration/local/test_up.py and tests/e2e/test_up.py do",
    "local/servers/": "starts servers: tests/integration/local/test_servers.py and test_roles.py start them",
    "plumbing/data/cooldown.py": "scripts of Redis: tests/integration/plumbing/test_cooldown.py runs them on one",
    "plumbing/data/migrate.py": "SQL: tests/integration/plumbing/test_migrate.py runs it on Postgres",
    "simulator/app.py": "wiring: tests/integration/simulator runs it",
    "simulator/faces/": "each has tests/integration/simulator/test_<venue>.py, and tests/property for all",
    "simulator/play/player.py": "plays through a socket: tests/integration/simulator/test_player.py listens",
    "simulator/serve/server.py": "a port: every test of tests/integration/simulator speaks through it",
    "tracker/app.py": "wiring: tests/integration/tracker/test_process.py runs it",
    "tracker/feed/replay.py": "reads what recorder.py writes, whose mirror plays every kind back",
    "tracker/outgoing/remains.py": "reads what spool.py writes, whose mirror reads every kind of rest",
}


def without_mirror(sources: Path, tests: Path, excused: Iterable[str] = tuple(WITHOUT)) -> list[str]:
    """Files with logic whose mirror is missing and that are not excused, by path below `sources`."""
    excused = list(excused)
    return [name for name in _unmirrored(sources, tests) if not any(_is_under(name, entry) for entry in excused)]


def idle_excuses(sources: Path, tests: Path, excused: Iterable[str] = tuple(WITHOUT)) -> list[str]:
    """Those that no file needs any more."""
    missing = list(_unmirrored(sources, tests))
    return [entry for entry in excused if not any(_is_under(name, entry) for name in missing)]


def statements(source: str) -> int:
    """In functions, those that only document left out."""
    functions = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    counted = {
        id(node): node
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.stmt) and node is not function and not _is_docstring(node)
    }
    return len(counted)


def _unmirrored(sources: Path, tests: Path) -> Iterator[str]:
    for path in sorted(sources.rglob("*.py")):
        relative = path.relative_to(sources)
        if relative.parts[0] == "pb" or (tests / relative.parent / f"test_{path.name}").exists():
            continue
        if statements(path.read_text()) >= MOST_WIRING:
            yield relative.as_posix()


def _is_under(name: str, entry: str) -> bool:
    return name == entry or (entry.endswith("/") and name.startswith(entry))


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
