"""What a port shows of TLS: grpcio asks at each handshake, the plane is told when files have changed."""

import asyncio
from typing import Protocol

import grpc
import structlog

from crossbook._core import InvalidSettingError, ServerTls
from crossbook.plumbing.access.certificates import CERTIFICATES, CertificateFiles, Certificates

LOOK_SECONDS = 1.0  # how often the plane's are looked at

log = structlog.get_logger()


class _Port(Protocol):
    def take_tls(self, tls: ServerTls) -> None: ...


def credentials(files: CertificateFiles = CERTIFICATES) -> grpc.ServerCredentials | None:
    """For grpcio; None where nothing is shown."""
    if files.now().identity is None:
        return None
    shown = files.now()

    def renewed() -> grpc.ServerCertificateConfiguration | None:
        nonlocal shown
        found = files.now()
        if found is shown:
            return None
        shown = found
        return _configuration(found)

    return grpc.dynamic_ssl_server_credentials(_configuration(shown), renewed, shown.client_ca is not None)  # type: ignore[arg-type]  # None: as before


def server_tls(shown: Certificates) -> ServerTls | None:
    """For the plane; None where nothing is shown. Raises InvalidSettingError for what it cannot use."""
    if shown.identity is None:
        return None
    return ServerTls(*shown.identity, shown.client_ca)


async def keep_renewed(port: _Port, shown: Certificates, files: CertificateFiles = CERTIFICATES) -> None:
    """Until cancelled: after `shown` the port shows whatever the files hold, as far as it can use it."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if (found := files.now()) is shown:
            continue
        shown = found
        try:
            if tls := server_tls(found):
                port.take_tls(tls)
        except InvalidSettingError as error:
            log.error("certificates_unread", reason=str(error))


def _configuration(shown: Certificates) -> grpc.ServerCertificateConfiguration:
    assert shown.identity is not None
    certificate, key = shown.identity
    return grpc.ssl_server_certificate_configuration([(key, certificate)], root_certificates=shown.client_ca)
