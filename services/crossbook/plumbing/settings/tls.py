"""Settings of TLS between processes, of every gRPC port and of what dials one."""

from pathlib import Path

from crossbook.plumbing.settings.types import Section


class TlsSettings(Section):
    """PEM files, all read again when they change. Without any, what is said is read by whoever stands between.

    certificate_file and key_file are what gRPC ports show; with client_ca_file only those are let in whose own
    certificate one of these has signed. ca_file signs the servers that are dialled: with it every call speaks TLS, and
    shows certificate_file where the server wants to see one.
    """

    certificate_file: Path | None = None
    key_file: Path | None = None
    client_ca_file: Path | None = None
    ca_file: Path | None = None
