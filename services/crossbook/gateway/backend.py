"""Where a method is answered: here, or by the process whose service it is of."""

from typing import Any

from google.protobuf.message_factory import GetMessageClass

from crossbook.gateway.answers.processes import Processes
from crossbook.gateway.http.front import Asked
from crossbook.gateway.rest.backends import Backends
from crossbook.pb.v1 import alerts_pb2, tracker_pb2
from crossbook.plumbing.access.methods import methods
from crossbook.plumbing.errors import InvalidRequestError

SERVICES = {
    "crossbook.v1.AggregatorService": "aggregator",
    "crossbook.v1.ArbitrageService": "arbitrage",
    "crossbook.v1.AlertService": "alerts",
}
RULE_REQUESTS = (alerts_pb2.GetAlertRuleRequest, alerts_pb2.DeleteAlertRuleRequest, alerts_pb2.UpdateAlertRuleRequest)
TRACKER = "crossbook.v1.TrackerService"


def with_names(path: str, payload: bytes) -> bytes:
    """The request with a rule's whole name, where a path of REST has given its id alone."""
    request: Any = GetMessageClass(methods()[path].input_type).FromString(payload)
    named = request.alert_rule if isinstance(request, alerts_pb2.UpdateAlertRuleRequest) else request
    if isinstance(request, RULE_REQUESTS) and named.name and "/" not in named.name:
        named.name = f"alertRules/{named.name}"
    encoded: bytes = request.SerializeToString()
    return encoded


class Backend:
    """`own` are the services of this process, by full name; each method takes its request and who asked."""

    def __init__(self, backends: Backends, processes: Processes, own: dict[str, Any]) -> None:
        self._backends = backends
        self._processes = processes
        self._own = own

    async def call(self, path: str, payload: bytes, asked: Asked) -> bytes:
        """The answer, encoded. Raises AioRpcError and CrossbookError."""
        service, _, method = path.partition("/")
        if (servicer := self._own.get(service)) is not None:
            request = GetMessageClass(methods()[path].input_type).FromString(payload)
            answer: bytes = (await getattr(servicer, method)(request, asked)).SerializeToString()
            return answer
        if service == TRACKER:
            return await self._backends.call("tracker", path, payload, self._trackers(path, payload))
        return await self._backends.call(SERVICES[service], path, with_names(path, payload))

    def _trackers(self, path: str, payload: bytes) -> list[str]:
        request = GetMessageClass(methods()[path].input_type).FromString(payload)
        assert isinstance(
            request,
            tracker_pb2.StartTrackingRequest | tracker_pb2.StopTrackingRequest | tracker_pb2.GetOrderBookRequest,
        )
        found = self._processes.trackers_of(request.venue)
        if not found:
            raise InvalidRequestError.of("venue", "no tracker is listed")
        return found
