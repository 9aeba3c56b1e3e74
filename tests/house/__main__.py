"""`make layout`: prints circles, arrows and sizes, and draws the layers into docs/layout.svg.

python -m tests.house [--check]

--check draws nothing and ends with 1 when there is a circle, an arrow that runs up, a file without its unit tests, or
one that is too long.
"""

import sys
from pathlib import Path

from tests.house.mirrors import idle_excuses, without_mirror
from tests.house.modules import circles, crates, floors, layers_of, python_modules, rooms
from tests.house.picture import svg
from tests.house.rust import crate_modules, rust_modules
from tests.house.sizes import WALL, Sizes, measured

ROOT = Path(__file__).parents[2]
HEADINGS = ["", "folders", "files", "median", "longest", "functions", "median", "longest"]
NATIVE = ROOT / "tests/bench/native/src"  # a workspace of the bench's own
PICTURE = ROOT / "docs" / "layout.svg"


def main(arguments: list[str]) -> int:
    """0 when no import runs in a circle or upwards, and every file is short and has its unit tests or an excuse."""
    modules, core = python_modules(), crates(ROOT / "core-rs")
    layers, inner = layers_of(ROOT / "pyproject.toml"), rooms(modules, 1)
    rust = {**rust_modules(ROOT / "core-rs"), **crate_modules(NATIVE)}
    found = circles(modules) + circles(core) + circles(rust)
    upward = _upward(layers, inner)
    print(f"circles: {len(found)}", *(" -> ".join(group) for group in found), sep="\n  ")
    print(f"rooms: {len(inner)}, arrows: {sum(map(len, inner.values()))}, running up: {len(upward)}")
    for arrow in upward:
        print(f"  {arrow}")
    unmirrored = _mirrors()
    sizes = _sizes()
    too_long = [file for one in sizes for file in one.too_long()]
    print(
        f"files of more than {WALL} lines: {len(too_long)}",
        *(f"{one.lines} {one.name}" for one in too_long),
        sep="\n  ",
    )
    _print_table([HEADINGS, *map(Sizes.cells, sizes)])
    if "--check" not in arguments:
        crate_arrows = {name: dict.fromkeys(imported, 1) for name, imported in core.items()}
        panels = [("services/crossbook", layers, inner), ("core-rs/crates", floors(core), crate_arrows)]
        PICTURE.write_text(svg(panels))
        print(f"drawn: {PICTURE.relative_to(ROOT)}")
    return 1 if found or upward or unmirrored or too_long else 0


def _upward(layers: list[list[str]], arrows: dict[str, dict[str, int]]) -> list[str]:
    """Sideways counts too: services side by side do not know each other."""
    level = {name: at for at, layer in enumerate(layers) for name in layer}
    return [
        f"{name} -> {other}"
        for name, targets in arrows.items()
        for other in targets
        if name in level and other in level and level[other] <= level[name]
    ]


def _mirrors() -> int:
    """How many are wrong."""
    places = ROOT / "services/crossbook", ROOT / "tests/unit"
    missing, idle = without_mirror(*places), idle_excuses(*places)
    print(f"files with logic and without unit tests: {len(missing)}, excused for nothing: {len(idle)}")
    for name in (*missing, *idle):
        print(f"  {name}")
    return len(missing) + len(idle)


def _sizes() -> list[Sizes]:
    python = [path for path in sorted((ROOT / "services").rglob("*.py")) if "/pb/" not in path.as_posix()]
    return [
        measured("services", ROOT / "services/crossbook", python),
        measured("core-rs", ROOT / "core-rs/crates", sorted((ROOT / "core-rs/crates").glob("*/src/**/*.rs"))),
        measured("bench, native", NATIVE, sorted(NATIVE.rglob("*.rs"))),
        measured("tests", ROOT / "tests", sorted((ROOT / "tests").rglob("*.py"))),
    ]


def _print_table(rows: list[list[str]]) -> None:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
