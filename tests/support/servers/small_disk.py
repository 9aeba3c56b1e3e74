"""A file system of a few megabytes that can be filled to the last byte, where we may mount one: as root, on Linux."""

import errno
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE = "256m"  # a cluster, and the WAL of a run
FILLER_BYTES = 1 << 20


class SmallDisk:
    """Full between fill() and clear()."""

    def __init__(self, folder: Path) -> None:
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Until nothing more can be written: what is freed while it fills is filled too."""
        with self._filler.open("wb", buffering=0) as file:
            size = FILLER_BYTES
            while size:
                try:
                    file.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    size //= 2

    def clear(self) -> None:
        """There is room again."""
        self._filler.unlink()


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk | None]:
    """Mounted on the folder until the end of the block; None where that is not allowed."""
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=711", "crossbook-tests", str(folder)]
    if subprocess.run(mounting, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)
