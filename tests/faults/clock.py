"""The services' wall clock, set by libfaketime where a Python environment has its package; it needs no root.

Only the wall clock is turned: the monotonic one runs on, as it does when a daemon or a person sets a machine's time.
"""

import importlib.util
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.inflict import Inflict
    from tests.faults.rig import Rig

STEP_SECONDS = 20
PRELOAD = "LD_PRELOAD"
LIBRARY = "vendor/libfaketime/src/libfaketime.so.1"


def library() -> Path | None:
    """Of the package libfaketime, which `make faults` fetches (the group `chaos` of pyproject.toml)."""
    spec = importlib.util.find_spec("libfaketime")
    path = Path(spec.origin).parent / LIBRARY if spec and spec.origin else None
    return path if path and path.exists() else None


def environment(data_dir: Path) -> dict[str, str]:
    """Of a process whose clock says what the file says, from the next look on."""
    path = library()
    assert path is not None
    _set(data_dir, 0)
    return {
        PRELOAD: str(path),
        "FAKETIME_TIMESTAMP_FILE": str(_file(data_dir)),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def without(told: Mapping[str, str]) -> dict[str, str]:
    """For a process whose clock stays right."""
    return {name: value for name, value in told.items() if name != PRELOAD}


def stepped(seconds: int) -> "Inflict":
    """The clock of all services is set, ahead or back, and in the end set right."""

    @asynccontextmanager
    async def inflict(rig: "Rig", chance: random.Random) -> AsyncIterator[None]:
        _set(rig.data_dir, seconds)
        yield
        _set(rig.data_dir, 0)

    return inflict


def _file(data_dir: Path) -> Path:
    return data_dir / "clock"


def _set(data_dir: Path, seconds: int) -> None:
    """Whole or not at all: a process may look at any moment."""
    new = _file(data_dir).with_suffix(".new")
    new.write_text(f"{seconds:+d}\n")
    new.replace(_file(data_dir))
