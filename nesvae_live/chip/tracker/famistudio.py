"""FamiStudio's text, with FamiTracker's tempo.

Written from FamiStudio's documentation (https://famistudio.org/doc/export/#famistudio-text) and, where
that is silent, from what its own import makes of FamiTracker's modules (its source is MIT). It reads
texts of its own version only: this one says 4.5.0. Notes have durations there, a release goes on from
the value behind the last one that is held, and a slide leads from a note to another. A tempo that
changes has no line: FamiStudio has none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from nesvae_live.chip.registers import note_to_period
from nesvae_live.chip.tracker.ftmtext import NAMES
from nesvae_live.chip.tracker.module import (
    HALT,
    LOWEST_OCTAVE_NOTE,
    NO_INSTRUMENT,
    RELEASE,
    Cell,
    Effect,
    Instrument,
    Kind,
    Module,
    Steps,
    Track,
)
from nesvae_live.music.voices import Voice

VERSION = "4.5.0"
CHANNELS = ("Square1", "Square2", "Triangle", "Noise", "DPCM")
ENVELOPES = {
    Kind.VOLUME: "Volume",
    Kind.ARPEGGIO: "Arpeggio",
    Kind.PITCH: "Pitch",
    Kind.DUTY: "DutyCycle",
}
PITCH_CENTRE = 0x80
VIBRATO_SPEEDS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 11, 11, 11, 12)
"""Its speeds of vibrato that come nearest to FamiTracker's."""
NOISE_OCTAVES = 31
"""How many semitones above C0 it has the lowest of the noise's pitches."""

Place = tuple[int, int]
"""A pattern's number and a row in it."""


def module_to_famistudio(module: Module) -> str:
    """The module's first track as text."""
    return "\n".join(_lines(module)) + "\n"


def _line(depth: int, what: str, **attributes: object) -> str:
    written = (
        f'{name}="{str(value).replace(chr(34), chr(34) * 2)}"' for name, value in attributes.items()
    )
    return "\t" * depth + " ".join((what, *written))


def _lines(module: Module) -> Iterator[str]:
    about = {"Name": module.title, "Author": module.artist, "Copyright": module.copyright}
    said = {name: text for name, text in about.items() if text}
    yield _line(0, "Project", Version=VERSION, TempoMode="FamiTracker", **said)
    named = {(s.kind, s.index): s for s in module.sequences}
    names = _names(module.instruments)
    for instrument in module.instruments:
        yield _line(1, "Instrument", Name=names[instrument.index])
        for kind, index in zip(Kind, instrument.sequences, strict=True):
            if index is not None and kind in ENVELOPES:
                yield _envelope(named[kind, index])
    track = module.tracks[0]
    effects = dict(e for pt in module.patterns for c in pt.cells for e in c.effects)
    yield _line(
        1,
        "Song",
        Name=track.name,
        Length=len(track.order),
        LoopPoint=-1 if Effect.STOP in effects else effects.get(Effect.JUMP, 0),
        PatternLength=track.rows,
        BeatLength=module.highlight[0],
        FamiTrackerTempo=track.tempo,
        FamiTrackerSpeed=track.speed,
    )
    for channel, name in enumerate(CHANNELS):
        yield _line(2, "Channel", Type=name)
        cells = {
            (pattern.number, cell.row): cell
            for pattern in module.patterns
            if pattern.track == 0 and pattern.channel == channel
            for cell in pattern.cells
        }
        written = _Channel(channel, track, cells).notes(names)
        for number in sorted({frame[channel] for frame in track.order}):
            yield _line(3, "Pattern", Name=f"Pattern {number + 1}")
            for row, said_of_note in sorted(written[number].items()):
                yield _line(4, "Note", Time=row, **said_of_note)
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
    loop, release = steps.loop, steps.release if steps.kind is Kind.VOLUME else -1
    more: dict[str, object] = {}
    if loop >= 0 or release >= 0:  # what waits is a loop of one value
        more["Loop"] = loop if loop >= 0 else release
    if release >= 0:
        more["Release"] = release + 1
    if steps.kind is Kind.PITCH:
        more["Relative"] = "True"
    values = ",".join(map(str, steps.values))
    kind = ENVELOPES[steps.kind]
    return _line(2, "Envelope", Type=kind, Length=len(steps.values), **more, Values=values)


class _Channel:
    """A channel's notes, whose durations are those of the longest of their pattern's instances."""

    def __init__(self, channel: int, track: Track, cells: dict[Place, Cell]) -> None:
        self._voice = channel
        self._speed = track.speed
        self._cells = cells
        self._durations: dict[Place, int] = {}
        self._releases: dict[Place, int] = {}
        self._orphans: set[Place] = set()
        rows = [
            (i * track.rows + row, (frame[channel], row))
            for i, frame in enumerate(track.order)
            for row in range(track.rows)
            if (frame[channel], row) in cells
        ]
        sounding: tuple[int, Place] | None = None
        ends: list[tuple[Place, int, Place]] = []
        for at, place in rows:
            note = cells[place].note
            if note == RELEASE and sounding:
                self._releases.setdefault(sounding[1], at - sounding[0])
            elif note == HALT or 1 <= note <= 12:
                if sounding:
                    begun, of = sounding
                    self._durations[of] = max(self._durations.get(of, 0), at - begun)
                    ends.append((of, at - begun, place))
                elif note == HALT:
                    self._orphans.add(place)
                sounding = None if note == HALT else (at, place)
        if sounding:
            begun, of = sounding
            last = len(track.order) * track.rows - begun
            self._durations[of] = max(self._durations.get(of, 0), last)
        self._orphans |= {
            place
            for of, lasted, place in ends
            if cells[place].note == HALT and lasted != self._durations[of]
        }

    def notes(self, names: dict[int, str]) -> dict[int, dict[int, dict[str, object]]]:
        """The attributes of every note, by pattern and row."""
        written: dict[int, dict[int, dict[str, object]]] = defaultdict(dict)
        for (number, row), cell in self._cells.items():
            said = self._value((number, row), cell, names) | _effects(cell)
            if "SlideTarget" in said:
                self._slide(written[number], row, said, dict(cell.effects))
            there = written[number].get(row, {})
            if there | said:
                written[number][row] = there | said
        return written

    def _value(self, place: Place, cell: Cell, names: dict[int, str]) -> dict[str, object]:
        if cell.note == HALT:
            return {"Value": "Stop"} if place in self._orphans else {}
        if not 1 <= cell.note <= 12:
            return {}
        height = 12 * cell.octave + cell.note - 1
        if self._voice == Voice.NO:
            height = (height & 15) + NOISE_OCTAVES
        said: dict[str, object] = {"Value": _name(height), "Duration": self._durations[place]}
        if place in self._releases:
            said["Release"] = self._releases[place]
        if cell.instrument != NO_INSTRUMENT:
            said["Instrument"] = names[cell.instrument]
        effects = dict(cell.effects)
        up, down = (effects.get(e, 0) & 15 for e in (Effect.NOTE_UP, Effect.NOTE_DOWN))
        if up or down:
            said["SlideTarget"] = _name(height + up - down)
        return said

    def _slide(
        self,
        pattern: dict[int, dict[str, object]],
        row: int,
        said: dict[str, object],
        effects: dict[int, int],
    ) -> None:
        """End a slide after as many rows as it lasts, with a note that isn't struck."""
        parameter = effects.get(Effect.NOTE_UP, effects.get(Effect.NOTE_DOWN, 0))
        way = 1 if Effect.NOTE_UP in effects else -1
        height = NAMES_OF[str(said["Value"])] + LOWEST_OCTAVE_NOTE - 12 * (self._voice == Voice.TR)
        voice = Voice(self._voice)
        begins, ends = (note_to_period(voice, height + way * n) for n in (0, parameter & 15))
        ticks = abs(ends - begins) / (2 * (parameter >> 4) + 1) + effects.get(Effect.DELAY, 0)
        rows = max(1, round(ticks / self._speed))
        duration = int(str(said["Duration"]))
        if rows >= duration:
            return
        said["Duration"] = rows
        then = {"Value": said["SlideTarget"], "Duration": duration - rows, "Attack": "False"}
        release = said.pop("Release", None)
        if release is not None:
            then["Release"] = max(1, int(str(release)) - rows)
        if "Instrument" in said:
            then["Instrument"] = said["Instrument"]
        pattern[row + rows] = pattern.get(row + rows, {}) | then


def _name(height: int) -> str:
    return f"{NAMES[height % 12].rstrip('-')}{height // 12}"


NAMES_OF = {_name(height): height for height in range(96)}


def _effects(cell: Cell) -> dict[str, object]:
    effects = dict(cell.effects)
    said: dict[str, object] = {}
    if Effect.VIBRATO in effects:
        said["VibratoSpeed"] = VIBRATO_SPEEDS[effects[Effect.VIBRATO] >> 4]
        said["VibratoDepth"] = effects[Effect.VIBRATO] & 15
    if Effect.PITCH in effects:
        said["FinePitch"] = PITCH_CENTRE - effects[Effect.PITCH]
    if Effect.DELAY in effects:
        said["NoteDelay"] = effects[Effect.DELAY]
    if Effect.CUT in effects:
        said["CutDelay"] = effects[Effect.CUT]
    return said
