"""Draws rooms on their floors with the imports between them as arrows, as SVG; an arrow that runs up is red."""

from collections.abc import Mapping
from html import escape

WIDTH = 1120
FLOOR = 92
BOX = 46
MARGIN = 40

_STYLE = """
  text { font: 13px sans-serif; text-anchor: middle; fill: #222 }
  .title { font-weight: bold; text-anchor: start }
  rect { fill: #eef3f8; stroke: #456; rx: 6 }
  path { fill: none; stroke: #89a; stroke-width: 1.2; marker-end: url(#tip) }
  path.up { stroke: #c22; stroke-width: 2.5 }
  .page { fill: #fff; stroke: none }
"""

_TIP = (
    '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<polygon points="0,0 8,4 0,8" fill="#678"/></marker>'
)


def svg(panels: list[tuple[str, list[list[str]], Mapping[str, Mapping[str, int]]]]) -> str:
    """One picture of several panels: a title, floors from the top down, and from each room how many imports where."""
    parts: list[str] = []
    top = MARGIN
    for title, floors, arrows in panels:
        parts += [f'<text class="title" x="{MARGIN}" y="{top - 12}">{escape(title)}</text>']
        parts += _panel(floors, arrows, top)
        top += FLOOR * len(floors) + MARGIN
    size = f'width="{WIDTH}" height="{top}"'
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {WIDTH} {top}">',
        f"<style>{_STYLE}</style>",
        f"<defs>{_TIP}</defs>",
        f'<rect class="page" {size}/>',
    ]
    return "\n".join([*head, *parts, "</svg>\n"])


def _panel(floors: list[list[str]], arrows: Mapping[str, Mapping[str, int]], top: int) -> list[str]:
    places = {
        name: (WIDTH * (index + 1) // (len(floor) + 1), top + FLOOR * level, level)
        for level, floor in enumerate(floors)
        for index, name in enumerate(floor)
    }
    drawn = [
        _arrow(places[name], places[other], count)
        for name, targets in arrows.items()
        for other, count in sorted(targets.items())
        if name in places and other in places
    ]
    return drawn + [_box(name, x, y) for name, (x, y, _) in places.items()]


def _box(name: str, x: int, y: int) -> str:
    width = max(90, 9 * len(name) + 20)
    label = f'<text x="{x}" y="{y + BOX // 2 + 5}">{escape(name)}</text>'
    return f'<rect x="{x - width // 2}" y="{y}" width="{width}" height="{BOX}"/>{label}'


def _arrow(source: tuple[int, int, int], target: tuple[int, int, int], count: int) -> str:
    """A curve from the foot of one room to the head of another, or from head to foot where it runs up."""
    runs_up = target[2] <= source[2]
    start, end = (source[1], target[1] + BOX) if runs_up else (source[1] + BOX, target[1])
    bend = (end - start) / 2
    shape = f"M{source[0]} {start} C{source[0]} {start + bend} {target[0]} {end - bend} {target[0]} {end}"
    look = ' class="up"' if runs_up else ""
    return f'<path{look} d="{shape}"><title>{count} imports</title></path>'
