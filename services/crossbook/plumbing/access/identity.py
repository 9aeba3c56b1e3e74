"""What this process shows to the servers that it dials: the key of `access.token_file`, read again when it changes."""

from contextlib import suppress
from pathlib import Path

from crossbook.plumbing.errors import SettingsError

MAX_CHARACTERS = 4_096


class Identity:
    """Of one process; nothing is shown until a file is named."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._stamp = (0, 0)
        self._shown = ""

    def take(self, path: Path | None) -> None:
        """Shows what stands in the file from now on. Raises SettingsError when it does not read."""
        self._path, self._stamp, self._shown = path, (0, 0), ""
        try:
            self._load()
        except OSError as error:
            raise SettingsError(f"setting access.token_file: {path}: {error.strerror}") from None

    @property
    def is_named(self) -> bool:
        """Whether there is a file."""
        return self._path is not None

    def authorization(self) -> str | None:
        """The header's value, if there is any; of a file that is gone, the last one."""
        with suppress(OSError):
            self._load()
        return f"Bearer {self._shown}" if self._shown else None

    def _load(self) -> None:
        if self._path is None:
            return
        status = self._path.stat()
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._stamp:
            self._shown = self._path.read_text()[:MAX_CHARACTERS].strip()
            self._stamp = stamp


OWN = Identity()  # a process is one caller
