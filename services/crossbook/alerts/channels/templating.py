"""Templates that make a request's body: Jinja2, sandboxed, and small enough to be bounded by construction.

A template substitutes; it is not a program. Loops, assignments, calls, multiplication and filters with free arguments
are refused, so that the output, and the time to make it, grow no faster than the template itself.
"""

import json
from typing import Any

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.runtime import Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_TEMPLATE_CHARACTERS = 16_384
MAX_OUTPUT_CHARACTERS = 65_536
MAX_DIGITS = 12

ALLOWED_NODES = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.CondExpr, nodes.Name, nodes.Const, nodes.Getattr,
    nodes.Getitem, nodes.Filter, nodes.Concat, nodes.Compare, nodes.Operand, nodes.Add, nodes.Sub, nodes.Div, nodes.And,
    nodes.Or, nodes.Not, nodes.Neg, nodes.Pos, nodes.Test, nodes.Dict, nodes.Pair, nodes.List, nodes.Tuple,
)  # fmt: skip
ALLOWED_TESTS = ("defined", "undefined", "none", "true", "false", "string", "number")


class TemplateProblemError(Exception):
    """The template cannot make a body; the text says why."""


def _fixed(value: Any, digits: Any = 2) -> str:
    if isinstance(digits, bool) or not isinstance(digits, int) or not 0 <= digits <= MAX_DIGITS:
        raise TemplateProblemError(f"fixed() takes 0 to {MAX_DIGITS} digits")
    return f"{float(value):.{digits}f}"


def _rounded(value: Any, digits: Any = 0) -> float:
    return float(_fixed(value, digits))


def _tojson(value: Any) -> str:
    if isinstance(value, Undefined):
        raise TemplateProblemError(f"alert has no such field: {value._undefined_name}")
    return json.dumps(value, ensure_ascii=False)


def _default(value: Any, other: Any = "") -> Any:
    return other if isinstance(value, Undefined) or value is None else value


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, cache_size=128)
    environment.globals.clear()
    environment.tests = {name: environment.tests[name] for name in ALLOWED_TESTS}
    environment.filters = {
        "tojson": _tojson,
        "fixed": _fixed,
        "round": _rounded,
        "default": _default,
        "upper": lambda value: str(value).upper(),
        "lower": lambda value: str(value).lower(),
        "abs": lambda value: abs(float(value)),
        "string": str,
        "float": float,
    }
    return environment


ENVIRONMENT = _environment()


def render(source: str, alert: dict[str, Any]) -> str:
    """The body, which is valid JSON. Raises TemplateProblemError."""
    if not source.strip() or len(source) > MAX_TEMPLATE_CHARACTERS or "\0" in source:
        raise TemplateProblemError(f"must hold 1 to {MAX_TEMPLATE_CHARACTERS} characters, none of them NUL")
    try:
        refused = _refused(ENVIRONMENT.parse(source))
        if refused:
            raise TemplateProblemError(refused)
        output = ENVIRONMENT.from_string(source).render(alert=alert)
    except TemplateProblemError:
        raise
    except TemplateError as error:
        raise TemplateProblemError(f"is not a template: {error.message}") from None
    except (ArithmeticError, TypeError, ValueError, RecursionError, MemoryError, SyntaxError) as error:
        raise TemplateProblemError(f"cannot be rendered ({type(error).__name__})") from None
    return _checked(output)


def _refused(tree: nodes.Template) -> str | None:
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, ALLOWED_NODES):
            return f"must not use {type(node).__name__.lower()} (line {node.lineno}): a template only substitutes"
        if isinstance(node, nodes.Name) and node.name != "alert":
            return f"must not use {node.name!r} (line {node.lineno}): there is only 'alert'"
    return None


def _checked(output: str) -> str:
    if len(output) > MAX_OUTPUT_CHARACTERS:
        raise TemplateProblemError(f"renders to more than {MAX_OUTPUT_CHARACTERS} characters")
    try:
        json.loads(output, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise TemplateProblemError(f"does not render to JSON: {error}") from None
    return output


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
