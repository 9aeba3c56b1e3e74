"""Whose certificates are believed: one store for sockets, REST and receivers alike.

It is the system's, as OpenSSL finds it: SSL_CERT_FILE and SSL_CERT_DIR name another. Where there is none at all, the
one that comes with httpx.
"""

import ssl
from functools import cache

import certifi


@cache
def tls_context() -> ssl.SSLContext:
    """One for all: reading the authorities' certificates holds the loop up for tens of milliseconds."""
    return own_tls_context()


def own_tls_context() -> ssl.SSLContext:
    """One for a caller who believes others besides."""
    paths = ssl.get_default_verify_paths()
    if paths.cafile is None and paths.capath is None:
        return ssl.create_default_context(cafile=certifi.where())
    return ssl.create_default_context()
