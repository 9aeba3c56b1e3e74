"""Settings of who may call what, of every process that serves."""

from pathlib import Path

from crossbook.plumbing.settings.types import Section


class AccessSettings(Section):
    """Of every gRPC server, and of what dials one.

    ring_file is written by a gateway and read again when it changes: keys that callers may show, and who is no longer
    good. is_required refuses callers that show none; without it a caller may do everything, as on a machine of one's
    own. token_file holds the key that this process shows to the servers that it dials.
    """

    ring_file: Path | None = None
    is_required: bool = False
    token_file: Path | None = None
    dir: Path | None = None
