"""Templates substitute, and nothing else."""

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2.sandbox import ImmutableSandboxedEnvironment

from crossbook.alerts.channels.content import as_fields
from crossbook.alerts.channels.sample import sample_alert
from crossbook.alerts.channels.template_steps import CHARACTERS_A_STEP, MAX_CHARACTERS, MAX_STEPS, Rendering
from crossbook.alerts.channels.templating import MAX_TEMPLATE_CHARACTERS, TemplateProblemError, _read, render

ALERT = as_fields(sample_alert())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('{"text": {{ alert.opportunity.asset | tojson }}}', {"text": "SAMPLE"}),
        ('{"net": {{ alert.opportunity.costs.net_percent }}}', {"net": 0.3}),
        ('{"net": "{{ alert.opportunity.costs.net_percent | fixed(1) }} %"}', {"net": "0.3 %"}),
        ('{"net": {{ alert.opportunity.costs.net_percent | round(1) }}}', {"net": 0.3}),
        ('{{ {"a": alert["rule"], "b": [1, none]} | tojson }}', {"a": "alertRules/sample", "b": [1, None]}),
        ("{% if alert.opportunity.executable_size > 5 %}[1]{% else %}[2]{% endif %}", [1]),
        ('{"x": {{ (alert.nothing | default("y")) | tojson }}}', {"x": "y"}),
        ('{"x": {{ ("a" ~ alert.opportunity.asset | lower) | tojson }}}', {"x": "asample"}),
        ("{# a comment #}1", 1),
    ],
)
def test_a_template_renders_to_json(source: str, expected: object) -> None:
    assert json.loads(render(source, ALERT)) == expected


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("", "characters"),
        ("x" * (MAX_TEMPLATE_CHARACTERS + 1), "characters"),
        ("{# \0 #}1", "NUL"),
        ("{{ alert.", "not a template"),
        ("{% bogus %}", "not a template"),
        ("hello", "JSON"),
        ('{"a": NaN}', "JSON"),
        ("{{ alert.nothing }}", "nothing"),
        ("{{ alert.nothing | tojson }}", "nothing"),
        ("{{ alert | nofilter }}", "not a template"),
        ("{{ 1 / 0 }}", "cannot be rendered"),
        ("{{ 1 + alert.rule }}", "cannot be rendered"),
        ("{{ alert.rule | fixed(999999999) }}", "digits"),
        ("{% for x in alert %}{% endfor %}1", "for"),
        ("{% set x = 1 %}1", "assign"),
        ("{% macro m() %}{% endmacro %}1", "macro"),
        ('{% include "x" %}1', "include"),
        ("{{ 'x' * 1000000000 }}", "mul"),
        ("{{ 10 ** 10000000 }}", "pow"),
        ("{{ '%01000000000d' % 1 }}", "mod"),
        ("{{ alert.rule.center(1000000000) }}", "call"),
        ("{{ range(1000000000) }}", "call"),
        ("{{ 'x' | center(1000000000) }}", "not a template"),
        ("{{ alert.__class__.__mro__ | string | tojson }}", ""),
        ("{{ self | string | tojson }}", "only 'alert'"),
        ("(" * 5000, ""),
        ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", ""),
        ("{{ " + "1+" * 5000 + "1 }}", ""),
        ("{{ " + "9" * 10000 + " }}", ""),
        ("[" * 16000, ""),
    ],
)
def test_what_is_no_plain_substitution_is_refused(source: str, problem: str) -> None:
    with pytest.raises(TemplateProblemError, match=f"(?i){problem}"):
        render(source, ALERT)


@pytest.mark.parametrize(
    "source",
    [
        "{{ alert" + " | tojson" * 40 + " }}",
        "{{ [" + ", ".join(["alert"] * 1500) + "] | tojson }}",
        "{{ (" + " ~ ".join(["(alert | tojson)"] * 300) + ") | tojson }}",
        "{{ " + " < ".join(["alert.opportunity.asset"] * 600) + " }}",
        "".join(
            '{% if "' + "x" * 200 + '" in (alert | tojson | tojson | tojson | tojson | tojson) %}{% endif %}'
            for _ in range(60)
        ),
    ],
    ids=["doubling", "one list many times", "joining", "comparing", "searching"],
)
def test_a_bomb_is_stopped_by_its_steps(source: str) -> None:
    """A limit of steps and of characters stops it before it has cost anything, whatever the machine."""
    rendering = Rendering(ALERT)
    with pytest.raises(TemplateProblemError, match=r"steps|characters|parts"):
        render(source, ALERT)
    with suppress(TemplateProblemError):
        rendering.body(_read(source))
    assert rendering.steps <= MAX_STEPS + MAX_CHARACTERS // CHARACTERS_A_STEP


def test_a_template_is_read_once() -> None:
    """Rendering it again only carries it out."""
    before = _read.cache_info().misses
    for _ in range(3):
        assert render("{{ 40 + 2 }}{# read once #}", ALERT) == "42"
    assert _read.cache_info().misses == before + 1


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ (1 if alert.gone is defined else 2) }}", 2),
        ("{{ 1 if alert.rule is string and not alert.gone is defined else 2 }}", 1),
        ('{{ ("rule" in alert) | tojson }}', True),
        ("{{ (1 < 2 < 3) | tojson }}", True),
        ("{{ (3 > 2 > 2 or 1 == 2) | tojson }}", False),
        ("{{ -2 | abs }}", 2.0),
        ("{{ (1 / 4 - 0.5) }}", -0.25),
        ("{% if alert.gone is defined %}1{% elif alert.rule %}2{% endif %}", 2),
        ('{{ (alert.rule[0] ~ alert["name"][-1]) | upper | tojson }}', "AE"),
        ("{{ [1, (2, 3), {'a': none}] | tojson }}", [1, [2, 3], {"a": None}]),
        ('{{ ("a" + "b" | string) | tojson }}', "ab"),
        ('{{ "2.5" | float }}', 2.5),
    ],
)
def test_expressions_mean_what_they_mean_in_jinja(source: str, expected: object) -> None:
    """The interpreter is ours, the language is not."""
    assert json.loads(render(source, ALERT)) == expected
    environment = ImmutableSandboxedEnvironment()
    environment.filters["tojson"] = lambda value: json.dumps(value)
    assert json.loads(environment.from_string(source).render(alert=ALERT)) == expected


FRAGMENTS = st.sampled_from(
    ["{{", "}}", "{%", "%}", "alert", ".", "rule", "|", "tojson", "(", ")", "[", "]", "'", '"', " ", "~", "+", "1",
     "if", "endif", "else", "not", "in", ",", ":", "{", "}", "round", "default", "#", "-", "__class__"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(FRAGMENTS, max_size=25).map("".join))
def test_any_text_renders_to_json_or_says_why_not(source: str) -> None:
    with suppress(TemplateProblemError):
        json.loads(render(source, ALERT))
