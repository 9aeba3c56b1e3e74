"""Templates substitute, and nothing else."""

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossbook.alerts.channels.content import as_fields, sample_alert
from crossbook.alerts.channels.templating import MAX_TEMPLATE_CHARACTERS, TemplateProblemError, render

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


FRAGMENTS = st.sampled_from(
    ["{{", "}}", "{%", "%}", "alert", ".", "rule", "|", "tojson", "(", ")", "[", "]", "'", '"', " ", "~", "+", "1",
     "if", "endif", "else", "not", "in", ",", ":", "{", "}", "round", "default", "#", "-", "__class__"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(FRAGMENTS, max_size=25).map("".join))
def test_any_text_renders_to_json_or_says_why_not(source: str) -> None:
    with suppress(TemplateProblemError):
        json.loads(render(source, ALERT))
