"""Commands beside a run: its processes, as its own file lists them, are shown the run's key where they ask for one."""

import json
from collections.abc import Iterable
from pathlib import Path

from crossbook.plumbing.access.folder import key_file
from crossbook.plumbing.settings import Settings, load_settings

RUN_HERE = Path(".crossbook")  # of `crossbook up` in this folder


def settings_beside(targets: Iterable[str], data_dir: Path = RUN_HERE) -> Settings:
    """This shell's settings; with the key of the run in the folder, if they name none and all targets are its own.

    To anybody else the key is not shown. Raises SettingsError.
    """
    settings, key = load_settings(), key_file(data_dir / "access")
    if settings.access.token_file is None and key.exists() and set(targets) <= _own(data_dir):
        return load_settings(access={"token_file": key})
    return settings


def _own(data_dir: Path) -> set[str]:
    try:
        processes = json.loads((data_dir / "run.json").read_text())["processes"]
        return {entry["address"] for entry in processes.values()}
    except (OSError, ValueError, KeyError, TypeError):
        return set()
