"""Services of this process over gRPC, whose methods want to know who asked, as they are told it by REST.

What changes something is kept in the audit log here, as REST does it for its own calls.
"""

import uuid
from collections.abc import Callable
from typing import Any

from crossbook.gateway.http.front import Asked
from crossbook.gateway.http.problem import of_error
from crossbook.gateway.rest.audit import Audit
from crossbook.plumbing.access.methods import access_to
from crossbook.plumbing.grpc.access import address_of, caller_now


class OverGrpc:
    """Stands for a servicer: each method takes a request and grpc's context."""

    def __init__(self, service: Any, name: str, audit: Audit) -> None:
        self._service = service
        self._name = name
        self._audit = audit

    def __getattr__(self, method: str) -> Callable[[Any, Any], Any]:
        own = getattr(self._service, method)

        async def call(request: Any, context: Any) -> Any:
            asked = Asked(caller_now.get(), uuid.uuid4().hex, address_of(context.peer()), False)
            path = f"{self._name}/{method}"
            if not access_to(path).is_change:
                return await own(request, asked)
            outcome = "OK"
            try:
                return await own(request, asked)
            except Exception as error:
                outcome = str(of_error(error).status)
                raise
            finally:
                await self._audit.note(path, request.SerializeToString(), asked, outcome)

        return call
