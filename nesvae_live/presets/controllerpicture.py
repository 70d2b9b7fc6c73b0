"""A controller from above and what each of its controls moves, as text and as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from nesvae_live.control.controlspec import ControlSpec
from nesvae_live.presets.controllers import Controller, PhysicalControl, Row, Shape
from nesvae_live.presets.preset import Preset

ACROSS = 8
"""How many controls stand side by side; a longer row goes on below."""

CELL_TEXT = 14
"""The width of a cell in the terminal, in characters."""

CELL, TALL, GAP, MARGIN = 126, 56, 6, 12
"""Sizes in pixels: a cell's width, its control's height, the gap between rows, the margin."""

LINE = 13
MARKS = {
    Shape.KNOB: "( )",
    Shape.FADER: "=|=",
    Shape.BUTTON: "[ ]",
    Shape.PAD: "[#]",
    Shape.WHEEL: "|~|",
}
FREE, RESERVED_CC = "-", "(reserved)"


def cells(preset: Preset) -> Iterator[tuple[Row, list[tuple[PhysicalControl, list[str]]]]]:
    """The rows, of at most `ACROSS` controls; with each control what it moves, a text per page."""
    for row in controller_of(preset).rows:
        for start in range(0, len(row.places), ACROSS):
            controls = row.places[start : start + ACROSS]
            yield row, [(control, moved_by(preset, control)) for control in controls]


def controller_of(preset: Preset) -> Controller:
    """The controller of a preset that is for one: the caller asked for its picture."""
    assert preset.controller is not None
    return preset.controller


def moved_by(preset: Preset, control: PhysicalControl) -> list[str]:
    """The targets that a control moves, on all pages or page by page; `FREE` if there are none."""
    layout = preset.layout

    def named(controls: Sequence[ControlSpec]) -> str:
        return " ".join(c.target for c in controls if control.is_of(c))

    always = named(layout.controls)
    if control in controller_of(preset).dead(layout):
        return [RESERVED_CC]
    if always or not layout.pages:
        return [always or FREE]
    return [named(page.controls) or FREE for page in layout.pages]


def picture_to_text(preset: Preset) -> str:
    """The picture in a terminal: a line of marks, of labels, and of targets for each page."""
    lines = []
    for row, controls in cells(preset):
        if row.name:
            lines.append(row.name)
        lines.append("".join(f"{MARKS[row.shape]:<{CELL_TEXT}}" for _ in controls).rstrip())
        lines.append("".join(f"{control.label:<{CELL_TEXT}}" for control, _ in controls).rstrip())
        for i in range(max(len(texts) for _, texts in controls)):
            line = "".join(
                f"{(texts[i] if i < len(texts) else ''):<{CELL_TEXT}}" for _, texts in controls
            )
            lines.append(line.rstrip())
        lines.append("")
    return "\n".join(lines).rstrip()


def picture_to_svg(preset: Preset) -> str:
    """The picture as SVG; the same preset gives the same text."""
    drawn: list[str] = []
    y, widest = MARGIN, 0
    for row, controls in cells(preset):
        if row.name:
            drawn.append(_text(MARGIN, y + LINE - 3, row.name, "row", "start"))
            y += LINE + 2
        deepest = max(len(texts) for _, texts in controls)
        for i, (control, texts) in enumerate(controls):
            middle = MARGIN + i * CELL + CELL // 2
            drawn.append(_SHAPES[row.shape](middle, y))
            drawn.append(_text(middle, y + TALL + LINE - 3, control.label, "number"))
            for j, text in enumerate(texts):
                style = "free" if text in {FREE, RESERVED_CC} else f"target page{j % 4}"
                drawn.append(_text(middle, y + TALL + (j + 2) * LINE - 3, text, style))
        widest = max(widest, len(controls))
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
