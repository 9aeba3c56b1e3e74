"""The one way to dial a Crossbook server: a dead peer is noticed within seconds, and reconnects do not wait long.

A server's minimum ping interval (grpc_server) is at or below the keepalive time here, or it would end the connection
with "too many pings". Without `ping_timeout_ms` grpc waits a minute for the answer to a keepalive ping.
"""

import grpc

from crossbook.plumbing.access.certificates import CERTIFICATES, Certificates
from crossbook.plumbing.grpc.renewed import RenewedChannel
from crossbook.plumbing.grpc.showing import showing

UNARY_DEADLINE_SECONDS = 5.0
KEEPALIVE_MS = 5_000
KEEPALIVE_TIMEOUT_MS = 2_000
MAX_MESSAGE_BYTES = 16 * 1024 * 1024  # of an answer, and of a batch of quotes

CHANNEL_OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.keepalive_time_ms", KEEPALIVE_MS),
    ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
    ("grpc.http2.ping_timeout_ms", KEEPALIVE_TIMEOUT_MS),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    # Two channels to one target must not share one connection: a stream at its flow limit would hold up the other.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_http_proxy", 0),  # a proxy in the environment is for the web, not for our own services
)


def open_channel(target: str) -> grpc.aio.Channel:
    """A channel that dials by itself, again and again; the caller closes it. With `tls.ca_file` it speaks TLS."""
    options = list(CHANNEL_OPTIONS)
    if CERTIFICATES.now().ca is None:
        return grpc.aio.insecure_channel(target, options=options, interceptors=showing())

    def make(found: Certificates) -> grpc.aio.Channel:
        certificate, key = found.identity or (None, None)
        credentials = grpc.ssl_channel_credentials(found.ca, key, certificate)
        return grpc.aio.secure_channel(target, credentials, options=options, interceptors=showing())

    return RenewedChannel(make)
