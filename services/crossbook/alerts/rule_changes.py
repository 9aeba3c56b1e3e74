"""Rules as clients see and change them: checked, with secrets masked, and in force here when the call answers."""

import asyncio
import secrets
from collections.abc import Collection

from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.groups.grouping import lacks_grouping
from crossbook.alerts.rulebook import Rulebook
from crossbook.alerts.rules import check_rule, created, redacted, updated
from crossbook.alerts.store.rules import RuleStore
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import ConflictError


class RuleChanges:
    """`venues` are those that exist."""

    def __init__(self, store: RuleStore, rulebook: Rulebook, policy: TargetPolicy, venues: Collection[str]) -> None:
        self._store = store
        self._rulebook = rulebook
        self._policy = policy
        self._venues = venues

    async def get(self, rule_id: str) -> pb.AlertRule:
        """Raises NotFoundError, UnavailableError."""
        return redacted(await self._store.get_rule(rule_id))

    async def page(self, after: str, limit: int) -> list[pb.AlertRule]:
        """Ordered by name, from behind an id. Raises UnavailableError."""
        return [redacted(rule) for rule in await self._store.list_rules(after, limit)]

    async def create(self, rule_id: str, rule: pb.AlertRule) -> pb.AlertRule:
        """Under our own id when none is given. Raises InvalidRequestError, AlreadyExistsError, OverloadedError."""
        new = created(rule)
        if lacks_grouping(new):
            new.grouping.SetInParent()
        await self._check(new)
        stored = await self._store.create_rule(rule_id or f"rule-{secrets.token_hex(6)}", new)
        await self._rulebook.refresh()
        return redacted(stored)

    async def update(self, rule_id: str, change: pb.AlertRule, mask: Collection[str] | None) -> pb.AlertRule:
        """Raises InvalidRequestError, NotFoundError, ConflictError."""
        current = await self._store.get_rule(rule_id)
        if change.etag not in ("", current.etag):
            raise ConflictError(f"{current.name} has another etag by now: read it again")
        after = updated(current, change, mask)
        await self._check(after)
        if created(after) == created(
            current
        ):  # as a file says that is applied again: the etag stays, and nobody is told
            return redacted(current)
        stored = await self._store.replace_rule(rule_id, created(after), current.etag)
        await self._rulebook.refresh()
        return redacted(stored)

    async def delete(self, rule_id: str) -> None:
        """Raises NotFoundError."""
        await self._store.delete_rule(rule_id)
        await self._rulebook.refresh()

    async def _check(self, rule: pb.AlertRule) -> None:
        """Off the loop: a rule may have twenty templates to be read."""
        await asyncio.to_thread(check_rule, rule, self._policy, self._venues)
