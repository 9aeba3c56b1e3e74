"""Carries out a template's tree. Every part is a step, and so is every CHARACTERS_A_STEP of what it makes or looks at.

A step takes a microsecond or two, so MAX_STEPS bound the time as MAX_CHARACTERS bound each text: twenty thousand steps
are some ten milliseconds, and the texts that they may make some five megabytes, of which most are gone at once.
"""

import json
import operator
from collections.abc import Callable, Iterable
from typing import Any

from jinja2 import nodes

MAX_STEPS = 20_000
MAX_CHARACTERS = 65_536
CHARACTERS_A_STEP = 256
MAX_DIGITS = 12


class TemplateProblemError(Exception):
    """The template cannot make a body; the text says why."""


class Missing:
    """A field that the alert does not have."""

    def __init__(self, name: object) -> None:
        self.name = name


def _fixed(value: Any, digits: Any = 2) -> str:
    if isinstance(digits, bool) or not isinstance(digits, int) or not 0 <= digits <= MAX_DIGITS:
        raise TemplateProblemError(f"fixed() takes 0 to {MAX_DIGITS} digits")
    return f"{float(value):.{digits}f}"


FILTERS: dict[str, Callable[..., Any]] = {
    "tojson": lambda value: json.dumps(value, ensure_ascii=False),
    "fixed": _fixed,
    "round": lambda value, digits=0: float(_fixed(value, digits)),
    "default": lambda value, other="": other if isinstance(value, Missing) or value is None else value,
    "upper": lambda value: str(value).upper(),
    "lower": lambda value: str(value).lower(),
    "abs": lambda value: abs(float(value)),
    "string": str,
    "float": float,
}
TESTS: dict[str, Callable[[Any], bool]] = {
    "defined": lambda value: not isinstance(value, Missing),
    "undefined": lambda value: isinstance(value, Missing),
    "none": lambda value: value is None,
    "true": lambda value: value is True,
    "false": lambda value: value is False,
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float),
}
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gteq": operator.ge,
    "lt": operator.lt,
    "lteq": operator.le,
    "in": lambda left, right: left in right,
    "notin": lambda left, right: left not in right,
}
TAKE_WHAT_IS_MISSING = ("default",)


class Rendering:
    """One body in the making."""

    def __init__(self, alert: dict[str, Any]) -> None:
        self._alert = alert
        self.steps = 0

    def body(self, template: nodes.Template) -> str:
        """The whole. Raises TemplateProblemError, and what Python raises for values that do not go together."""
        return self._joined(self._parts(template.body))

    def _parts(self, statements: Iterable[nodes.Node]) -> Iterable[str]:
        for statement in statements:
            self._spend(1)
            if isinstance(statement, nodes.Output):
                for part in statement.nodes:
                    yield part.data if isinstance(part, nodes.TemplateData) else self._text(self._present(part))
            elif isinstance(statement, nodes.If):
                yield from self._parts(self._chosen(statement))

    def _chosen(self, statement: nodes.If) -> Iterable[nodes.Node]:
        for branch in (statement, *statement.elif_):
            if self._present(branch.test):
                return branch.body
        return statement.else_

    def _present(self, node: nodes.Node) -> Any:
        """The value of an expression, which must have one."""
        value = self._value(node)
        if isinstance(value, Missing):
            raise TemplateProblemError(f"alert has no such field: {value.name}")
        return value

    def _value(self, node: nodes.Node) -> Any:
        self._spend(1)
        return CARRIED_OUT[type(node)](self, node)

    def _constant(self, node: nodes.Const) -> Any:
        return node.value

    def _name(self, node: nodes.Name) -> Any:
        return self._alert

    def _attribute(self, node: nodes.Getattr) -> Any:
        return self._item(self._present(node.node), node.attr)

    def _member(self, node: nodes.Getitem) -> Any:
        return self._item(self._present(node.node), self._present(node.arg))

    def _item(self, value: Any, key: Any) -> Any:
        if isinstance(value, dict):
            return value.get(key, Missing(key))
        if isinstance(value, list | tuple | str) and isinstance(key, int) and -len(value) <= key < len(value):
            return value[key]
        return Missing(key)

    def _filter(self, node: nodes.Filter) -> Any:
        assert node.node is not None  # only a filter block has none, and that is refused
        value = (self._value if node.name in TAKE_WHAT_IS_MISSING else self._present)(node.node)
        if node.name not in TAKE_WHAT_IS_MISSING:
            self._weigh(value)
        result = FILTERS[node.name](value, *map(self._present, node.args))
        return self._bounded(result) if isinstance(result, str) else result

    def _test(self, node: nodes.Test) -> bool:
        return TESTS[node.name](self._value(node.node))

    def _concat(self, node: nodes.Concat) -> str:
        return self._joined(self._text(self._present(part)) for part in node.nodes)

    def _compare(self, node: nodes.Compare) -> bool:
        left = self._present(node.expr)
        for operand in node.ops:
            right = self._present(operand.expr)
            self._weigh(right)
            if not COMPARISONS[operand.op](left, right):
                return False
            left = right
        return True

    def _binary(self, node: nodes.BinExpr) -> Any:
        left, right = self._present(node.left), self._present(node.right)
        if isinstance(left, str) and isinstance(right, str) and isinstance(node, nodes.Add):
            return self._joined((left, right))
        if not (isinstance(left, int | float) and isinstance(right, int | float)):
            raise TypeError
        return ARITHMETIC[type(node)](left, right)

    def _unary(self, node: nodes.UnaryExpr) -> Any:
        value = self._present(node.node)
        return not value if isinstance(node, nodes.Not) else -value if isinstance(node, nodes.Neg) else +value

    def _logic(self, node: nodes.BinExpr) -> Any:
        left = self._present(node.left)
        return left if bool(left) == isinstance(node, nodes.Or) else self._present(node.right)

    def _conditional(self, node: nodes.CondExpr) -> Any:
        if self._present(node.test):
            return self._value(node.expr1)
        return self._value(node.expr2) if node.expr2 is not None else Missing("the else of an if")

    def _list(self, node: nodes.List | nodes.Tuple) -> list[Any]:
        return [self._present(item) for item in node.items]

    def _dict(self, node: nodes.Dict) -> dict[Any, Any]:
        return {self._present(pair.key): self._present(pair.value) for pair in node.items}

    def _text(self, value: Any) -> str:
        self._weigh(value)
        return self._bounded(str(value))

    def _joined(self, parts: Iterable[str]) -> str:
        made: list[str] = []
        size = 0
        for part in parts:
            size += len(part)
            made.append(part)
            if size > MAX_CHARACTERS:
                break
        return self._bounded("".join(made))

    def _bounded(self, text: str) -> str:
        if len(text) > MAX_CHARACTERS:
            raise TemplateProblemError(f"makes a text of more than {MAX_CHARACTERS} characters")
        self._spend(len(text) // CHARACTERS_A_STEP)
        return text

    def _weigh(self, value: Any) -> None:
        """What will be gone through whole costs as much as it holds, before it is."""
        if isinstance(value, dict):
            for item in value.items():
                self._weigh(item)
        elif isinstance(value, list | tuple):
            for item in value:
                self._weigh(item)
        self._spend(1 + (len(value) // CHARACTERS_A_STEP if isinstance(value, str) else 0))

    def _spend(self, steps: int) -> None:
        self.steps += steps
        if self.steps > MAX_STEPS:
            raise TemplateProblemError(f"takes more than {MAX_STEPS} steps")


ARITHMETIC: dict[type[nodes.Node], Callable[[Any, Any], Any]] = {
    nodes.Add: operator.add,
    nodes.Sub: operator.sub,
    nodes.Div: operator.truediv,
}
CARRIED_OUT: dict[type[nodes.Node], Callable[[Rendering, Any], Any]] = {
    nodes.Const: Rendering._constant,
    nodes.Name: Rendering._name,
    nodes.Getattr: Rendering._attribute,
    nodes.Getitem: Rendering._member,
    nodes.Filter: Rendering._filter,
    nodes.Test: Rendering._test,
    nodes.Concat: Rendering._concat,
    nodes.Compare: Rendering._compare,
    nodes.Add: Rendering._binary,
    nodes.Sub: Rendering._binary,
    nodes.Div: Rendering._binary,
    nodes.Not: Rendering._unary,
    nodes.Neg: Rendering._unary,
    nodes.Pos: Rendering._unary,
    nodes.And: Rendering._logic,
    nodes.Or: Rendering._logic,
    nodes.CondExpr: Rendering._conditional,
    nodes.List: Rendering._list,
    nodes.Tuple: Rendering._list,
    nodes.Dict: Rendering._dict,
}
