"""Where a template is rendered, and when its answer is what was expected."""

import threading
from typing import Any

import pytest

from crossbook.alerts.channels import template
from crossbook.alerts.channels.errand import Errand
from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.sample import sample_message
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.channels.template import Template, problem_of
from crossbook.alerts.channels.text import text_of
from crossbook.pb.v1 import alerts_pb2 as pb
from tests.support.alerts.receiver import receiving


async def test_it_is_rendered_off_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long that takes, nobody else waits."""
    threads: list[threading.Thread] = []

    def render(source: str, alert: dict[str, Any]) -> str:
        threads.append(threading.current_thread())
        return source

    monkeypatch.setattr(template, "render", render)
    async with receiving() as receiver, HttpSender(TargetPolicy(allow_private=True), 30) as http:
        errand = Errand(sample_message(), text_of(sample_message(), 0))
        await Template().send(pb.TemplateChannel(url=receiver.url(), template="{}"), errand, http)
    assert threads
    assert threading.current_thread() not in threads


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
