"""Files and folders that are this user's alone: folders 0700, files 0600, nothing written through a planted link.

A folder that belongs to somebody else, or a link where a file of ours should be, is refused: whoever made it would
choose what we write over.
"""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from crossbook.plumbing.errors import CrossbookError

UMASK = 0o077  # of every process: what it makes, others cannot read


class PrivateFolderError(CrossbookError):
    """A folder or file that must be ours is somebody else's, or a link: remove it, or choose another --data-dir."""


def private_folder(path: Path, mode: int = 0o700) -> None:
    """Makes the folder, and takes from others what they may do with one that is there. Raises PrivateFolderError."""
    for folder in reversed([one for one in (path, *path.parents) if not one.exists()]):
        folder.mkdir(mode=mode, exist_ok=True)
        folder.chmod(mode)  # whatever the umask is
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode) and status.st_uid == os.geteuid():  # our own word for where it is
        status = path.stat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise PrivateFolderError(f"{path} is no folder of this user: remove it, or choose another --data-dir")
    path.chmod(mode)


def open_private(path: Path, flags: int) -> int:
    """A descriptor of a file of ours, made if it is not there, and no link. Raises PrivateFolderError and OSError."""
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):  # as O_NOFOLLOW says it on Linux, and elsewhere
            raise PrivateFolderError(f"{path} is a link, and nothing is written through it: remove it") from None
        raise
    os.fchmod(descriptor, 0o600)
    return descriptor


def write_whole(path: Path, text: str) -> None:
    """Replaces the file: a reader sees the old one or the new one, and a disk that is full leaves the old one."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with os.fdopen(open_private(partial, os.O_WRONLY | os.O_TRUNC), "w") as file:
            file.write(text)
        partial.replace(path)
    except OSError:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
