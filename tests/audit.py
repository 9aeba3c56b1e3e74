"""`make audit`: asks osv.dev whether any locked dependency, of Python or Rust, has a known vulnerability.

Exit code 1 and a line for each when there is one. Where the advisories cannot be had, as without a network, the audit
is skipped and says why: it proves nothing then, and breaks nothing. API: https://google.github.io/osv.dev/post-v1-querybatch/
"""

import os
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]
LOCKS = {
    ROOT / "uv.lock": "PyPI",
    ROOT / "core-rs" / "Cargo.lock": "crates.io",
    ROOT / "tests/bench/native/Cargo.lock": "crates.io",
    ROOT / "clients/rust/Cargo.lock": "crates.io",
}
URL = os.environ.get("OSV_URL", "https://api.osv.dev")
BATCH = 500  # of the 1,000 that one request may ask for
TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Package:
    """One locked version."""

    ecosystem: str
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One known vulnerability."""

    package: Package
    advisory: str


def locked(path: Path, ecosystem: str) -> Iterator[Package]:
    """What a lock file took from a registry; our own packages come from none."""
    for entry in tomllib.loads(path.read_text())["package"]:
        source = entry.get("source", {})
        if source.get("registry") if isinstance(source, dict) else source.startswith("registry+"):
            yield Package(ecosystem, entry["name"], entry["version"])


def ask(packages: list[Package], url: str) -> list[Finding]:
    """Raises httpx.HTTPError and ValueError when there is no answer, or none that reads."""
    found: list[Finding] = []
    for first in range(0, len(packages), BATCH):
        batch = packages[first : first + BATCH]
        queries = [{"package": {"name": one.name, "ecosystem": one.ecosystem}, "version": one.version} for one in batch]
        answer = httpx.post(f"{url}/v1/querybatch", json={"queries": queries}, timeout=TIMEOUT_SECONDS)
        results = answer.raise_for_status().json()["results"]
        for package, result in zip(batch, results, strict=True):
            found += [Finding(package, advisory["id"]) for advisory in result.get("vulns", [])]
    return found


def main(url: str = URL) -> int:
    """The exit code."""
    # What several locks have is one package.
    packages = list(dict.fromkeys(package for path, ecosystem in LOCKS.items() for package in locked(path, ecosystem)))
    try:
        found = ask(packages, url)
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        print(f"audit SKIPPED: no advisories from {url}: {type(error).__name__}: {error}")
        return 0
    for finding in found:
        package = finding.package
        print(
            f"{package.name} {package.version} ({package.ecosystem}): https://osv.dev/vulnerability/{finding.advisory}"
        )
    print(f"audit: {len(packages)} locked packages, {len(found)} known vulnerabilities")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
