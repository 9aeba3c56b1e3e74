"""The addresses that a run listens on: free ones, whether one is free, and how they are kept while nobody listens.

The default ports lie in the range from which the system gives local ports to outgoing connections. While a killed
process is not yet back, any program's new connection may be given its port, and keeps it for as long as it lasts. So a
run holds every port of its own with a socket that is bound and never listens: Linux gives a port that is bound by
anybody to no outgoing connection, and lets a second socket that says SO_REUSEADDR, as every server does, listen on it.
"""

import errno
import socket
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

from crossbook.plumbing.errors import SettingsError

Address = tuple[str, int]


def free_port(host: str = "127.0.0.1") -> int:
    """One that nobody listens on."""
    with _socket(host) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def is_free(address: Address) -> bool:
    """Whether a server could listen there now. Raises SettingsError for a host that is not ours."""
    host, port = address
    try:
        with _socket(host) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what lingers after a close is not taken
            probe.bind((host, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return False
        raise SettingsError(f"setting host: {host}:{port} cannot be listened on: {error.strerror}") from None
    return True


def first_taken(addresses: Sequence[Address]) -> Address | None:
    """The first that is not free."""
    return next((address for address in addresses if not is_free(address)), None)


@contextmanager
def held(addresses: Iterable[Address]) -> Iterator[None]:
    """No outgoing connection is given one of these ports inside; one that is taken already is not held."""
    with ExitStack() as stack:
        if sys.platform == "linux":  # elsewhere a second socket could not listen
            for address in addresses:
                _hold(address, stack)
        yield


def _hold(address: Address, stack: ExitStack) -> None:
    holder = stack.enter_context(_socket(address[0]))
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    with suppress(OSError):
        holder.bind(address)


def _socket(host: str) -> socket.socket:
    return socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
