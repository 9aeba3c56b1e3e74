"""Somebody is at a group: by its name, or by the token that its messages bear, which gives no other right."""

from crossbook.alerts.ack_tokens import group_of, is_good
from crossbook.alerts.holding.silencing import MAX_AUTHOR, MAX_COMMENT, check_words
from crossbook.alerts.names import GROUPS, group_id
from crossbook.alerts.store.groups import GroupStore
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.errors import ConflictError, FieldViolation, InvalidRequestError, NotFoundError
from crossbook.plumbing.requests import refuse
from crossbook.plumbing.timestamps import SECOND_NS, duration_or, from_duration, to_timestamp

DEFAULT_NS = 4 * 3600 * SECOND_NS
MAX_NS = 7 * 86_400 * SECOND_NS


class Acknowledging:
    """Through any replica."""

    def __init__(self, store: GroupStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def acknowledge(self, request: pb.AcknowledgeAlertGroupRequest) -> pb.AlertGroup:
        """The group after it. Raises InvalidRequestError, NotFoundError, ConflictError when it is closed."""
        refuse(_violations(request))
        identifier = await self._meant(request)
        now_ns = self._clock.now_ns()
        said = pb.AlertAcknowledgement(author=request.author, comment=request.comment, time=to_timestamp(now_ns))
        valid_ns = duration_or(request, "valid_for", DEFAULT_NS)
        said.expire_time.CopyFrom(to_timestamp(now_ns + valid_ns))
        group = await self._store.acknowledge(identifier, said)
        if group is None:
            raise ConflictError(f"{GROUPS}{identifier} is closed")
        return group

    async def _meant(self, request: pb.AcknowledgeAlertGroupRequest) -> str:
        """The group's id; of a token only when it is signed with the group's own key."""
        if not request.token:
            return group_id(request.name, "name")
        identifier = group_id(GROUPS + group_of(request.token), "token")
        try:
            key = await self._store.acknowledge_key(identifier)
        except NotFoundError:
            key = ""
        if not key or not is_good(request.token, key, self._clock.now_ns()):
            raise InvalidRequestError.of("token", "is not one of ours, is older than a week, or its group is long gone")
        return identifier


def _violations(request: pb.AcknowledgeAlertGroupRequest) -> list[FieldViolation]:
    found = [
        *check_words("author", request.author, MAX_AUTHOR),
        *check_words("comment", request.comment, MAX_COMMENT, least=0),
    ]
    if bool(request.name) == bool(request.token):
        found.append(FieldViolation("name", "give either a name or a token"))
    if request.HasField("valid_for") and not 0 < from_duration(request.valid_for) <= MAX_NS:
        found.append(FieldViolation("valid_for", f"must be more than 0 and at most {MAX_NS // SECOND_NS} s"))
    return found
