"""Draws the rooms of the package and the ways through them, from the code as it is.

    python docs/architecture/draw.py

writes `rooms.svg` and `ways.svg` beside this file. A test compares them with what the code says, so
that they can't go stale.
"""

# ruff: noqa: INP001 - a script

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parents[1] / "nesvae_live"

BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y, MARGIN = 236, 62, 20, 40, 20
LINE_CHARACTERS, MOST_LINES = 37, 2

STYLE = """
svg { background: #fbf9f4; }
text { font: 12px system-ui, sans-serif; fill: #2b2b33; }
.name { font-weight: 600; font-size: 14px; }
.note { font-size: 10.5px; fill: #6a675f; }
rect { fill: #fff; stroke: #b9b2a3; rx: 6px; }
.arrow { fill: none; stroke: #0072b2; stroke-opacity: .55; stroke-width: 1.3; marker-end: url(#tip); }
"""
TIP = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
    'orient="auto"><path d="M0 0L8 4L0 8z" fill="#0072b2" fill-opacity=".7"/></marker></defs>'
)

WAYS: Mapping[str, Sequence[str]] = {
    "A CC to a note": (
        "io.midi.slot:Slot",
        "control.inputs:MidiIn",
        "engine.sequencer:Sequencer.step",
        "engine.dispatcher:Dispatcher",
        "control.surface:Surface",
        "control.takeover:ControlState",
        "control.inputs:SetKnob",
        "engine.live.state:LiveState.turn",
        "latent.space:assemble",
        "latent.decoding:Condition",
        "engine.phrases.requestbuilder:RequestBuilder",
        "model.song.songdecoder:SongDecoder.decode",
        "engine.phrases.phraseplayer:PhrasePlayer",
        "engine.phrases.schedule:Schedule",
        "engine.outputs:Outputs",
        "io.midi.sender:DeadlineSender.send",
    ),
    "A phrase to the ports": (
        "model.song.songdecoder:SongDecoder.decode",
        "latent.decoding:Decoded",
        "engine.phrases.request:Result",
        "engine.phrases.phraseplayer:PhrasePlayer.receive",
        "engine.phrases.placedphrase:PlacedPhrase",
        "engine.phrases.schedule:Placer",
        "engine.phrases.schedule:Schedule",
        "music.shaper:Shaper",
        "engine.outputs:Outputs",
        "io.midi.sender:DeadlineSender.send",
        "music.dialect:MidiSpeaker",
        "io.audio.renderer:Renderer.send",
        "chip.chipplayer:ChipPlayer",
        "chip.apu:Apu",
        "io.audio.mixer:Mixer",
        "io.audio.process:run",
    ),
    "A take to its replay": (
        "engine.sequencer:Sequencer.step",
        "log.entries:Entry",
        "take.recorder:Recorder.put",
        "log.tally:LogLines",
        "log.codec:entry_to_line",
        "take.growing:GrowingFile",
        "take.folder:read_jam",
        "log.jam:Jam",
        "take.replay:Replay",
        "engine.sequencer:Sequencer",
        "take.sound:SoundReplay",
        "take.replayfiles:replay_take",
    ),
}
"""Stations in order, as `module:name` below the package; each must exist."""


def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name without the package's."""
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def room_of(module: str, rooms: Sequence[str]) -> str:
    """The innermost room that a module lies in; empty for what lies beside the rooms."""
    inside = [room for room in rooms if module == room or module.startswith(room + ".")]
    return max(inside, key=len, default="")


def rooms_and_imports() -> tuple[dict[str, str], dict[str, set[str]]]:
    """Each room with the first sentence of its door sign, and the rooms that it imports from."""
    found = modules()
    signs = {
        name: sign_of(path)
        for name, path in found.items()
        if path.name == "__init__.py" and name != "__init__"
    }
    arrows: dict[str, set[str]] = {room: set() for room in signs}
    for name, path in found.items():
        here = room_of(name, list(signs))
        if not here:
            continue
        for target in imports(path, found):
            there = room_of(target, list(signs))
            if there and there != here:
                arrows[here].add(there)
    return signs, arrows


def sign_of(path: Path) -> str:
    """The first sentence of a module's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split()).split(". ")[0].rstrip(".")


def imports(path: Path, found: Mapping[str, Path]) -> Iterator[str]:
    """The modules of the package that a file imports anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("nesvae_live."):
            base = str(node.module).removeprefix("nesvae_live.")
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                yield whole if whole in found else base


def reduced(arrows: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """The arrows without those that follow from others (a room reaches all that its rooms reach)."""

    def below(room: str) -> set[str]:
        return set().union(*({there} | below(there) for there in arrows[room]))

    return {
        room: {there for there in into if not any(there in below(o) for o in into - {there})}
        for room, into in arrows.items()
    }


def floors(arrows: Mapping[str, set[str]]) -> list[list[str]]:
    """The rooms from the top floor down: a room stands above all that it imports from."""

    def height(room: str) -> int:
        return 1 + max((height(there) for there in arrows[room]), default=-1)

    heights = {room: height(room) for room in arrows}
    return [
        sorted(room for room, at in heights.items() if at == level)
        for level in range(max(heights.values()), -1, -1)
    ]


def draw_rooms() -> str:
    """The rooms as SVG."""
    signs, arrows = rooms_and_imports()
    levels = floors(arrows)
    wide = max(map(len, levels)) * (BOX_WIDTH + GAP_X) - GAP_X + 2 * MARGIN
    high = len(levels) * (BOX_HEIGHT + GAP_Y) - GAP_Y + 2 * MARGIN
    places = {}
    for y, level in enumerate(levels):
        row = len(level) * (BOX_WIDTH + GAP_X) - GAP_X
        for x, room in enumerate(level):
            left = (wide - row) // 2 + x * (BOX_WIDTH + GAP_X)
            places[room] = (left, MARGIN + y * (BOX_HEIGHT + GAP_Y))
    counts = dict.fromkeys(signs, 0)
    for name, path in modules().items():
        if path.name != "__init__.py" and (room := room_of(name, list(signs))):
            counts[room] += 1
    parts = []
    for room, into in sorted(reduced(arrows).items()):
        x, y = places[room]
        for there in sorted(into):
            tx, ty = places[there]
            a, b = (x + BOX_WIDTH // 2, y + BOX_HEIGHT), (tx + BOX_WIDTH // 2, ty)
            bend = (b[1] - a[1]) // 2
            parts.append(
                f'<path class="arrow" d="M{a[0]} {a[1]}C{a[0]} {a[1] + bend} '
                f'{b[0]} {b[1] - bend} {b[0]} {b[1]}"/>'
            )
    for room, (x, y) in sorted(places.items()):
        title = room.replace(".", "/") + "/"
        files = f"{counts[room]} file" + ("s" if counts[room] != 1 else "")
        parts.append(f'<rect x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}"/>')
        parts.append(f'<text class="name" x="{x + 10}" y="{y + 19}">{title}</text>')
        parts.append(
            f'<text class="note" x="{x + BOX_WIDTH - 10}" y="{y + 19}" text-anchor="end">{files}</text>'
        )
        for i, line in enumerate(wrapped(signs[room])):
            parts.append(
                f'<text class="note" x="{x + 10}" y="{y + 36 + 14 * i}">{escape(line)}</text>'
            )
    return svg(wide, high, parts)


def wrapped(text: str) -> list[str]:
    """At most two lines of a box."""
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + 1 + len(word) > LINE_CHARACTERS and lines[-1]:
            if len(lines) == MOST_LINES:
                lines[-1] += " …"
                break
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def draw_ways() -> str:
    """The three ways as SVG, a column each: a room is named where the way enters it."""
    signs, _ = rooms_and_imports()
    parts: list[str] = []
    high, width = 0, 300
    for column, (title, stations) in enumerate(WAYS.items()):
        x, y, before = MARGIN + column * (width + GAP_X), MARGIN + 14, ""
        parts.append(f'<text class="name" x="{x}" y="{y}">{escape(title)}</text>')
        for station in stations:
            module, _, name = station.partition(":")
            check_station(module, name)
            room = room_of(module, list(signs))
            y += 40 if room != before else 24
            if room != before:
                parts.append(
                    f'<text class="note" x="{x}" y="{y - 12}">{room.replace(".", "/")}/</text>'
                )
            file = module.removeprefix(room + ".")
            parts.append(
                f'<text x="{x + 14}" y="{y + 4}">{file}'
                f'<tspan class="note" dx="6">{escape(name)}</tspan></text>'
            )
            before = room
        high = max(high, y)
    return svg(3 * (width + GAP_X) - GAP_X + 2 * MARGIN, high + MARGIN, parts)


def check_station(module: str, name: str) -> None:
    """Raise AttributeError or ImportError for a station that isn't there."""
    found = importlib.import_module(f"nesvae_live.{module}")
    for part in name.split("."):
        found = getattr(found, part)


def svg(wide: int, high: int, parts: Sequence[str]) -> str:
    """A whole file."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}">'
    return "\n".join([head, f"<style>{STYLE}</style>", TIP, *parts, "</svg>", ""])


PICTURES = {"rooms.svg": draw_rooms, "ways.svg": draw_ways}

if __name__ == "__main__":
    for file, draw in PICTURES.items():
        (HERE / file).write_text(draw(), encoding="utf-8")
