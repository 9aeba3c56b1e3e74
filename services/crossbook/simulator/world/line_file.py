"""A file of lines that only this user reads, written through once a second. Without a path nothing is written."""

import os
from pathlib import Path
from typing import IO

from crossbook.plumbing.private_files import open_private
from crossbook.plumbing.timestamps import SECOND_NS

FLUSH_NS = SECOND_NS


class LineFile:
    """Begun anew, with the folders that it needs."""

    def __init__(self, path: Path | None) -> None:
        self._flushed_ns = 0
        self._file: IO[str] | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.fdopen(open_private(path, os.O_WRONLY | os.O_TRUNC), "w", encoding="utf-8")

    @property
    def is_open(self) -> bool:
        """Whether a line goes anywhere."""
        return self._file is not None

    def write(self, line: str, now_ns: int) -> None:
        """One line, at a time that goes forward."""
        if self._file is None:
            return
        self._file.write(line + "\n")
        if now_ns - self._flushed_ns >= FLUSH_NS:
            self._flushed_ns = now_ns
            self._file.flush()

    def close(self) -> None:
        """No line comes after this."""
        if self._file is not None:
            self._file.close()
            self._file = None
