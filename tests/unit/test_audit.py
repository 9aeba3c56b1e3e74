"""The audit of dependencies, against a server that answers as osv.dev does."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.audit import LOCKS, locked, main

VULNERABLE = "serde_json"


@contextmanager
def advisories(body: bytes | None = None) -> Iterator[str]:
    """One vulnerability of one crate; or a body of its own for every request."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            names = [query["package"]["name"] for query in queries]
            results = [{"vulns": [{"id": "RUSTSEC-1"}]} if name == VULNERABLE else {} for name in names]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body or json.dumps({"results": results}).encode())

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_known_vulnerability_fails(capsys: pytest.CaptureFixture[str]) -> None:
    """With the package, its version and where to read on."""
    with advisories() as url:
        assert main(url) == 1
    said = capsys.readouterr().out
    assert f"{VULNERABLE} " in said
    assert "https://osv.dev/vulnerability/RUSTSEC-1" in said
    assert "1 known vulnerabilities" in said


@pytest.mark.parametrize("body", [None, b"<html>", b"{}", b'{"results": []}'])
def test_without_advisories_it_is_skipped_with_the_reason(
    capsys: pytest.CaptureFixture[str], body: bytes | None
) -> None:
    """Nobody there, or an answer that does not read: it proves nothing, says so and breaks nothing."""
    if body is None:
        assert main("http://127.0.0.1:1") == 0
    else:
        with advisories(body) as url:
            assert main(url) == 0
    assert "audit SKIPPED: no advisories from http://127.0.0.1" in capsys.readouterr().out


def test_both_lock_files_are_read() -> None:
    """What comes from a registry, and nothing of our own."""
    names = {package.name for path, ecosystem in LOCKS.items() for package in locked(path, ecosystem)}
    assert {"httpx", "grpcio", "serde_json"} <= names
    assert not any(name.startswith("crossbook") for name in names)
