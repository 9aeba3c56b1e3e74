"""The graphs behind the layout: circles are found whole, floors follow imports, rooms count their arrows."""

from pathlib import Path

from tests.house.modules import circles, crates, floors, layers_of, python_modules, rooms

ROOT = Path(__file__).parents[3]


def test_a_circle_of_three_is_found_whole_and_nothing_else() -> None:
    """Every member of a circle is named once; who only leads to it is not."""
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": set()}
    assert circles({name: frozenset(other) for name, other in graph.items()}) == [["a", "b", "c"]]


def test_two_circles_that_touch_in_one_direction_stay_two() -> None:
    """What one circle imports of another does not join them."""
    graph = {"a": {"b"}, "b": {"a", "c"}, "c": {"d"}, "d": {"c"}}
    assert circles({name: frozenset(other) for name, other in graph.items()}) == [["a", "b"], ["c", "d"]]


def test_floors_put_an_importer_above_all_that_it_imports() -> None:
    """The longest way down decides."""
    graph = {"top": {"low", "middle"}, "middle": {"low"}, "low": set()}
    assert floors({name: frozenset(other) for name, other in graph.items()}) == [["top"], ["middle"], ["low"]]


def test_rooms_count_imports_between_them_and_none_within() -> None:
    """Two modules of one room that import each other make no arrow."""
    graph = {
        "crossbook.x.a": {"crossbook.x.b", "crossbook.y.c"},
        "crossbook.x.b": {"crossbook.y.c"},
        "crossbook.y.c": set(),
    }
    assert rooms({name: frozenset(other) for name, other in graph.items()}, 1) == {"x": {"y": 2}, "y": {}}


def test_no_module_and_no_crate_imports_in_a_circle() -> None:
    """The house has none, imports for type checkers counted."""
    assert circles(python_modules()) == []
    assert circles(crates(ROOT / "core-rs")) == []


def test_every_room_has_its_floor() -> None:
    """The layer contract names each room below the package, so that none escapes it."""
    named = {name for layer in layers_of(ROOT / "pyproject.toml") for name in layer}
    assert set(rooms(python_modules(), 1)) - named - {"crossbook", "_core", "__main__", "migrations"} == set()
