"""The errors a caller can act on. Each class says what to do next; plumbing/grpc/status.py turns it into its status.

CrossbookError
├── SettingsError          fix the setting that the message names, then start again
├── PortTakenError         stop the other program, or choose another port
├── InvalidRequestError    fix the fields that `violations` name             INVALID_ARGUMENT + BadRequest
├── NotFoundError          the resource is not there; list what is           NOT_FOUND + ResourceInfo
├── AlreadyExistsError     use another id, or update the one there           ALREADY_EXISTS + ResourceInfo
├── ConflictError          read again, apply the change to that, try again   ABORTED
├── MisdirectedError       correct the setting that sent the call here       FAILED_PRECONDITION
├── UnavailableError       wait, then try the same again                     UNAVAILABLE + RetryInfo
├── OverloadedError        ask for less, or later                            RESOURCE_EXHAUSTED
├── UnauthenticatedError   show a token or key that is good                  UNAUTHENTICATED
└── ForbiddenError         ask somebody who may                              PERMISSION_DENIED
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from crossbook.plumbing.targets import target_of


class CrossbookError(Exception):
    """Anything that Crossbook reports on purpose; its text is safe to show to a caller.

    A process that ends of it has the exit code: 2 says that a restart as it is cannot help.
    """

    exit_code: ClassVar[int] = 2


class SettingsError(CrossbookError):
    """A setting is missing or wrong: fix what the message names, then start again."""


class PortTakenError(CrossbookError):
    """Another program listens there: stop it, or choose another port."""

    exit_code = 3

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"{target_of(host, port)} is taken: stop the program that listens there, or choose another port"
        )
        self.host = host
        self.port = port


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One wrong field of a request."""

    field: str
    description: str


class InvalidRequestError(CrossbookError):
    """The request can never succeed as it is: fix the fields named."""

    def __init__(self, violations: Iterable[FieldViolation]) -> None:
        self.violations = list(violations)
        super().__init__("; ".join(f"{violation.field}: {violation.description}" for violation in self.violations))

    @classmethod
    def of(cls, field: str, description: str) -> "InvalidRequestError":
        """The common case of one wrong field."""
        return cls([FieldViolation(field, description)])


class NotFoundError(CrossbookError):
    """The named resource is not there: list what is."""

    def __init__(self, resource: str) -> None:
        super().__init__(f"{resource} is not found")
        self.resource = resource


class AlreadyExistsError(CrossbookError):
    """The named resource is there already: use another id, or update it."""

    def __init__(self, resource: str) -> None:
        super().__init__(f"{resource} already exists")
        self.resource = resource


class ConflictError(CrossbookError):
    """Somebody else changed it meanwhile: read again, apply the change to that, try again."""


class MisdirectedError(CrossbookError):
    """The call was meant for another process: correct the setting that the message names, on either side."""


class UnavailableError(CrossbookError):
    """Something this service needs is down: wait, then try the same again."""

    def __init__(self, message: str, retry_after_seconds: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class UnauthenticatedError(CrossbookError):
    """The caller showed no token or key, or none that is good: all of them are told the same."""

    def __init__(self, message: str = "the token or key is not good") -> None:
        super().__init__(message)


class ForbiddenError(CrossbookError):
    """The caller is known, and may not: ask somebody who may."""


class OverloadedError(CrossbookError):
    """More than this service takes: ask for less, or later."""
