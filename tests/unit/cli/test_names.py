"""Lists as people type them."""

import pytest

from crossbook.cli.names import split_names


@pytest.mark.parametrize(
    ("text", "names"), [("", []), ("a", ["a"]), ("a,b", ["a", "b"]), (" a , b ,", ["a", "b"]), (",,", [])]
)
def test_names_are_split_at_commas(text: str, names: list[str]) -> None:
    """Blanks and empty places do not count."""
    assert split_names(text) == names
