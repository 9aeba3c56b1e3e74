"""The TLS side of a receiver: it shows a certificate that clients know, a stranger's, or ends every handshake.

The certificates are their own authorities, for 127.0.0.1 and localhost, and prove nothing to anybody but the tests:
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj "/CN=known to the tests" \
    -addext "subjectAltName=IP:127.0.0.1,DNS:localhost" -addext "basicConstraints=critical,CA:TRUE" \
    -addext "keyUsage=critical,digitalSignature,keyCertSign"
"""

import enum
import ssl
from pathlib import Path

FOLDER = Path(__file__).with_name("certificates")
AUTHORITIES_FILE = FOLDER / "known.pem"


class Shows(enum.Enum):
    """What a client gets to see."""

    KNOWN = "known"
    STRANGER = "stranger"
    NOTHING = ""


class TlsDoor:
    """`shows` holds for handshakes that begin from now on."""

    def __init__(self) -> None:
        self.shows = Shows.KNOWN
        self._contexts = {shows: _context(FOLDER / f"{shows.value}.pem") for shows in (Shows.KNOWN, Shows.STRANGER)}
        self.context = self._contexts[Shows.KNOWN]
        self.context.sni_callback = self._choose

    def _choose(self, handshake: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> int | None:
        """Asked at every handshake; the number of an alert ends it."""
        if self.shows is Shows.NOTHING:
            return ssl.AlertDescription.ALERT_DESCRIPTION_HANDSHAKE_FAILURE
        handshake.context = self._contexts[self.shows]
        return None


def _context(path: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
