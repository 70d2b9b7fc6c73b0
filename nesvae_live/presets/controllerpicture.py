"""A controller from above, with what each of its controls moves: for the terminal, and as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from nesvae_live.control.controlspec import ControlSpec
from nesvae_live.control.kinds import CONTROL_CHANGE, KIND_BY_NAME, reserved_because
from nesvae_live.presets.controllers import Place, Row, Shape
from nesvae_live.presets.preset import Preset

ACROSS = 8
"""Controls side by side; a longer row goes on below."""

CELL_TEXT = 14
"""Characters of a cell in the terminal."""

CELL, TALL, GAP, MARGIN = 126, 56, 6, 12
"""Sizes of the drawing, in pixels: a cell, its control, between rows, round about."""

LINE = 13
MARKS = {
    Shape.KNOB: "( )",
    Shape.FADER: "=|=",
    Shape.BUTTON: "[ ]",
    Shape.PAD: "[#]",
    Shape.WHEEL: "|~|",
}
FREE, RESERVED_CC = "-", "(reserved)"


def cells(preset: Preset) -> Iterator[tuple[Row, list[tuple[Place, list[str]]]]]:
    """The rows, at most `ACROSS` controls long, with what each control moves, a text a page."""
    controller = preset.controller
    assert controller is not None  # a picture of it was asked for
    for row in controller.rows:
        for start in range(0, len(row.places), ACROSS):
            places = row.places[start : start + ACROSS]
            yield row, [(place, moved_by(preset, place)) for place in places]


def moved_by(preset: Preset, place: Place) -> list[str]:
    """The targets that a physical control moves, on all pages or page by page; none is `FREE`."""
    if KIND_BY_NAME[place.kind].status == CONTROL_CHANGE and reserved_because(place.number):
        return [RESERVED_CC]
    layout = preset.layout

    def named(controls: Sequence[ControlSpec]) -> str:
        return " ".join(c.target for c in controls if place.is_of(c))

    always = named(layout.controls)
    if always or not layout.pages:
        return [always or FREE]
    return [named(page.controls) or FREE for page in layout.pages]


def picture_to_text(preset: Preset) -> str:
    """For the terminal: three lines a row and page."""
    lines = []
    for row, places in cells(preset):
        if row.name:
            lines.append(row.name)
        lines.append("".join(f"{MARKS[row.shape]:<{CELL_TEXT}}" for _ in places).rstrip())
        lines.append("".join(f"{place.label:<{CELL_TEXT}}" for place, _ in places).rstrip())
        for i in range(max(len(texts) for _, texts in places)):
            line = "".join(
                f"{(texts[i] if i < len(texts) else ''):<{CELL_TEXT}}" for _, texts in places
            )
            lines.append(line.rstrip())
        lines.append("")
    return "\n".join(lines).rstrip()


def picture_to_svg(preset: Preset) -> str:
    """A drawing of the controller, the same for the same preset."""
    drawn: list[str] = []
    y, widest = MARGIN, 0
    for row, places in cells(preset):
        if row.name:
            drawn.append(_text(MARGIN, y + LINE - 3, row.name, "row", "start"))
            y += LINE + 2
        deepest = max(len(texts) for _, texts in places)
        for i, (place, texts) in enumerate(places):
            middle = MARGIN + i * CELL + CELL // 2
            drawn.append(_SHAPES[row.shape](middle, y))
            drawn.append(_text(middle, y + TALL + LINE - 3, place.label, "number"))
            for j, text in enumerate(texts):
                style = "free" if text in {FREE, RESERVED_CC} else f"target page{j % 4}"
                drawn.append(_text(middle, y + TALL + (j + 2) * LINE - 3, text, style))
        widest = max(widest, len(places))
        y += TALL + (deepest + 1) * LINE + GAP
    width, height = 2 * MARGIN + widest * CELL, y + MARGIN
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="sans-serif" text-anchor="middle">'
    )
    back = f'<rect width="{width}" height="{height}" rx="8" fill="#f4f4f0" stroke="#888"/>'
    return "\n".join([head, _STYLE, back, *drawn, "</svg>", ""])


def _text(x: int, y: int, text: str, style: str, anchor: str = "") -> str:
    where = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{x}" y="{y}" class="{style}"{where}>{escape(text)}</text>'


def _knob(x: int, y: int) -> str:
    return (
        f'<circle cx="{x}" cy="{y + TALL // 2}" r="20" class="part"/>'
        f'<path d="M{x} {y + TALL // 2}V{y + TALL // 2 - 18}" class="mark"/>'
    )


def _fader(x: int, y: int) -> str:
    return (
        f'<path d="M{x} {y + 2}V{y + TALL - 2}" class="mark"/>'
        f'<rect x="{x - 14}" y="{y + TALL // 2 - 7}" width="28" height="14" rx="2" class="part"/>'
    )


def _button(x: int, y: int) -> str:
    return (
        f'<rect x="{x - 18}" y="{y + TALL // 2 - 9}" width="36" height="18" rx="4" class="part"/>'
    )


def _pad(x: int, y: int) -> str:
    return f'<rect x="{x - 24}" y="{y + 4}" width="48" height="{TALL - 8}" rx="5" class="part"/>'


def _wheel(x: int, y: int) -> str:
    return (
        f'<rect x="{x - 9}" y="{y + 2}" width="18" height="{TALL - 4}" rx="9" class="part"/>'
        f'<path d="M{x - 9} {y + TALL // 2}H{x + 9}" class="mark"/>'
    )


_SHAPES = {
    Shape.KNOB: _knob,
    Shape.FADER: _fader,
    Shape.BUTTON: _button,
    Shape.PAD: _pad,
    Shape.WHEEL: _wheel,
}
_STYLE = (
    "<style>.part{fill:#ddd;stroke:#444}.mark{stroke:#444;stroke-width:3}"
    "text{font-size:11px}.row{font-weight:bold;fill:#444}.number{fill:#666;font-size:10px}"
    ".target{font-weight:bold}.page0{fill:#9c2c00}.page1{fill:#00508c}.page2{fill:#1d6b1d}"
    ".page3{fill:#6b2d8c}.free{fill:#999}</style>"
)
