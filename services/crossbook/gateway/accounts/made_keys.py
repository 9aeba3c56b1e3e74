"""Keys of programs as they are made: what is kept of one, and what is shown once."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from crossbook.gateway.store.accounts import NewKey
from crossbook.plumbing.access.ring import KEY_PREFIX

SECRET_BYTES = 32


def made_key(
    display_name: str,
    role: int,
    creator: str,
    *,
    venues: Sequence[str] = (),
    methods: Sequence[str] = (),
    networks: Sequence[str] = (),
    lifetime: timedelta | None = None,
    daily_quota: int | None = None,
) -> tuple[NewKey, str]:
    """For the store, and for whoever will show it."""
    identifier, secret = secrets.token_hex(4), secrets.token_urlsafe(SECRET_BYTES).replace("_", "-")
    hashed = hashlib.sha256(secret.encode()).digest()
    kept = NewKey(identifier, hashed, display_name, role, venues, methods, networks, creator, lifetime, daily_quota)
    return kept, f"{KEY_PREFIX}{identifier}_{secret}"


def id_of(shown: str) -> str:
    """Of a key as it is shown."""
    return shown.removeprefix(KEY_PREFIX).partition("_")[0]
