"""A jam in a terminal: a piano roll of Braille dots, a line for each knob, and its figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from nesvae_live.log.entries import Closed, Decoded, Noted, Placed, Spliced, Turned
from nesvae_live.log.jam import Jam, Note
from nesvae_live.music.voices import Voice

BLANK = 0x2800
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot of a Braille character: four rows of two."""

COLOURS = {Voice.TR: "32", Voice.P2: "33", Voice.P1: "34", Voice.NO: "90"}
"""ANSI colours; where voices share a character, the later one here has its colour."""

LEVELS = "▁▂▃▄▅▆▇█"
LABEL = 13
"""Characters before a line, for its label."""


def jam_to_text(jam: Jam, width: int, *, colour: bool = False) -> list[str]:
    """Draw a jam in lines of at most `width` characters."""
    columns = max(4, width - LABEL)
    beats = jam.bars() * jam.opened.beats_per_bar
    notes = [note for note in jam.notes() if note.voice is not Voice.NO]
    return [
        _ruler(jam.first_bar, jam.bars(), columns),
        *_roll(notes, columns, beats, colour=colour),
        *(
            f"{knob:>{LABEL - 2}}  {line}".rstrip()
            for knob, line in _knobs(jam, columns, beats).items()
        ),
    ]


def _ruler(first: int, bars: int, columns: int) -> str:
    """The numbers of the bars, where there is room for them."""
    line = [" "] * columns
    free = 0
    for bar in range(bars):
        at, text = bar * columns // bars, str(first + bar)
        if at >= free and at + len(text) <= columns:
            line[at : at + len(text)] = text
            free = at + len(text) + 3
    return " " * LABEL + "".join(line).rstrip()


def _roll(notes: list[Note], columns: int, beats: float, *, colour: bool) -> Iterable[str]:
    if not notes:
        return [" " * LABEL + "no notes"]
    lowest = min(note.note for note in notes) // 4 * 4
    rows = (max(note.note for note in notes) - lowest) // 4 + 1
    dots = [[0] * columns for _ in range(rows)]
    inks = [[""] * columns for _ in range(rows)]
    for note in sorted(notes, key=lambda note: list(COLOURS).index(note.voice)):
        row, dot = divmod(note.note - lowest, 4)
        first = int(note.start / beats * columns * 2)
        for x in range(first, max(first + 1, int(note.end / beats * columns * 2))):
            if x < 2 * columns:
                dots[row][x // 2] |= DOTS[3 - dot][x % 2]
                inks[row][x // 2] = COLOURS[note.voice]
    lines = []
    for row in reversed(range(rows)):
        cells = (
            _inked(chr(BLANK + bits), ink if colour else "")
            for bits, ink in zip(dots[row], inks[row], strict=True)
        )
        lines.append(f"{lowest + 4 * row:>{LABEL - 2}}  " + "".join(cells))
    return lines


def _inked(text: str, ink: str) -> str:
    return f"\x1b[{ink}m{text}\x1b[0m" if ink else text


def _knobs(jam: Jam, columns: int, beats: float) -> dict[str, str]:
    """A line for each knob that was turned: its height, and nothing where it was untouched."""
    lines: dict[str, list[str]] = {}
    for entry in jam.entries:
        if not isinstance(entry, Turned):
            continue
        line = lines.setdefault(entry.knob, [" "] * columns)
        at = min(max(int(jam.beat_at(entry.at) / beats * columns), 0), columns - 1)
        level = " " if entry.value is None else LEVELS[min(7, int(8 * entry.value))]
        line[at:] = level * (columns - at)
    return {knob: "".join(line) for knob, line in lines.items()}


def jam_to_figures(jam: Jam) -> dict[str, str]:
    """The figures of a jam, name -> text, in the order in which they are shown."""
    opened, entries = jam.opened, jam.entries
    seconds = jam.time_of(jam.end_beat())
    tempi = sorted({round(60.0 / line.beat_seconds, 1) for line in jam.lines if line.runs})
    tempo = f"{tempi[0]:g}" if len(tempi) < 2 else f"{tempi[0]:g} to {tempi[-1]:g}"
    struck = Counter(note.voice for note in jam.notes())
    took = sorted(e.seconds for e in entries if isinstance(e, Decoded | Spliced))
    repeats = sum(isinstance(e, Placed) and e.repeat for e in entries)
    figures = {
        "begun": opened.started,
        "length": f"{int(seconds // 60)}:{seconds % 60:04.1f}, {jam.bars()} bars of {opened.meter}",
        "tempo": f"{tempo} BPM",
        "played with": f"{opened.checkpoint}, preset {opened.preset}, seed {opened.seed}",
        "notes": ", ".join(f"{voice.name} {struck[voice]}" for voice in Voice if struck[voice]),
        "phrases": f"{sum(isinstance(e, Decoded) for e in entries)}, "
        f"{sum(isinstance(e, Spliced) for e in entries)} tails, {repeats} repeated",
        "knobs": str(sum(isinstance(e, Turned) for e in entries)) + " turns",
    }
    if took:
        p50, worst = took[len(took) // 2] * 1e3, took[-1] * 1e3
        figures["decode"] = f"{p50:.1f} ms in the middle, {worst:.1f} at most"
    noted = [e.text for e in entries if isinstance(e, Noted)]
    figures |= {f"note {n}": text for n, text in enumerate(noted[:8], 1)}
    closed = next((e for e in entries if isinstance(e, Closed)), None)
    figures["ended"] = closed.why if closed else "it was not closed"
    return figures
