"""FamiStudio's text, with FamiTracker's tempo.

Written from FamiStudio's documentation (https://famistudio.org/doc/export/#famistudio-text), which
says that it reads texts of its own version only: this one says 4.5.0. Other versions of FamiStudio
read a module's .ftm and FamiTracker's text as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nesvae_live.chip.tracker.ftmtext import NAMES
from nesvae_live.chip.tracker.module import (
    HALT,
    NO_INSTRUMENT,
    RELEASE,
    Cell,
    Effect,
    Instrument,
    Kind,
    Module,
    Steps,
)

VERSION = "4.5.0"
CHANNELS = ("Square1", "Square2", "Triangle", "Noise", "DPCM")
ENVELOPES = {
    Kind.VOLUME: "Volume",
    Kind.ARPEGGIO: "Arpeggio",
    Kind.PITCH: "Pitch",
    Kind.DUTY: "DutyCycle",
}
PITCH_CENTRE = 0x80


def module_to_famistudio(module: Module) -> str:
    """The module's first track as text.

    Slides into a note begin at its own pitch here: FamiStudio slides from a note, not into one.
    """
    return "\n".join(_lines(module)) + "\n"


def _line(depth: int, what: str, **attributes: object) -> str:
    written = (
        f'{name}="{str(value).replace(chr(34), chr(34) * 2)}"' for name, value in attributes.items()
    )
    return "\t" * depth + " ".join((what, *written))


def _lines(module: Module) -> Iterator[str]:
    about = {"Name": module.title, "Author": module.artist, "Copyright": module.copyright}
    yield _line(0, "Project", Version=VERSION, TempoMode="FamiTracker", **about)
    named = {(s.kind, s.index): s for s in module.sequences}
    names = _names(module.instruments)
    for instrument in module.instruments:
        yield _line(1, "Instrument", Name=names[instrument.index])
        for kind, index in zip(Kind, instrument.sequences, strict=True):
            if index is not None and kind in ENVELOPES:
                yield _envelope(named[kind, index])
    track = module.tracks[0]
    jump = next(
        (p for pt in module.patterns for c in pt.cells for e, p in c.effects if e == Effect.JUMP), 0
    )
    stops = any(e == Effect.STOP for pt in module.patterns for c in pt.cells for e, _ in c.effects)
    yield _line(
        1,
        "Song",
        Name=track.name,
        Length=len(track.order),
        LoopPoint=-1 if stops else jump,
        PatternLength=track.rows,
        BeatLength=module.highlight[0],
        FamiTrackerTempo=track.tempo,
        FamiTrackerSpeed=track.speed,
    )
    patterns = {(p.channel, p.number): p for p in module.patterns if p.track == 0}
    for channel, name in enumerate(CHANNELS):
        yield _line(2, "Channel", Type=name)
        used = sorted({frame[channel] for frame in track.order})
        for number in used:
            yield _line(3, "Pattern", Name=f"Pattern {number + 1}")
            for cell in patterns[channel, number].cells if (channel, number) in patterns else ():
                note = _note(cell, names)
                if note is not None:
                    yield note
        for time, frame in enumerate(track.order):
            yield _line(3, "PatternInstance", Time=time, Pattern=f"Pattern {frame[channel] + 1}")


def _names(instruments: Sequence[Instrument]) -> dict[int, str]:
    """The instruments' names, each of which is there once."""
    names: dict[int, str] = {}
    for instrument in instruments:
        name = instrument.name
        names[instrument.index] = (
            name if name not in names.values() else f"{name} #{instrument.index}"
        )
    return names


def _envelope(steps: Steps) -> str:
    more: dict[str, object] = {}
    if steps.loop >= 0:
        more["Loop"] = steps.loop
    if steps.release >= 0 and steps.kind is Kind.VOLUME:
        more["Release"] = steps.release
    values = ",".join(map(str, steps.values))
    kind = ENVELOPES[steps.kind]
    return _line(2, "Envelope", Type=kind, Length=len(steps.values), **more, Values=values)


def _note(cell: Cell, names: dict[int, str]) -> str | None:
    effects = dict(cell.effects)
    said: dict[str, object] = {"Time": cell.row}
    if cell.note == HALT:
        said["Value"] = "Stop"
    elif cell.note == RELEASE:
        said["Value"] = "Release"
    elif cell.note:
        height = 12 * cell.octave + cell.note - 1
        height += (effects.get(Effect.NOTE_UP, 0) & 15) - (effects.get(Effect.NOTE_DOWN, 0) & 15)
        said["Value"] = f"{NAMES[height % 12].rstrip('-')}{height // 12}"
        if cell.instrument != NO_INSTRUMENT:
            said["Instrument"] = names[cell.instrument]
    if Effect.VIBRATO in effects:
        said["VibratoSpeed"] = effects[Effect.VIBRATO] >> 4
        said["VibratoDepth"] = effects[Effect.VIBRATO] & 15
    if Effect.PITCH in effects:
        said["FinePitch"] = effects[Effect.PITCH] - PITCH_CENTRE
    if Effect.DELAY in effects:
        said["NoteDelay"] = effects[Effect.DELAY]
    if Effect.CUT in effects:
        said["CutDelay"] = effects[Effect.CUT]
    return _line(4, "Note", **said) if len(said) > 1 else None
