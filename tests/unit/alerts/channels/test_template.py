"""When a template's answer is what was expected."""

import pytest

from crossbook.alerts.channels.template import problem_of


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b'{"code":0,"msg":"success"}', ""),
        (b'{"code":19024,"msg":"Key Words Not Found"}', "code: Key Words Not Found"),
        (b'{"code":false}', "code: False"),
        (b"{}", "code: it is absent"),
        (b"[]", "no JSON object"),
        (b"ok", "no JSON object"),
    ],
)
def test_a_template_s_answer_must_have_what_was_expected(body: bytes, problem: str) -> None:
    """Each member with its very value; the reason is the service's own where it gives one."""
    assert problem_of({"code": 0}, body) == problem
