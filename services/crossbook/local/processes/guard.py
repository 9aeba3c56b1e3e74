"""Runs one server in the foreground and stops it when whoever asked for it goes away, however that happens.

`python -m crossbook.local.processes.guard [--user NAME] [--stop-signal INT] -- COMMAND...`. The pipe whose file
descriptor is in CROSSBOOK_PARENT_PIPE ends when its writer dies, even by kill -9; SIGTERM and SIGINT stop the server
just the same. The guard exits as the server does. It imports nothing but the standard library, so that it starts at
once.
"""

import argparse
import ctypes
import os
import select
import signal
import socket
import subprocess
import sys

PARENT_PIPE = "CROSSBOOK_PARENT_PIPE"
STOP_SECONDS = 20.0
_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="crossbook.local.processes.guard")
    parser.add_argument("--user")
    parser.add_argument("--stop-signal", default="TERM")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    stop_signal = signal.Signals[f"SIG{options.stop_signal}"]
    wake = _wake_on_signals()
    watched = [wake]
    if parent_pipe := os.environ.pop(PARENT_PIPE, ""):
        watched.append(int(parent_pipe))
    server = _start(options.command, options.user, stop_signal)
    while server.poll() is None:
        ready = select.select(watched, [], [])[0]
        if any(fd != wake for fd in ready) or _is_stop_wanted(wake):
            return _stop(server, stop_signal)
    return _exit_code(server.returncode)


def _wake_on_signals() -> int:
    """A file descriptor that becomes readable, holding the signal's number, with every signal of interest."""
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(writer.detach())
    return reader.detach()


def _is_stop_wanted(wake: int) -> bool:
    return any(number != signal.SIGCHLD for number in os.read(wake, 64))


def _start(command: list[str], user: str | None, stop_signal: signal.Signals) -> subprocess.Popen[bytes]:
    def die_with_the_guard() -> None:  # Linux can watch over the guard itself; elsewhere the next start clears up
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, stop_signal)

    identity = {"user": user, "group": _group_of(user), "extra_groups": []} if user else {}
    return subprocess.Popen(command, cwd="/", preexec_fn=die_with_the_guard, **identity)  # type: ignore[call-overload, no-any-return]


def _group_of(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid


def _stop(server: subprocess.Popen[bytes], stop_signal: signal.Signals) -> int:
    server.send_signal(stop_signal)
    try:
        return _exit_code(server.wait(STOP_SECONDS))
    except subprocess.TimeoutExpired:
        server.kill()
        return _exit_code(server.wait())


def _exit_code(returncode: int) -> int:
    return returncode if returncode >= 0 else 128 - returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
