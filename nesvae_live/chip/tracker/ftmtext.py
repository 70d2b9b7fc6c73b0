"""FamiTracker's text, as it exports and imports it from version 0.4.2 on.

Written from texts that FamiTracker exported, beside the modules that they were exported from.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from nesvae_live.chip.tracker.module import (
    CHANNELS,
    HALT,
    LETTERS,
    NO_INSTRUMENT,
    NO_VOLUME,
    RELEASE,
    Cell,
    Instrument,
    Kind,
    Module,
    Steps,
)

FIRST_LINE = "# FamiTracker text export 0.4.2"
NAMES = ("C-", "C#", "D-", "D#", "E-", "F-", "F#", "G-", "G#", "A-", "A#", "B-")
NOISE_CHANNEL = 3
NO_EFFECT = "..."


def module_to_text(module: Module) -> str:
    """The module as text; DPCM samples are left out.

    Patterns without anything in them are left out, as FamiTracker does.
    """
    return "\n".join(_lines(module)) + "\n"


def _lines(module: Module) -> Iterator[str]:
    yield from (FIRST_LINE, "", "# Song information")
    yield f"TITLE           {_quoted(module.title)}"
    yield f"AUTHOR          {_quoted(module.artist)}"
    yield f"COPYRIGHT       {_quoted(module.copyright)}"
    yield from ("", "# Song comment", 'COMMENT ""', "", "# Global settings")
    yield f"MACHINE         {module.machine}"
    yield f"FRAMERATE       {module.fps}"
    yield "EXPANSION       0"
    yield f"VIBRATO         {module.vibrato}"
    yield f"SPLIT           {module.split}"
    yield from ("", "# Macros")
    for steps in sorted(module.sequences, key=lambda s: (s.kind, s.index)):
        numbers = (
            f"{steps.kind:>7}{steps.index:>4}{steps.loop:>4}{steps.release:>4}{steps.setting:>4}"
        )
        yield f"MACRO {numbers} : {' '.join(map(str, steps.values))}"
    yield from ("", "# DPCM samples", "", "# Instruments")
    for instrument in module.instruments:
        numbers = "".join(f"{-1 if i is None else i:>4}" for i in instrument.sequences)
        yield f"INST2A03 {instrument.index:>3}  {numbers} {_quoted(instrument.name)}"
    yield from ("", "# Tracks")
    for number, track in enumerate(module.tracks):
        yield from (
            "",
            f"TRACK {track.rows:>3} {track.speed:>3} {track.tempo:>3} {_quoted(track.name)}",
        )
        yield f"COLUMNS : {' '.join(map(str, track.columns))}"
        yield ""
        for i, frame in enumerate(track.order):
            yield f"ORDER {i:02X} : {' '.join(f'{pattern:02X}' for pattern in frame)}"
        yield ""
        cells = {
            (p.number, p.channel, c.row): c
            for p in module.patterns
            if p.track == number
            for c in p.cells
        }
        for pattern in sorted({pattern for pattern, _, _ in cells}):
            yield f"PATTERN {pattern:02X}"
            for row in range(track.rows):
                there = (
                    cells.get((pattern, channel, row), Cell(row)) for channel in range(CHANNELS)
                )
                written = (
                    _cell(c, channel, track.columns[channel]) for channel, c in enumerate(there)
                )
                yield f"ROW {row:02X} : {' : '.join(written)}"
            yield ""
    yield "# End of export"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _cell(cell: Cell, channel: int, columns: int) -> str:
    note = "..."
    if cell.note == HALT:
        note = "---"
    elif cell.note == RELEASE:
        note = "==="
    elif cell.note and channel == NOISE_CHANNEL:
        note = f"{12 * cell.octave + cell.note - 1 & 15:X}-#"
    elif cell.note:
        note = f"{NAMES[cell.note - 1]}{cell.octave}"
    instrument = ".." if cell.instrument == NO_INSTRUMENT else f"{cell.instrument:02X}"
    volume = "." if cell.volume == NO_VOLUME else f"{cell.volume:X}"
    effects = [
        f"{LETTERS[effect - 1]}{parameter:02X}" if effect else NO_EFFECT
        for effect, parameter in cell.effects
    ]
    effects += [NO_EFFECT] * (columns - len(effects))
    return " ".join((note, instrument, volume, *effects[:columns]))


def text_to_instruments(text: str) -> Module:
    """The instruments of the 2A03 and their sequences; the rest of a text is passed over.

    Raises:
        ValueError: it is no such text, or one of its lines can't be read.
    """
    if not text.lstrip("\ufeff").startswith("# FamiTracker text export"):
        raise ValueError("it isn't FamiTracker's text: it doesn't begin as one")
    sequences: list[Steps] = []
    instruments: list[Instrument] = []
    for number, line in enumerate(text.splitlines(), 1):
        word = line.split(" ", 1)[0]
        try:
            if word == "MACRO":
                head, _, values = line.partition(":")
                kind, index, loop, release, setting = map(int, head.split()[1:])
                held = tuple(map(int, values.split()))
                sequences.append(Steps(Kind(kind), index, held, loop, release, setting))
            elif word == "INST2A03":
                _, index_, *used, name = shlex.split(line.replace('""', '\\"'))
                volume, arpeggio, pitch, hi_pitch, duty = (
                    None if int(i) < 0 else int(i) for i in used
                )
                chosen = (volume, arpeggio, pitch, hi_pitch, duty)
                instruments.append(Instrument(int(index_), name, chosen))
        except ValueError:
            raise ValueError(f"line {number} can't be read: {line[:60]!r}") from None
    return Module(instruments=instruments, sequences=sequences)
