"""Who can reach this process. A port of Crossbook asks nobody who they are unless it is told to: whoever reaches it may
feed quotes and change alert rules. So what listens, listens to this machine alone, unless its ports ask for a
certificate or a key, or `allow_open` says that strangers are kept out by other means.
"""

import ipaddress
import socket

from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.settings import Settings


class OpenHostError(SettingsError):
    """The host is reached by other machines: listen on a loopback address, or say that this is meant."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"setting host: {host} is reached by other machines, and whoever reaches a port may feed quotes and change"
            " rules: set CROSSBOOK_HOST=127.0.0.1; or let ports ask who calls, with CROSSBOOK_TLS__CERTIFICATE_FILE,"
            " CROSSBOOK_TLS__KEY_FILE and CROSSBOOK_TLS__CLIENT_CA_FILE (or"
            " CROSSBOOK_ACCESS__IS_REQUIRED=true); or, where a firewall or a private network keeps strangers out,"
            " CROSSBOOK_ALLOW_OPEN=true"
        )
        self.host = host


def check_exposure(settings: Settings) -> None:
    """To be called before anything listens: others reach it only if its ports ask them who they are, over TLS.

    Raises OpenHostError, and SettingsError for a host that has no address.
    """
    asks = settings.tls.client_ca_file or (settings.tls.certificate_file and settings.access.is_required)
    if not settings.allow_open and not asks and not all(map(_is_loopback, _addresses(settings.host))):
        raise OpenHostError(settings.host)


class OpenWebError(SettingsError):
    """Browsers of other machines would reach the gateway without what that needs: set what the message names."""


def check_web_exposure(settings: Settings) -> None:
    """To be called before the gateway listens: off this machine it wants TLS, its own or a proxy's, and no strangers.

    Raises OpenWebError.
    """
    own = settings.gateway
    if all(map(_is_loopback, _addresses(settings.host))):
        return
    if own.certificate_file is None and not own.trusted_proxies:
        raise OpenWebError(
            f"setting host: {settings.host} is reached by other machines: set CROSSBOOK_GATEWAY__CERTIFICATE_FILE and"
            " CROSSBOOK_GATEWAY__KEY_FILE, or, behind a proxy that speaks TLS, CROSSBOOK_GATEWAY__TRUSTED_PROXIES"
        )
    if own.anonymous_role != "none":
        raise OpenWebError(
            f"setting gateway.anonymous_role: {settings.host} is reached by other machines: set"
            " CROSSBOOK_GATEWAY__ANONYMOUS_ROLE=none"
        )


def _addresses(host: str) -> list[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SettingsError(f"setting host: {host} has no address: {error}") from None
    return [str(address[0]) for *_, address in found]


def _is_loopback(address: str) -> bool:
    found = ipaddress.ip_address(address)
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_loopback
