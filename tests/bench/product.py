"""Which Crossbook is measured: this checkout's, or another commit's that was built beside it."""

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.bench.rows import Figures, Row

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Product:
    """A checkout and the interpreter of its environment."""

    root: Path
    python: str


HERE = Product(ROOT, sys.executable)


class UnsupportedError(Exception):
    """This product cannot run the probe: the row has no figure there."""


class Probe(Protocol):
    """Something that is ready to be measured again and again, part by part."""

    @property
    def parts(self) -> Sequence[str]:
        """What is measured by itself, each between its own neighbours."""
        ...

    async def ours(self, part: str) -> Figures:
        """Measures Crossbook once."""
        ...

    async def beside(self, part: str) -> Figures:
        """Measures what stands beside it, once; nothing where nothing does."""
        ...


Opens = Callable[[Product, Sequence[Row]], AbstractAsyncContextManager[Probe]]


@dataclass(frozen=True)
class Bench:
    """Rows that are measured together. `what` they are and what their figures do not tell, `limits`, are sentences."""

    name: str
    what: str
    rows: Sequence[Row]
    open: Opens
    rounds: int
    limits: str
    is_warmed_up: bool = True  # whether the first round of each part is thrown away
