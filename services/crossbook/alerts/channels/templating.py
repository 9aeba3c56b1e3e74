"""Templates that make a request's body, or a text for people: Jinja2's language, read by its parser.

It is carried out here, step by step.

A template substitutes; it is not a program. Loops, assignments, calls, multiplication and filters with free arguments
are refused when it is read. What is left is carried out by an interpreter of our own (template_steps.py), which counts
its steps and the characters that it makes and stops at a limit: so a template cannot take more time or memory than
that, whatever it says, and no template ever becomes Python code.
"""

import json
from functools import lru_cache
from typing import Any

from jinja2 import Environment, TemplateError, nodes

from crossbook.alerts.channels.template_steps import FILTERS, MAX_CHARACTERS, TESTS, Rendering, TemplateProblemError

__all__ = ["MAX_OUTPUT_CHARACTERS", "MAX_TEMPLATE_CHARACTERS", "TemplateProblemError", "render", "render_text"]

MAX_TEMPLATE_CHARACTERS = 16_384
MAX_OUTPUT_CHARACTERS = MAX_CHARACTERS
MAX_NODES = 2_000
READ_TEMPLATES = 128  # that are kept, a megabyte each at most

ALLOWED_NODES = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.CondExpr, nodes.Name, nodes.Const, nodes.Getattr,
    nodes.Getitem, nodes.Filter, nodes.Concat, nodes.Compare, nodes.Operand, nodes.Add, nodes.Sub, nodes.Div, nodes.And,
    nodes.Or, nodes.Not, nodes.Neg, nodes.Pos, nodes.Test, nodes.Dict, nodes.Pair, nodes.List, nodes.Tuple,
)  # fmt: skip

LANGUAGE = Environment(autoescape=False)


def render(source: str, alert: dict[str, Any]) -> str:
    """The body, which is valid JSON. Raises TemplateProblemError."""
    return _checked(render_text(source, alert))


def render_text(source: str, alert: dict[str, Any]) -> str:
    """The text, whatever it is. Raises TemplateProblemError."""
    if not source.strip() or len(source) > MAX_TEMPLATE_CHARACTERS or "\0" in source:
        raise TemplateProblemError(f"must hold 1 to {MAX_TEMPLATE_CHARACTERS} characters, none of them NUL")
    try:
        return Rendering(alert).body(_read(source))
    except TemplateProblemError:
        raise
    except TemplateError as error:
        raise TemplateProblemError(f"is not a template: {error.message}") from None
    except (ArithmeticError, TypeError, ValueError, LookupError, RecursionError) as error:
        raise TemplateProblemError(f"cannot be rendered ({type(error).__name__})") from None


@lru_cache(READ_TEMPLATES)
def _read(source: str) -> nodes.Template:
    tree = LANGUAGE.parse(source)
    for count, node in enumerate(tree.find_all(nodes.Node)):
        if count >= MAX_NODES:
            raise TemplateProblemError(f"must not have more than {MAX_NODES} parts")
        refused = _refused(node)
        if refused:
            raise TemplateProblemError(refused)
    return tree


def _refused(node: nodes.Node) -> str | None:
    if not isinstance(node, ALLOWED_NODES):
        return f"must not use {type(node).__name__.lower()} (line {node.lineno}): a template only substitutes"
    if isinstance(node, nodes.Name) and node.name != "alert":
        return f"must not use {node.name!r} (line {node.lineno}): there is only 'alert'"
    if isinstance(node, nodes.Filter) and (node.name not in FILTERS or node.kwargs or node.dyn_args or node.dyn_kwargs):
        return f"is not a template: there is no filter {node.name!r} (line {node.lineno})"
    if isinstance(node, nodes.Test) and (node.name not in TESTS or node.args or node.kwargs):
        return f"is not a template: there is no test {node.name!r} (line {node.lineno})"
    return None


def _checked(output: str) -> str:
    try:
        json.loads(output, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise TemplateProblemError(f"does not render to JSON: {error}") from None
    return output


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
