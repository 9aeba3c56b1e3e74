"""What is fetched before there is a lock file to check it by, and what builds the core."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_what_fetches_all_else_is_bound_by_its_hashes() -> None:
    """Every line of the list that pip reads has some, and pip takes nothing without."""
    listed = (ROOT / ".uv.txt").read_text()
    needed = [part for part in re.split(r"(?<!\\)\n", listed) if part and not part.startswith("#")]
    assert needed
    assert all("==" in one and "--hash=sha256:" in one for one in needed)
    fetches = [line for line in (ROOT / "Makefile").read_text().splitlines() if "pip install" in line]
    assert fetches
    assert all("--require-hashes -r .uv.txt" in line for line in fetches)


def test_the_core_is_built_by_what_the_lock_file_names() -> None:
    """An isolated build would fetch a builder that nothing checks."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    builders = project["build-system"]["requires"]
    locked = {f"{one['name']}=={one['version']}" for one in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}
    assert set(builders) <= locked
    assert "crossbook" in project["tool"]["uv"]["no-build-isolation-package"]
