"""What a service tells health checkers: SERVING while none of its parts says what is wrong.

A part is a store, a stream or a task, under a fixed name; its reason is one line that quotes no secret. Checkers learn
that something is wrong, the log says what: `not_serving` whenever that changes, with a reason for each part.

Whoever would restart a process that is stuck asks for LIVE instead, which is SERVING whatever is wrong around it: a
restart brings no store back.
"""

from collections.abc import Mapping

import structlog
from grpc_health.v1 import health, health_pb2

NOT_KNOWN = "not known yet"
LIVE = "live"  # no service's name: whether this process answers at all
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING

log = structlog.get_logger()


class ServiceHealth:
    """Of one process: what it says of its services, and of "", is the same.

    It is NOT_SERVING until each part in `awaits` has been told to be well.
    """

    def __init__(self, *service_names: str, awaits: tuple[str, ...] = ()) -> None:
        self.service_names = service_names
        self.servicer = health.aio.HealthServicer()
        self._reasons = dict.fromkeys(awaits, NOT_KNOWN)

    @property
    def reasons(self) -> dict[str, str]:
        """What is wrong, by part; empty while serving."""
        return dict(self._reasons)

    async def begin(self) -> None:
        """To be called once, before the server starts."""
        await self.servicer.set(LIVE, SERVING)
        await self._set(not self._reasons)

    async def tell(self, part: str, reason: str) -> None:
        """What is wrong with a part now; nothing when nothing is."""
        await self.tell_all({part: reason})

    async def tell_all(self, parts: Mapping[str, str]) -> None:
        """The same of several parts at once; the others stay as they are."""
        before = self._reasons
        self._reasons = {part: reason for part, reason in {**before, **parts}.items() if reason}
        if self._reasons == before:
            return
        if bool(self._reasons) != bool(before):
            await self._set(not self._reasons)
        if self._reasons:
            log.warning("not_serving", **self._reasons)
        else:
            log.info("serving")

    async def _set(self, is_serving: bool) -> None:
        for name in ("", *self.service_names):
            await self.servicer.set(name, SERVING if is_serving else NOT_SERVING)
