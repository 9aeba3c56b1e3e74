"""Toolchains of other languages: where one or its registry is not to be had, the test is skipped and says so."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
GO, JAVA, RUST = (ROOT / "clients" / language for language in ("go", "java", "rust"))
SECONDS = 480  # of a first build on a busy machine


def ran(*command: str | Path, folder: Path, said: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """The program, ended; it inherits our environment, and `said` is its standard input."""
    return subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env={**os.environ, **environment},
        input=said,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )


def passed(*command: str | Path, folder: Path, said: str = "", **environment: str) -> str:
    """Its output; whatever it says when it ends with anything but 0 is the test's failure."""
    done = ran(*command, folder=folder, said=said, **environment)
    assert done.returncode == 0, f"{done.stdout[-12_000:]}\n{done.stderr[-4_000:]}"
    return done.stdout


def require(program: str, cure: str) -> str:
    """Its path."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not on this machine: {cure}")
    return path


def require_modules(folder: Path) -> None:
    """Every Go module that the folder's go.mod names, fetched and checked by its hash."""
    require("go", "install Go 1.26 or newer (https://go.dev/dl)")
    fetched = ran("go", "mod", "download", folder=folder)
    if fetched.returncode:
        pytest.skip(f"Go modules cannot be fetched: {fetched.stderr.strip().splitlines()[-1]}")


def maven(*words: str, **environment: str) -> str:
    """What Maven says of clients/java, whose build ends well."""
    require("javac", "install JDK 17 or newer (https://adoptium.net)")
    program = require("mvn", "install Maven 3.8 or newer (https://maven.apache.org)")
    done = ran(program, "--batch-mode", "--no-transfer-progress", *words, folder=JAVA, **environment)
    missing = re.search("Could not (?:transfer|find) artifact.*", done.stdout)
    if done.returncode and missing:
        pytest.skip(f"what the build needs cannot be fetched: {missing.group()}")
    assert done.returncode == 0, done.stdout[-12_000:]
    return done.stdout


def require_crates(folder: Path) -> None:
    """Every crate that the folder's Cargo.lock names, fetched and checked by its hash."""
    require("cargo", "install Rust (https://rustup.rs)")
    fetched = ran("cargo", "fetch", "--locked", "--quiet", folder=folder)
    if fetched.returncode:
        pytest.skip(f"crates cannot be fetched: {fetched.stderr.strip().splitlines()[-1]}")


def as_environment(addresses: Mapping[str, str], venue: str) -> dict[str, str]:
    """How stories are told of the running system, and of the venue that they may feed."""
    return {"CROSSBOOK_ADDRESSES": json.dumps(addresses), "CROSSBOOK_VENUE": venue}
