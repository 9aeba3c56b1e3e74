"""Every call of a channel shows who this process is, of whichever kind the call is."""

from pathlib import Path

from crossbook.pb.v1 import access_pb2, process_pb2
from crossbook.pb.v1.process_pb2_grpc import ProcessServiceStub
from crossbook.plumbing.access.identity import OWN
from crossbook.plumbing.access.ring import Ring
from crossbook.plumbing.access.roles import Caller
from crossbook.plumbing.access.tokens import Signer, new_key
from crossbook.plumbing.grpc.access import AccessCheck
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server

SIGNER = Signer.of(new_key())
CHECK = AccessCheck(lambda: Ring([SIGNER.public_pem]), access_pb2.ROLE_UNSPECIFIED)


async def test_calls_show_the_processs_own_key(tmp_path: Path) -> None:
    """With one answer and with many."""
    token = tmp_path / "token"
    token.write_text(SIGNER.token(Caller("keys/1", access_pb2.ROLE_OPERATOR, ""), 60))
    OWN.take(token)
    try:
        async with (
            grpc_server("127.0.0.1", 0, lambda _: None, ServiceHealth(), access=CHECK) as server,
            open_channel(f"127.0.0.1:{server.port}") as channel,
        ):
            stub = ProcessServiceStub(channel)
            await stub.Reload(process_pb2.ReloadRequest())
            bounded = stub.WatchLog(process_pb2.WatchLogRequest(is_bounded=True))
            assert len([message async for message in bounded]) == 1
    finally:
        OWN.take(None)
