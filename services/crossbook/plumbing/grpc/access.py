"""Whether a call may be made: what the caller shows against what the method's option in the protos needs.

What is shown is always checked, and what is wrong with it refused. Who shows nothing is what the server takes strangers
for: everything on a machine of one's own, nothing where `access.is_required` is set. No call waits for a service: the
ring of keys is a file, or what a gateway holds in memory.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass

from crossbook.pb.v1 import access_pb2
from crossbook.plumbing.access.methods import access_to
from crossbook.plumbing.access.ring import Ring, RingFile
from crossbook.plumbing.access.roles import Caller, Role, anonymous, role_name
from crossbook.plumbing.errors import ForbiddenError, SettingsError, UnauthenticatedError
from crossbook.plumbing.settings import AccessSettings

HEADER = "authorization"
LOOK_SECONDS = 1.0  # how often a stream's caller is looked at
_EVERYTHING = Caller("anonymous", access_pb2.ROLE_UNSPECIFIED)

caller_now: ContextVar[Caller] = ContextVar("caller_now", default=_EVERYTHING)
"""Who makes the call that is being answered."""


@dataclass(frozen=True, slots=True)
class AccessCheck:
    """Of one server. `ring` is None where nobody gave out any key: then what is shown means nothing."""

    ring: Callable[[], Ring] | None = None
    strangers: Role | None = None  # None: they may do everything

    def caller(self, method: str, metadata: Iterable[tuple[str, str | bytes]], peer: str = "") -> Caller:
        """Who calls. Raises UnauthenticatedError and ForbiddenError."""
        shown = next((str(value) for name, value in metadata if name == HEADER), "")
        access = access_to(method)
        if not shown or self.ring is None:
            if self.strangers is None or self.ring is None:
                return _EVERYTHING
            found = anonymous(self.strangers)
        else:
            kind, _, value = shown.partition(" ")
            if kind.lower() != "bearer":
                raise UnauthenticatedError
            found = self.ring().caller(value.strip(), address_of(peer))
        if found.may(access.role) and (not found.methods or method.removeprefix("/") in found.methods):
            return found
        if not shown:
            raise UnauthenticatedError(f"this needs the role {role_name(access.role)}: show a token or key")
        raise ForbiddenError(
            f"this needs the role {role_name(access.role)}, and {found.principal} is {role_name(found.role)}"
        )

    async def until_bad(self, caller: Caller) -> None:
        """Until what a caller showed is no longer good."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self.ring is not None and caller.credential and not self.ring().is_good(caller):
                return


OPEN = AccessCheck()


def access_check(settings: AccessSettings) -> AccessCheck:
    """By the settings. Raises SettingsError."""
    if settings.ring_file is None and settings.is_required:
        raise SettingsError("setting access.is_required: needs access.ring_file, or nobody could be let in")
    if settings.ring_file is None:
        return OPEN
    file = RingFile(settings.ring_file)
    return AccessCheck(file.ring, access_pb2.ROLE_UNSPECIFIED if settings.is_required else None)


def check_feeding(venue: str) -> None:
    """Raises ForbiddenError when the caller of now is a tracker of other venues."""
    caller = caller_now.get()
    if caller.venues and venue not in caller.venues:
        raise ForbiddenError(f"{caller.principal} may not feed this venue: its key names others")


def address_of(peer: str) -> str:
    """The address in grpc's "ipv4:1.2.3.4:5", or in host:port; empty for another kind."""
    text = peer.removeprefix("ipv4:").removeprefix("ipv6:").replace("%5B", "[").replace("%5D", "]")
    host, _, port = text.rpartition(":")
    return host.strip("[]") if port.isdigit() else ""
