"""The store of rules for unit tests: in memory, and away when the test says so."""

from crossbook.alerts.names import RULES
from crossbook.alerts.store.rules import RuleStore
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import AlreadyExistsError, ConflictError, NotFoundError, UnavailableError


class MemoryRules(RuleStore):
    """Etags count the changes. The first rule is made once."""

    def __init__(self) -> None:
        self.stored: dict[str, pb.AlertRule] = {}
        self.is_away = False
        self.reads = 0
        self._changes = 0
        self._had_first = False

    async def list_rules(self, after_id: str = "", limit: int | None = None) -> list[pb.AlertRule]:
        """Copies, ordered by name."""
        self._answer()
        self.reads += 1
        names = [rule_id for rule_id in sorted(self.stored) if rule_id > after_id][:limit]
        return [_copy(self.stored[rule_id]) for rule_id in names]

    async def get_rule(self, rule_id: str) -> pb.AlertRule:
        """A copy."""
        self._answer()
        if rule_id not in self.stored:
            raise NotFoundError(RULES + rule_id)
        return _copy(self.stored[rule_id])

    async def create_rule(self, rule_id: str, rule: pb.AlertRule) -> pb.AlertRule:
        """Under this id."""
        self._answer()
        if rule_id in self.stored:
            raise AlreadyExistsError(RULES + rule_id)
        return self._keep(rule_id, rule)

    async def replace_rule(self, rule_id: str, rule: pb.AlertRule, etag: str) -> pb.AlertRule:
        """Unless it has changed."""
        self._answer()
        if self.stored[rule_id].etag != etag:
            raise ConflictError(f"{RULES}{rule_id} changed meanwhile: read it again")
        return self._keep(rule_id, rule)

    async def delete_rule(self, rule_id: str) -> None:
        """For good."""
        self._answer()
        if self.stored.pop(rule_id, None) is None:
            raise NotFoundError(RULES + rule_id)

    async def create_first_rule(self, rule: pb.AlertRule) -> bool:
        """Once."""
        self._answer()
        if self._had_first:
            return False
        self._had_first = True
        self._keep(rule.name.removeprefix(RULES), rule)
        return True

    def _keep(self, rule_id: str, rule: pb.AlertRule) -> pb.AlertRule:
        self._changes += 1
        kept = _copy(rule)
        kept.name, kept.etag = RULES + rule_id, f"etag-{self._changes}"
        self.stored[rule_id] = kept
        return _copy(kept)

    def _answer(self) -> None:
        if self.is_away:
            raise UnavailableError("Postgres cannot be reached")


def _copy(rule: pb.AlertRule) -> pb.AlertRule:
    copy = pb.AlertRule()
    copy.CopyFrom(rule)
    return copy
