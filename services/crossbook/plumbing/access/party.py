"""Who this process is towards those that it dials, and those that dial it: its key, its certificates."""

from crossbook.plumbing.access.certificates import CERTIFICATES
from crossbook.plumbing.access.identity import OWN
from crossbook.plumbing.settings import Settings


def take_part(settings: Settings) -> None:
    """As the settings say, from now on; to be called before anything dials or listens. Raises SettingsError."""
    OWN.take(settings.access.token_file)
    CERTIFICATES.take(settings.tls)
