"""The page behind a message's Acknowledge link: who follows it says who they are, and presses a button.

The link's token is the right: no other is asked for, so that it works on a telephone that was never logged in. GET
changes nothing, for chats and mail scanners open links by themselves. There is no script in the page: its form is
plain, and what is posted is what AcknowledgeAlertGroup takes.
"""

import html
from pathlib import Path
from string import Template
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from crossbook.gateway.http.front import Asked
from crossbook.gateway.http.problem import ProblemError, of_error
from crossbook.gateway.rest.audit import Audit
from crossbook.gateway.rest.backends import Backends
from crossbook.pb.v1 import alerts_pb2 as pb

PATH = "/ack"
METHOD = "crossbook.v1.AlertService/AcknowledgeAlertGroup"
PAGE = Template((Path(__file__).parent / "acknowledge.html").read_text())
SAYS = "Nobody is told again until it is over, at most for four hours. Others see who is at it."
MAX_FIELDS = 8


class Acknowledging:
    """Of one gateway; alerts are the judges of the token."""

    def __init__(self, backends: Backends, audit: Audit) -> None:
        self._backends = backends
        self._audit = audit

    async def answer(self, request: Request, asked: Asked, body: bytes) -> Response:
        """The form, and what came of it. Raises ProblemError for a verb that it does not have."""
        if request.method in ("GET", "HEAD"):
            token = request.query_params.get("token", "")
            return _page("Acknowledge", SAYS, pb.AcknowledgeAlertGroupRequest(token=token))
        if request.method != "POST":
            raise ProblemError(405, "this page takes GET, POST", headers={"Allow": "GET, POST"})
        wish = _wish(body)
        try:
            group = await self._acknowledged(wish, asked)
        except Exception as error:
            problem = of_error(error)
            if problem.status == 500:
                raise
            return _page("Not acknowledged", problem.detail, wish, problem.status)
        until = group.acknowledgement.expire_time.ToDatetime()
        says = f"{group.label}: nobody is told again until it is over, at most until {until:%H:%M} UTC."
        return _page("Acknowledged", says)

    async def _acknowledged(self, wish: pb.AcknowledgeAlertGroupRequest, asked: Asked) -> pb.AlertGroup:
        payload, outcome = wish.SerializeToString(), "OK"
        try:
            answer = await self._backends.call("alerts", METHOD, payload)
        except Exception as error:
            outcome = str(of_error(error).status)
            raise
        finally:
            await self._audit.note(METHOD, payload, asked, outcome)
        return pb.AcknowledgeAlertGroupResponse.FromString(answer).group


def _wish(body: bytes) -> pb.AcknowledgeAlertGroupRequest:
    """What the form says. Raises ProblemError for what no form of ours sends."""
    try:
        said = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise ProblemError(400, f"the form cannot be read: {error}") from None
    token, author, comment = (said.get(name, [""])[0] for name in ("token", "author", "comment"))
    return pb.AcknowledgeAlertGroupRequest(token=token, author=author, comment=comment)


def _page(title: str, says: str, wish: pb.AcknowledgeAlertGroupRequest | None = None, status: int = 200) -> Response:
    """With the form, filled as it was, where there is something left to say."""
    said = {"title": title, "says": says, "is_asked": "" if wish else "hidden"}
    for name in ("token", "author", "comment"):
        said[name] = getattr(wish, name) if wish else ""
    text = PAGE.substitute({name: html.escape(value) for name, value in said.items()})
    return Response(text, status, {"Cache-Control": "no-store"}, "text/html")
