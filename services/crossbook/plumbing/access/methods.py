"""What each method needs, read from its option in the protos. One that is not known here is for nobody."""

from collections.abc import Iterator
from functools import cache

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

from crossbook.pb.v1 import (
    access_pb2,
    accounts_pb2,
    aggregator_pb2,
    alerts_pb2,
    arbitrage_pb2,
    export_pb2,
    gateway_pb2,
    process_pb2,
    tracker_pb2,
)

FILES = (
    tracker_pb2.DESCRIPTOR,
    aggregator_pb2.DESCRIPTOR,
    arbitrage_pb2.DESCRIPTOR,
    alerts_pb2.DESCRIPTOR,
    export_pb2.DESCRIPTOR,
    gateway_pb2.DESCRIPTOR,
    accounts_pb2.DESCRIPTOR,
    process_pb2.DESCRIPTOR,
)
# Of services that are not ours: whether a process lives may be asked by anybody, what it serves by whoever may look.
_FOREIGN = {
    "grpc.health.v1.Health": access_pb2.ROLE_PUBLIC,
    "grpc.reflection.v1alpha.ServerReflection": access_pb2.ROLE_VIEWER,
    "grpc.reflection.v1.ServerReflection": access_pb2.ROLE_VIEWER,
}


def services() -> Iterator[ServiceDescriptor]:
    """All of ours."""
    for file in FILES:
        yield from file.services_by_name.values()


def path_of(method: MethodDescriptor) -> str:
    """`package.Service/Method`."""
    return f"{method.containing_service.full_name}/{method.name}"


@cache
def methods() -> dict[str, MethodDescriptor]:
    """By path."""
    return {path_of(method): method for service in services() for method in service.methods}


def access_to(path: str) -> access_pb2.Access:
    """What a call of `package.Service/Method`, or with a slash before it, needs; UNSPECIFIED is for nobody."""
    path = path.removeprefix("/")
    if (method := methods().get(path)) is not None:
        found: access_pb2.Access = method.GetOptions().Extensions[access_pb2.access]
        return found
    return access_pb2.Access(role=_FOREIGN.get(path.partition("/")[0], access_pb2.ROLE_UNSPECIFIED))
