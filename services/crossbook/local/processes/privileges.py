"""Who runs an embedded server: Postgres refuses to run as root, so as root both servers run as `nobody`.

`nobody` must then be able to walk to the binaries and to the data. Where a private folder (a home of mode 0700) is in
the way, a place under the system's temporary folder stands in for it, owned by root and writable by root alone.
"""

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path

from crossbook.plumbing.errors import CrossbookError

_UNPRIVILEGED_USER = "nobody"
_ORIGIN_FILE = "origin"


class PrivateFolderError(CrossbookError):
    """A folder that must be ours is somebody else's: remove it, or choose another --data-dir."""


def server_user() -> str | None:
    """The account to switch to; None keeps our own."""
    return _UNPRIVILEGED_USER if os.geteuid() == 0 else None


def hand_over(path: Path) -> None:
    """Makes a folder or file, and nothing in it, the server's own."""
    if user := server_user():
        shutil.chown(path, user)
    path.chmod(0o700 if path.is_dir() else 0o600)


def server_home(data_dir: Path) -> Path:
    """The folder that stands for data_dir and that the server can walk to; it exists afterwards."""
    data_dir = data_dir.resolve()
    data_dir.mkdir(parents=True, exist_ok=True)
    if server_user() is None:
        return data_dir
    if _is_reachable(data_dir.parent):
        data_dir.chmod(data_dir.stat().st_mode | 0o011)
        return data_dir
    _remove_orphans()
    home = _own_folder(_temporary_path(str(data_dir)))
    (home / _ORIGIN_FILE).write_text(str(data_dir))
    return home


def reachable_programs(root: Path, folders: Sequence[str]) -> Path:
    """A folder that holds the given subfolders of root where the server can run them: root itself or a copy of it."""
    if server_user() is None or _is_reachable(root):
        return root
    copy = _temporary_path(f"{root} {(root / folders[0]).stat().st_mtime_ns}")
    if copy.exists():
        return _own_folder(copy)
    staging = Path(tempfile.mkdtemp(prefix=f"{copy.name}-", dir=copy.parent))
    staging.chmod(0o711)
    for folder in folders:
        shutil.copytree(root / folder, staging / folder, symlinks=True, ignore=shutil.ignore_patterns("include"))
    (staging / _ORIGIN_FILE).write_text(str(root))
    try:
        staging.rename(copy)
    except OSError:  # another process was faster
        shutil.rmtree(staging)
    return _own_folder(copy)


def _is_reachable(path: Path) -> bool:
    return all(step.stat().st_mode & stat.S_IXOTH for step in (path, *path.parents))


def _temporary_path(key: str) -> Path:
    digest = hashlib.sha256(key.encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()).resolve() / f"crossbook-{os.geteuid()}-{digest}"


def _own_folder(path: Path) -> Path:
    path.mkdir(mode=0o711, exist_ok=True)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise PrivateFolderError(
            f"{path} is not a private folder of this user: remove it, or choose another --data-dir"
        )
    path.chmod(0o711)
    return path


def _remove_orphans() -> None:
    """Stand-ins of data folders that are gone would otherwise stay for ever."""
    for origin in Path(tempfile.gettempdir()).resolve().glob(f"crossbook-{os.geteuid()}-*/{_ORIGIN_FILE}"):
        if origin.lstat().st_uid == os.geteuid() and not Path(origin.read_text()).exists():
            shutil.rmtree(origin.parent, ignore_errors=True)
