"""The picture: every room and arrow is drawn, and an arrow that runs up is seen."""

from xml.etree import ElementTree

from tests.house.picture import svg

NAMESPACE = {"svg": "http://www.w3.org/2000/svg"}


def test_an_arrow_that_runs_up_is_drawn_as_one() -> None:
    """The drawing is well-formed and marks only what runs against the floors."""
    drawn = ElementTree.fromstring(svg([("house", [["<top>"], ["low"]], {"<top>": {"low": 3}, "low": {"<top>": 1}})]))
    paths = drawn.findall("svg:path", NAMESPACE)
    assert [path.get("class") for path in paths] == [None, "up"]
    assert [title.text for title in drawn.findall("svg:path/svg:title", NAMESPACE)] == ["3 imports", "1 imports"]
    assert [text.text for text in drawn.findall("svg:text", NAMESPACE)] == ["house", "<top>", "low"]
