"""Settings of an OpenID provider whose users may come in."""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator

from crossbook.plumbing.settings.types import Names, Section


def _is_private_on_its_way(url: str) -> str:
    """Tokens go there: what others on the way could read is for this machine alone."""
    parts = urlsplit(url)
    is_own = parts.hostname == "localhost" or _is_loopback(parts.hostname or "")
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and is_own)):
        raise ValueError("must be a URL of https; of http on this machine alone")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


PrivateUrl = Annotated[str, AfterValidator(_is_private_on_its_way)]


class OidcSettings(Section):
    """Off without an issuer. public_url is how browsers reach this gateway: the provider is told to send them to
    public_url/api/auth/oidc/callback. client_secret_file is read at each log-in; a public client has none.

    roles says which value of role_claim (a dot goes into an object) makes a user what; "*" is every user. A user with
    none of them is not let in; of several the one that may most counts. name_claim is who the audit log says they are:
    only a claim that users cannot choose, such as sub.
    """

    issuer: PrivateUrl | None = None
    client_id: str = ""
    client_secret_file: Path | None = None
    public_url: PrivateUrl | None = None
    scopes: Names = ["openid", "profile", "email"]
    role_claim: str = "groups"
    roles: dict[str, Literal["viewer", "trader", "operator", "admin"]] = {}
    name_claim: str = "sub"
    ca_file: Path | None = None
