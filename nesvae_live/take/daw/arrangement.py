"""A jam as every DAW sees one: tracks of notes, a tempo map, markers, knobs, stretches of sound.

Positions are beats (quarter notes) from the jam's beat 0, a bar line, unless a name says seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from nesvae_live.clock.timing import EPSILON, Meter, MeterSince
from nesvae_live.control.gestureinputs import GoRound, SetAuto, SetHold
from nesvae_live.latent.attributes import ATTRIBUTES
from nesvae_live.latent.knobs import SOUND_KNOBS
from nesvae_live.log.entries import Heard, Metered, Noted, Placed, Posed, Sent, Spliced, Turned
from nesvae_live.log.jam import Jam
from nesvae_live.music.dialect import MidiSpeaker
from nesvae_live.music.events import NoteOn, Shape
from nesvae_live.music.voices import CHANNELS, VOICES, Voice

SAME_TEMPO = 1e-6
"""Beats a minute within which two tempi are one."""

RECALL, MORPH, MARK = "recall ", "morph ", "mark"
"""How texts in the log begin: why all settings changed, and that somebody set a mark."""

KNOBS_CHANNEL = 15
"""The channel of the track of knobs, 0-based: the one farthest from the notes."""

KNOB_CC = {a.name: 20 + i for i, a in enumerate(ATTRIBUTES)} | {
    f"style{i}": 101 + i for i in range(1, 9)
}
KNOB_CC |= {knob.name: 110 + i for i, knob in enumerate(SOUND_KNOBS)}
"""Controllers of the track of knobs, as in the default preset; 102 to 119 are undefined in MIDI."""


@dataclass(frozen=True, slots=True)
class TrackNote:
    """A note: MIDI key and velocity, from beat `start` to beat `end`."""

    key: int
    velocity: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Track:
    """A voice's notes on a MIDI channel (0-based), and its controllers: number -> (beat, 0..127)."""

    name: str
    channel: int
    notes: tuple[TrackNote, ...]
    controls: Mapping[int, tuple[tuple[float, int], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Sound from beat `start` to beat `end` without a break: (beat, second of the sound) pairs.

    Between two of `points` the tempo is constant.
    """

    points: tuple[tuple[float, float], ...]

    @property
    def start(self) -> float:
        """Its first beat."""
        return self.points[0][0]

    @property
    def end(self) -> float:
        """Its last beat."""
        return self.points[-1][0]


@dataclass(frozen=True)
class Arrangement:
    """A jam, as a DAW sees it.

    Where the clock that it followed stood still, the sound goes on and the beats don't: `stretches`
    leave that out. `tempi` are (beat, beats a minute), the first at 0, each until the next; so are
    the `meters`, each from a bar line on. `bars` are counted in the first of them.
    """

    title: str
    meters: tuple[tuple[float, Meter], ...]
    bars: int
    beats_per_bar: float
    tempi: tuple[tuple[float, float], ...]
    markers: tuple[tuple[float, str], ...]
    tracks: tuple[Track, ...]
    knobs: Mapping[str, tuple[tuple[float, float], ...]]
    stretches: tuple[Stretch, ...]

    @property
    def end(self) -> float:
        """The bar line after the last note, in beats."""
        return self.bars * self.beats_per_bar

    @property
    def meter(self) -> Meter:
        """The first metre."""
        return self.meters[0][1]

    def seconds(self, beat: float) -> float:
        """When a beat falls by the tempo map, in seconds after beat 0."""
        total = 0.0
        for (start, tempo), (end, _) in pairwise((*self.tempi, (float("inf"), 0.0))):
            total += max(0.0, min(beat, end) - start) * 60.0 / tempo
        return total


def jam_to_arrangement(jam: Jam) -> Arrangement:
    """See a jam as a DAW does."""
    opened, stretches = jam.opened, tuple(_stretches(jam))
    notes = jam.notes()
    voices = [spec.voice for spec in VOICES]
    voices += [Voice.NO] if any(note.voice is Voice.NO for note in notes) else []
    return Arrangement(
        title=f"nesvae_live {opened.started}",
        meters=meters(jam),
        bars=jam.bars(),
        beats_per_bar=opened.beats_per_bar,
        tempi=tempi(jam, stretches),
        markers=markers(jam),
        tracks=tuple(_track(jam, voice) for voice in voices),
        knobs=_knobs(jam),
        stretches=stretches,
    )


def meters(jam: Jam) -> tuple[tuple[float, Meter], ...]:
    """Every change of the metre: the bar line from which on it holds, and which; the first at 0."""
    first = Meter.parse(jam.opened.meter)
    found: dict[float, Meter] = {0.0: MeterSince(*first.parts)}
    for entry in jam.entries:
        if isinstance(entry, Metered) and entry.beat >= 0.0:
            parts = Meter.parse(entry.meter).parts
            found = {beat: meter for beat, meter in found.items() if beat < entry.beat}
            before = found[max(found)] if found else first
            found[entry.beat] = MeterSince.after(before, parts, entry.beat)
    return tuple(found.items())


def tempi(jam: Jam, stretches: Sequence[Stretch]) -> tuple[tuple[float, float], ...]:
    """Every change of tempo: its beat, and beats a minute; the first at beat 0.

    They are those of the sound, from one point of a stretch to the next, so that in a DAW with this
    tempo map the sound lies on its beats as it is.
    """
    found: list[tuple[float, float]] = []
    for stretch in stretches:
        for (beat, second), (after, later) in pairwise(stretch.points):
            tempo = 60.0 * (after - beat) / (later - second)
            if not found or abs(found[-1][1] - tempo) > SAME_TEMPO:
                found.append((beat if found else 0.0, tempo))
    return tuple(found) or ((0.0, jam.opened.tempo),)


def is_early(jam: Jam) -> bool:
    """Whether a version recorded it whose MIDI files said less; those stay as they are."""
    return "midi_cc" not in jam.opened.settings


def markers(jam: Jam) -> tuple[tuple[float, str], ...]:
    """From which beats on recalled snapshots are heard, morphs go, and where marks were set.

    Of `hold`, `auto` and `round` those have one that were asked for by name, on the panel or by
    `ctl`: a controller's are in the log as its own messages.
    """
    found: list[tuple[float, str]] = []
    recalled = None  # the index of a recall that is not heard yet
    why, early = "", is_early(jam)
    for entry in jam.entries:
        before, why = why, entry.why if isinstance(entry, Posed) else why
        if isinstance(entry, Posed) and why.startswith(MORPH) and why != before and not early:
            found.append((jam.beat_at(entry.at), why.replace(MORPH, "morph to ")))
        if isinstance(entry, Heard) and not early and (text := _switched(entry)):
            found.append((jam.beat_at(entry.at), text))
        if isinstance(entry, Posed) and entry.why.startswith(RECALL):
            recalled = len(found)
            found.append((jam.beat_at(entry.at), entry.why))
        elif isinstance(entry, Placed | Spliced) and recalled is not None:
            found[recalled] = (entry.beat, found[recalled][1])
            recalled = None
        elif isinstance(entry, Noted) and entry.text.startswith(MARK):
            found.append((jam.beat_at(entry.at), entry.text.removeprefix(MARK).strip() or MARK))
    return tuple((max(0.0, beat), text) for beat, text in found)


def _switched(entry: Heard) -> str | None:
    match entry.input:
        case SetHold(hold=on):
            what = "hold"
        case SetAuto(on=on):
            what = "auto"
        case GoRound(on=on):
            what = "round"
        case _:
            return None
    return f"{what} {'on' if on else 'off'}"


def _track(jam: Jam, voice: Voice) -> Track:
    speaker = MidiSpeaker(jam.opened.dialect)
    notes = []
    for note in jam.notes():
        if note.voice is voice:
            ((_, key, velocity),) = speaker.messages(NoteOn(voice, note.note, note.velocity))
            notes.append(TrackNote(key, velocity, note.start, note.end))
    controls: dict[int, list[tuple[float, int]]] = {}
    for entry in jam.sent:
        if not isinstance(entry, Sent) or entry.event.voice is not voice:
            continue
        if isinstance(entry.event, Shape):
            for _, control, value in speaker.messages(entry.event):
                controls.setdefault(control, []).append((max(0.0, entry.beat), value))
    return Track(
        voice.name,
        CHANNELS[voice],
        tuple(notes),
        {control: tuple(points) for control, points in sorted(controls.items())},
    )


def _knobs(jam: Jam) -> dict[str, tuple[tuple[float, float], ...]]:
    """Where each knob that has a controller was turned to; where it was released, nothing."""
    found: dict[str, list[tuple[float, float]]] = {}
    for entry in jam.entries:
        if isinstance(entry, Turned) and entry.value is not None and entry.knob in KNOB_CC:
            beat = max(0.0, jam.beat_at(entry.at))
            found.setdefault(entry.knob, []).append((beat, entry.value))
    return {knob: tuple(sorted(points)) for knob, points in found.items()}


def _stretches(jam: Jam) -> Iterator[Stretch]:
    """The stretches over which the clock ran, up to the bar line after the last note."""
    last = jam.bars() * jam.opened.beats_per_bar
    points: list[tuple[float, float]] = []
    for line, after in pairwise((*jam.lines, None)):
        assert line is not None  # only the last is
        if not line.runs:
            continue
        _append(points, max(line.beat, 0.0), max(line.at, 0.0))
        if after is None or not after.runs or after.beat >= last:
            end = last if after is None else min(after.beat, last)
            _append(points, end, line.at + (end - line.beat) * line.beat_seconds)
            if len(points) > 1:
                yield Stretch(tuple(points))
            points = []
        if after is not None and after.beat >= last:
            return


def _append(points: list[tuple[float, float]], beat: float, second: float) -> None:
    """Add a point, unless it is no later than the last one."""
    if not points or (beat > points[-1][0] + EPSILON and second > points[-1][1] + EPSILON):
        points.append((beat, second))
