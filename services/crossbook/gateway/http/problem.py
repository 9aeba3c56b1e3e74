"""What a request is told that is not answered: application/problem+json, as RFC 9457 says, out of gRPC's statuses."""

import json
from dataclasses import dataclass, field
from http import HTTPStatus

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError
from google.rpc import code_pb2, error_details_pb2, status_pb2
from starlette.responses import Response

from crossbook.plumbing.errors import CrossbookError
from crossbook.plumbing.grpc.status import INTERNAL_MESSAGE, to_status

CONTENT_TYPE = "application/problem+json"
# By the code of google.rpc.Code. CANCELLED is ours: the backend was stopped under the call.
STATUSES = {
    code_pb2.INVALID_ARGUMENT: 400,
    code_pb2.OUT_OF_RANGE: 400,
    code_pb2.UNAUTHENTICATED: 401,
    code_pb2.PERMISSION_DENIED: 403,
    code_pb2.NOT_FOUND: 404,
    code_pb2.ALREADY_EXISTS: 409,
    code_pb2.ABORTED: 409,
    code_pb2.FAILED_PRECONDITION: 409,
    code_pb2.RESOURCE_EXHAUSTED: 429,
    code_pb2.CANCELLED: 503,
    code_pb2.UNIMPLEMENTED: 501,
    code_pb2.UNAVAILABLE: 503,
    code_pb2.DEADLINE_EXCEEDED: 504,
}


@dataclass(frozen=True, slots=True)
class ProblemError(Exception):
    """A request that is not answered: its status of HTTP, and why in words."""

    status: int
    detail: str
    violations: tuple[tuple[str, str], ...] = ()
    retry_after_seconds: float | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def response(self, request_id: str) -> Response:
        """For the client: nothing in it tells of our inside."""
        title = HTTPStatus(self.status).phrase
        body: dict[str, object] = {
            "type": "about:blank",
            "title": title,
            "status": self.status,
            "detail": self.detail,
            "instance": f"urn:request:{request_id}",
        }
        if self.violations:
            body["violations"] = [{"field": name, "description": text} for name, text in self.violations]
        headers = {**self.headers, "Cache-Control": "no-store"}
        if self.retry_after_seconds is not None:
            body["retryAfter"] = self.retry_after_seconds
            headers["Retry-After"] = str(max(1, round(self.retry_after_seconds)))
        return Response(json.dumps(body), self.status, headers, CONTENT_TYPE)


def of_error(error: BaseException, *, has_precondition: bool = False) -> ProblemError:
    """By what a call failed with; with a precondition, If-Match, a conflict is that it is not met."""
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, CrossbookError):
        return _of_status(to_status(error), has_precondition)
    if isinstance(error, grpc.aio.AioRpcError):
        return _of_status(_status_of(error), has_precondition)
    if isinstance(error, TimeoutError):
        return ProblemError(504, "no answer in time")
    return ProblemError(500, INTERNAL_MESSAGE)


def _status_of(error: grpc.aio.AioRpcError) -> status_pb2.Status:
    """With its details, where the server sent them."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin" and isinstance(value, bytes):
            try:
                return status_pb2.Status.FromString(value)
            except DecodeError:
                break
    return status_pb2.Status(code=error.code().value[0], message=error.details() or "")


def _of_status(status: status_pb2.Status, has_precondition: bool) -> ProblemError:
    http = STATUSES.get(status.code, 500)
    if http == 409 and has_precondition and status.code == code_pb2.ABORTED:
        http = 412
    violations: list[tuple[str, str]] = []
    retry_after = 1.0 if http in (429, 503) else None
    for packed in status.details:
        wrong, retry = error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
        if packed.Unpack(wrong):
            violations += [(one.field, one.description) for one in wrong.field_violations]
        elif packed.Unpack(retry):
            retry_after = _seconds(retry.retry_delay)
    detail = INTERNAL_MESSAGE if http == 500 else status.message
    return ProblemError(http, detail, tuple(violations), retry_after)


def _seconds(duration: Duration) -> float:
    return duration.seconds + duration.nanos / 1e9
