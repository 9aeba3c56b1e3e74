"""Instruments in SQL: the core names the columns of table markets and of its views, and takes and gives their rows."""

from typing import Any

from psycopg.sql import SQL, Composed, Identifier

from crossbook._core import Instrument


def columns(*table: str) -> Composed:
    """Every column, in the order of an instrument's row."""
    return SQL(", ").join(Identifier(*table, name) for name in Instrument.COLUMNS)


def take_instrument(row: tuple[Any, ...]) -> tuple[Instrument, tuple[Any, ...]]:
    """The instrument that a row begins with, and the rest of it."""
    width = len(Instrument.COLUMNS)
    return Instrument.from_row(row[:width]), row[width:]
