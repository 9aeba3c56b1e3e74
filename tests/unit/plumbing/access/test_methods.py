"""What each method needs stands in the protos: of every one of them, and nothing else decides."""

from crossbook.pb.v1 import access_pb2 as pb
from crossbook.plumbing.access.methods import access_to, methods, services


def test_every_method_says_who_may_call_it() -> None:
    """One without the option is called by nobody, so a new RPC without it is red here before its users are."""
    assert len(methods()) > 50
    assert [path for path in methods() if access_to(path).role == pb.ROLE_UNSPECIFIED] == []


def test_what_is_not_known_is_for_nobody() -> None:
    """A method that is misspelt, or of a service that is not ours."""
    for path in ("crossbook.v1.AlertService/Nothing", "/other.Service/List", "", "crossbook.v1.AlertService"):
        assert access_to(path).role == pb.ROLE_UNSPECIFIED, path


def test_health_is_for_anybody_and_reflection_for_whoever_may_look() -> None:
    """As a load balancer needs it, and no more."""
    assert access_to("/grpc.health.v1.Health/Check").role == pb.ROLE_PUBLIC
    assert access_to("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo").role == pb.ROLE_VIEWER


def test_what_changes_something_is_for_more_than_a_viewer_and_audited() -> None:
    """By their names: a reading method begins with a reading verb."""
    reading = (
        "Get",
        "List",
        "Watch",
        "Subscribe",
        "Explain",
        "Count",
        "Export",
        "Ingest",
        "ExchangeCode",
        "Login",
        "Refresh",
    )
    for service in services():
        for method in service.methods:
            access = method.GetOptions().Extensions[pb.access]
            is_reading = method.name.startswith((*reading, "Logout"))
            assert access.is_change is not is_reading, method.full_name
            assert is_reading or access.role in (pb.ROLE_OPERATOR, pb.ROLE_ADMIN), method.full_name
