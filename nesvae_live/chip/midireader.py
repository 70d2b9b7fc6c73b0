"""Reads MIDI files: as a timeline for the chip, as parts for any instruments, or as tuples."""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable
from io import BytesIO

import mido
from mido.midifiles.meta import KeySignatureError

from nesvae_live.chip.nesmidi import (
    BEAT_MICROSECONDS,
    TIMBRE_CC,
    TRACKS,
    VELOCITY_CC,
    MidiControl,
    MidiNote,
    check_notes,
    notes_to_changes,
)
from nesvae_live.chip.registers import VELOCITIES
from nesvae_live.chip.timeline import Timeline
from nesvae_live.chip.vgm.registerlog import VGM_RATE
from nesvae_live.music.dialect import drum_to_noise
from nesvae_live.music.events import velocity_to_volume
from nesvae_live.music.metre.place import TICKS_PER_BEAT
from nesvae_live.music.parts import Part, PartNote, parts_to_played
from nesvae_live.music.phrase import STEPS_PER_SECOND, Ints
from nesvae_live.music.voicenotes import played_to_tuples
from nesvae_live.music.voices import Voice

LOWEST_DRUM = 27
"""The lowest of General MIDI's drums (level 2); the noise's own notes end at 16."""

TICKS_TEMPO = 60.0 * STEPS_PER_SECOND / TICKS_PER_BEAT
"""Beats a minute at which a tick is as long as a step."""

LONGEST_SECONDS = 4 * 3600.0
"""The longest music that is encoded; more is no piece, and would fill the memory."""

VOICE_BY_NAME = {spec.name: spec.voice for spec in TRACKS}
VOICE_BY_CHANNEL = {spec.channel: spec.voice for spec in TRACKS}


def midi_to_timeline(data: bytes) -> Timeline:
    """Read a MIDI file of nesmdb's, ours or another origin; times are rounded to 44.1 kHz.

    A track named p1, p2, tr or no (in any case) is that voice, and so is what other tracks have on
    MIDI channel 1, 2, 3 or 10. If no velocity and no CC 11 is above 15, they are the chip's own;
    otherwise they are MIDI's, up to 127, as the live chip takes them, and General MIDI's drums
    become the noise's. Volume 0 is silence. A voice plays one note at a time, the newest. Raises
    ValueError, in one line, for a file that isn't MIDI, for a note or timbre that a voice lacks,
    and if there is no note for the chip.
    """
    file = _parse(data)
    to_sample = _tempo_map(file)
    gathered = _Gathered(file)
    notes, controls = gathered.notes, gathered.controls
    if not notes:
        raise ValueError(
            "MIDI file has no note for the chip: none in a track named p1, p2, tr or no, "
            "none on channel 1, 2, 3 or 10"
        )
    for note in notes:
        note.start, note.end = to_sample(note.start), to_sample(note.end)
    for control in controls:
        control.at = to_sample(control.at)
    general = _loudest(notes, controls) >= VELOCITIES
    for note in notes:
        if general and note.voice is Voice.NO and note.note >= LOWEST_DRUM:
            note.note = drum_to_noise(note.note)
    check_notes(notes, controls)
    last = max(note.end for note in notes)
    mark = to_sample(max(gathered.marks, default=0))
    nsamps = mark if mark >= last else to_sample(gathered.end)
    volume = _midi_volume if general else int
    changes = [c for voice in Voice for c in notes_to_changes(voice, notes, controls, volume)]
    changes = [change for change in changes if change.sample < nsamps]
    changes.sort(key=lambda change: (change.sample, change.voice))
    return Timeline(VGM_RATE, nsamps, tuple(changes))


def midi_to_parts(data: bytes, steady: float | None = None) -> list[Part]:
    """Read a MIDI file for any instruments: every track's notes, channel by channel.

    With a `steady` tempo, in beats a minute, it is read as if played at that one throughout.

    Raises ValueError, in one line, for a file that isn't MIDI, and if it has no note.
    """
    file = _parse(data)
    to_sample = _tempo_map(file) if steady is None else _steady_map(file, steady)
    parts: list[Part] = []
    for track in file.tracks:
        notes: dict[int, list[PartNote]] = defaultdict(list)
        sounding: dict[tuple[int, int], list[int]] = defaultdict(list)
        tick = 0
        for message in track:
            tick += message.time
            if message.type not in {"note_on", "note_off"}:
                continue
            waiting = sounding[message.channel, message.note]
            if message.type == "note_on" and message.velocity:
                waiting.append(tick)
            elif waiting:
                notes[message.channel].append(
                    _part_note(message.note, waiting.pop(0), tick, to_sample)
                )
        for (
            channel,
            note,
        ), waiting in sounding.items():  # a note that is never ended ends with its track
            notes[channel] += [_part_note(note, start, tick, to_sample) for start in waiting]
        name = " ".join(track.name.split())
        parts += [Part(name, channel, tuple(found)) for channel, found in sorted(notes.items())]
    if not any(part.notes for part in parts):
        raise ValueError("MIDI file has no note in it")
    return parts


def _part_note(note: int, start: int, end: int, to_sample: Callable[[int], int]) -> PartNote:
    return PartNote(note, to_sample(start) / VGM_RATE, to_sample(end) / VGM_RATE)


def _parse(data: bytes) -> mido.MidiFile:
    if data[:4] != b"MThd":
        raise ValueError(f"not a MIDI file: it starts with {data[:4]!r}")
    try:
        file = mido.MidiFile(file=BytesIO(data))
    except (
        *(OSError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError),
        *(struct.error, KeySignatureError),
    ) as error:
        why = " ".join(str(error).split()) or "it ends too early"
        raise ValueError(f"MIDI file is damaged: {why}") from None
    if file.type == 2:
        raise ValueError("MIDI file is of type 2, tracks without a common time: save it as type 1")
    if file.ticks_per_beat <= 0:
        raise ValueError("MIDI file counts time in SMPTE frames: save it with ticks per beat")
    return file


def _tempo_map(file: mido.MidiFile) -> Callable[[int], int]:
    """A function from ticks to samples at 44.1 kHz, in whole numbers, rounded to the nearest."""
    tempi: list[tuple[int, int]] = []
    for track in file.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "set_tempo":
                tempi.append((tick, message.tempo))
    tempi.sort(key=lambda timed: timed[0])
    lines = [
        (0, 0, BEAT_MICROSECONDS)
    ]  # from this tick on, at which so many microseconds * ticks had passed
    for tick, tempo in tempi:
        since, passed, current = lines[-1]
        lines.append((tick, passed + (tick - since) * current, tempo))
    ticks = [line[0] for line in lines]
    unit = 1_000_000 * int(file.ticks_per_beat)

    def to_sample(tick: int) -> int:
        since, passed, tempo = lines[bisect_right(ticks, tick) - 1]
        return (2 * (passed + (tick - since) * tempo) * VGM_RATE + unit) // (2 * unit)

    return to_sample


def _steady_map(file: mido.MidiFile, tempo: float) -> Callable[[int], int]:
    """A function from ticks to samples at 44.1 kHz at one tempo, in beats a minute."""
    samples_per_tick = VGM_RATE * 60.0 / tempo / file.ticks_per_beat
    return lambda tick: round(tick * samples_per_tick)


class _Gathered:
    """The chip's notes and controllers, the marks of an end, and the last tick of the file."""

    def __init__(self, file: mido.MidiFile) -> None:
        self.notes: list[MidiNote] = []
        self.controls: list[MidiControl] = []
        self.marks: list[int] = []
        self.end = 0
        for track in file.tracks:
            self._gather(track)

    def _gather(self, track: mido.MidiTrack) -> None:
        named = VOICE_BY_NAME.get(track.name.strip().lower())
        sounding: dict[tuple[int, int], list[MidiNote]] = defaultdict(list)
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "time_signature":
                if tick > 0 and (message.numerator, message.denominator) == (1, 1):
                    self.marks.append(tick)
            elif message.type in {"control_change", "note_on", "note_off"}:
                voice = VOICE_BY_CHANNEL.get(message.channel) if named is None else named
                if voice is None:
                    continue
                if message.type == "control_change":
                    self._control(voice, message, tick)
                else:
                    self._note(voice, message, tick, sounding[message.channel, message.note])
        for waiting in sounding.values():
            for note in waiting:
                note.end = tick
        self.end = max(self.end, tick)

    def _control(self, voice: Voice, message: mido.Message, tick: int) -> None:
        if message.control in {VELOCITY_CC, TIMBRE_CC} and voice is not Voice.TR:
            self.controls.append(MidiControl(voice, message.control, message.value, tick))

    def _note(
        self, voice: Voice, message: mido.Message, tick: int, waiting: list[MidiNote]
    ) -> None:
        if message.type == "note_on" and message.velocity:
            note = MidiNote(voice, message.note, message.velocity, tick, tick)
            waiting.append(note)
            self.notes.append(note)
        elif waiting:
            waiting.pop(0).end = tick


def _loudest(notes: list[MidiNote], controls: list[MidiControl]) -> int:
    """The highest velocity or CC 11 of the file, the triangle's left out."""
    said = [note.velocity for note in notes if note.voice is not Voice.TR]
    said += [control.value for control in controls if control.control == VELOCITY_CC]
    return max(said, default=0)


def _midi_volume(velocity: int) -> int:
    return velocity_to_volume(velocity) if velocity else 0


def midi_to_tuples(data: bytes, say: Callable[[str], None]) -> Ints:
    """The tuples `[n, 4]` of a MIDI file, in ticks.

    Args:
        data: the file.
        say: told, a line each, what was left out or changed.

    Raises:
        ValueError: it is no MIDI file, has only drums, or is too long.
    """
    played, said = parts_to_played(midi_to_parts(data, steady=TICKS_TEMPO))
    if not played:
        raise ValueError("MIDI file has only drums in it")
    for text in said:
        say(text)
    check_length(max(note.off for note in played) - min(note.on for note in played))
    return played_to_tuples(played)


def check_length(seconds: float) -> None:
    """Refuse music that is too long.

    Raises:
        ValueError: it is longer than `LONGEST_SECONDS`.
    """
    if seconds > LONGEST_SECONDS:
        raise ValueError(
            f"it lasts {seconds / 3600:.0f} hours, more than {LONGEST_SECONDS / 3600:.0f}"
        )
