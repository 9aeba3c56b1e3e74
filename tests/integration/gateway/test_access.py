"""Every path of REST, for every role and for strangers: as the method's option says, and before anything is asked."""

from itertools import product
from pathlib import Path

from crossbook._core import Transcoder
from crossbook.gateway.app import DESCRIPTORS
from crossbook.pb.v1 import access_pb2
from crossbook.plumbing.access.folder import open_secrets
from crossbook.plumbing.access.methods import access_to
from crossbook.plumbing.access.roles import Caller, Role, role_of
from tests.support.gateway.running import gateway

ROLES = ("viewer", "trader", "operator", "admin", "tracker")


def may(role: Role, needed: Role) -> bool:
    return Caller("x", role).may(needed)


async def test_a_path_is_for_whom_its_method_is(tmp_path: Path) -> None:
    """The matrix of all of them: 401 for strangers, 403 for those who are known and may not, another answer else."""
    signer = open_secrets(tmp_path).signer
    shown = {
        name: {"authorization": f"Bearer {signer.token(Caller(name, role_of(name), f'sessions/{name}'), 600)}"}
        for name in ROLES
    }
    expired = {"authorization": f"Bearer {signer.token(Caller('x', role_of('admin'), 'sessions/x'), -60)}"}
    routes = Transcoder(DESCRIPTORS.read_bytes()).routes
    settings = {"access": {"dir": tmp_path}}
    async with gateway(settings, anonymous_role="none", requests_per_second=10_000, requests_burst=100_000) as running:
        for (verb, pattern, method, body, _), who in product(routes, (*ROLES, "nobody", "expired")):
            path = pattern.replace("{venue}", "binance").replace("{name=identityFindings/*}", "identityFindings/x")
            path = path.replace("{name}", "x").replace("{alert_rule.name}", "x").replace("{id}", "x")
            headers = expired if who == "expired" else shown.get(who, {})
            answer = await running.web.request(verb, path, headers=headers, content=b"{}" if body else None)
            needed = access_to(method).role
            if who == "expired":
                expected = answer.status_code == 401
            elif who == "nobody":
                expected = (answer.status_code == 401) is (
                    needed != access_pb2.ROLE_PUBLIC
                ) or answer.status_code == 503
            else:
                expected = (answer.status_code == 403) is not may(role_of(who), needed)
            assert expected, (verb, path, who, answer.status_code, answer.text)


async def test_where_keys_are_required_a_stranger_is_nobody() -> None:
    """Whatever gateway.anonymous_role says."""
    async with gateway({"access": {"is_required": True}}, anonymous_role="viewer") as running:
        assert (await running.web.get("/api/prices")).status_code == 401
        assert (await running.web.get("/api/auth/me")).json()["role"] == "ROLE_UNSPECIFIED"
