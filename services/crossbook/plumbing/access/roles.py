"""What a caller is, and which role includes which, as access.proto says it."""

from dataclasses import dataclass
from typing import TypeAlias

from crossbook.pb.v1 import access_pb2 as pb

Role: TypeAlias = pb.Role.ValueType

_INCLUDED: dict[int, frozenset[int]] = {
    pb.ROLE_UNSPECIFIED: frozenset(),
    pb.ROLE_PUBLIC: frozenset(),
    pb.ROLE_VIEWER: frozenset({pb.ROLE_VIEWER}),
    pb.ROLE_TRADER: frozenset({pb.ROLE_VIEWER, pb.ROLE_TRADER}),
    pb.ROLE_OPERATOR: frozenset({pb.ROLE_VIEWER, pb.ROLE_OPERATOR}),
    pb.ROLE_ADMIN: frozenset({pb.ROLE_VIEWER, pb.ROLE_TRADER, pb.ROLE_OPERATOR, pb.ROLE_ADMIN}),
    pb.ROLE_TRACKER: frozenset({pb.ROLE_TRACKER}),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: nobody is ANONYMOUS. `methods` and `venues` restrict where they are not empty."""

    principal: str
    role: Role
    credential: str = ""  # id of the session or key, by which it is revoked
    expires_at: float | None = None  # seconds since the epoch
    methods: frozenset[str] = frozenset()
    venues: frozenset[str] = frozenset()

    def may(self, needed: Role) -> bool:
        """Whether the role includes what a method needs; a method that needs nothing known is for nobody."""
        return needed == pb.ROLE_PUBLIC or needed in _INCLUDED[self.role]


def anonymous(role: Role) -> Caller:
    """Whoever shows nothing."""
    return Caller("anonymous", role)


def role_name(role: int) -> str:
    """viewer for ROLE_VIEWER."""
    return pb.Role.Name(role).removeprefix("ROLE_").lower()  # type: ignore[arg-type]


def role_of(name: str) -> Role:
    """The role of a name as people write it. Raises ValueError."""
    return pb.Role.Value(f"ROLE_{name.upper()}")
