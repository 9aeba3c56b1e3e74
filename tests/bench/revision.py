"""Another commit, built beside this checkout for as long as it is measured: `--vs REV`."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.product import ROOT, Product

UV = ROOT / ".tools" / "bin" / "uv"


class RevisionError(Exception):
    """There is no such commit, or it does not build: name another."""


def resolved(revision: str) -> str:
    """Its short hash. Raises RevisionError."""
    return _git("rev-parse", "--verify", "--short", f"{revision}^{{commit}}").strip()


@contextmanager
def built(revision: str) -> Iterator[Product]:
    """A worktree in a temporary folder, with an environment of its own; both are gone afterwards.

    Raises RevisionError.
    """
    with tempfile.TemporaryDirectory(prefix="crossbook-bench-vs-") as folder:
        root = Path(folder) / "checkout"
        _git("worktree", "add", "--detach", "--quiet", str(root), revision)
        try:
            _run(str(UV), "sync", "--quiet", "--locked", "--all-extras", "--project", str(root), folder=root)
            yield Product(root, str(root / ".venv" / "bin" / "python"))
        finally:
            _git("worktree", "remove", "--force", str(root))


def _git(*arguments: str) -> str:
    return _run("git", *arguments, folder=ROOT)


def _run(*command: str, folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise RevisionError(f"{' '.join(command[:3])}: {done.stderr.strip()}")
    return done.stdout
