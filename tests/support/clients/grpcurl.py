"""grpcurl, which learns by reflection what there is: built into .tools, at the version that clients/go/tools locks."""

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.support.clients.programs import GO, ROOT, passed, ran, require_modules

PROGRAM = ROOT / ".tools" / "bin" / "grpcurl"
PACKAGE = "github.com/fullstorydev/grpcurl/cmd/grpcurl"
REFUSED = 64  # plus the status' code is what it ends with
Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """The status that a call ended with, and its details as JSON."""

    code: int
    message: str
    details: list[Fields]


class Grpcurl:
    """The program, against one address at a time."""

    def __init__(self) -> None:
        require_modules(GO / "tools")
        passed("go", "build", "-o", PROGRAM, PACKAGE, folder=GO / "tools", GOFLAGS="-mod=readonly")

    def services(self, address: str) -> list[str]:
        """The services there."""
        return passed(PROGRAM, "-plaintext", address, "list", folder=ROOT).split()

    def methods(self, address: str, service: str) -> dict[str, bool]:
        """Each method of the service as service/method, and whether it streams."""
        described = passed(PROGRAM, "-plaintext", address, "describe", service, folder=ROOT)
        found = re.findall(r"rpc (\w+) \((.*?)\) returns \((.*?)\)", described)
        return {f"{service}/{name}": "stream " in asked + answered for name, asked, answered in found}

    def call(self, address: str, method: str, *requests: Fields) -> list[Fields]:
        """Every answer; the call ends well."""
        said = "\n".join(map(json.dumps, requests))
        return list(_messages(passed(PROGRAM, *_options(address, method), folder=ROOT, said=said)))

    def refusal(self, address: str, method: str, *requests: Fields) -> Refusal:
        """How a call ends that does not end well."""
        said = "\n".join(map(json.dumps, requests))
        done = ran(PROGRAM, "-format-error", *_options(address, method), folder=ROOT, said=said)
        assert done.returncode > REFUSED, f"{done.returncode}: {done.stdout}{done.stderr}"
        status = json.loads(done.stderr)
        assert status["code"] == done.returncode - REFUSED
        return Refusal(status["code"], status["message"], status.get("details", []))

    def first(self, address: str, method: str, request: Fields, count: int = 1) -> list[Fields]:
        """The first answers of a stream without an end."""
        command = [str(PROGRAM), *_options(address, method)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(request))
            process.stdin.close()
            found = [_message(process.stdout) for _ in range(count)]
            process.terminate()
        return found


def _options(address: str, method: str) -> list[str]:
    return ["-plaintext", "-max-time", "60", "-d", "@", address, method]


def _message(lines: Iterator[str]) -> Fields:
    """The next one; each ends with a brace at the margin."""
    text = ""
    for line in lines:
        text += line
        if line.rstrip() in ("}", "{}"):
            message: Fields = json.loads(text)
            return message
    raise AssertionError(f"the stream ended after {text!r}")


def _messages(output: str) -> Iterator[Fields]:
    decoder, rest = json.JSONDecoder(), output.strip()
    while rest:
        message, end = decoder.raw_decode(rest)
        yield message
        rest = rest[end:].lstrip()
