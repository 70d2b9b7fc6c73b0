"""A MIDI file's voices as a timeline for the chip, to the sample; drums as the kit's."""

from __future__ import annotations

import math
from collections.abc import Iterator

from nesvae_live.chip.nesmidi import (
    TIMBRE_CC,
    VELOCITY_CC,
    MidiControl,
    MidiNote,
    notes_to_changes,
)
from nesvae_live.chip.registers import NOTES, TIMBRES, VELOCITIES
from nesvae_live.chip.smf.reading import MidiMusic, Tell, read_midi
from nesvae_live.chip.timeline import Change, Timeline
from nesvae_live.chip.vgm.registerlog import VGM_RATE
from nesvae_live.music.dialect import drum_to_noise
from nesvae_live.music.drums import DRUM_PATCHES, DRUMS
from nesvae_live.music.events import LOUDEST, velocity_to_volume
from nesvae_live.music.patch import FRAME_SECONDS
from nesvae_live.music.phrase import STEPS_PER_SECOND
from nesvae_live.music.voicenotes import OCTAVE, to_range
from nesvae_live.music.voices import Voice

SHORTEST = VGM_RATE // STEPS_PER_SECOND
"""Samples that a note without a length gets, a step."""

GAP = round(FRAME_SECONDS * VGM_RATE)
"""Samples of silence before a note that is struck again: a frame."""

HIGHEST_NOISE = NOTES[Voice.NO][1]
"""The highest of the noise's own notes; General MIDI's drums lie above."""

MUTE = {Voice.P1: 33, Voice.P2: 33}
"""The note that a pulse has and that nobody hears."""

WEIGHT = {drum.note: weight for weight, drum in enumerate(reversed(DRUMS))}
"""Of drums that are struck together the heaviest is played."""


def midi_to_timeline(data: bytes, tell: Tell) -> Timeline:
    """Read a MIDI file for the chip; times are rounded to 44.1 kHz.

    If no velocity and no CC 11 of a file that is the chip's own is above 15, they are the chip's;
    otherwise they are MIDI's, up to 127, as the live chip takes them. General MIDI's drums become
    the noise's, with the kit's fading volumes unless the track is named no.

    Args:
        data: the file.
        tell: told, a line each, what is damaged, left out or changed.

    Raises:
        ValueError: it is no MIDI file, or has no note; one line.
    """
    music = read_midi(data, tell)
    ticks, song = music.ticks, music.song
    controls = _controls(music, tell)
    notes = _notes(music, tell)
    general = not music.own or _loudest(notes, controls) >= VELOCITIES
    end = ticks.to_sample(song.end)
    last = max((note.end for note in notes), default=0)
    mark = ticks.to_sample(max(song.marks, default=0))
    nsamps = mark if mark >= last else max(end, last)
    volume = _midi_volume if general else int
    is_kit = not music.arrangement.named and any(
        hit.note > HIGHEST_NOISE for hit in music.arrangement.drums
    )
    kit = [note for note in notes if note.voice is Voice.NO and is_kit]
    plain = [note for note in notes if note.voice is not Voice.NO or not is_kit]
    changes = [c for voice in Voice for c in notes_to_changes(voice, plain, controls, volume)]
    changes += _faded(kit, general)
    changes = [change for change in changes if change.sample < nsamps]
    changes.sort(key=lambda change: (change.sample, change.voice))
    return Timeline(VGM_RATE, nsamps, tuple(changes))


def _notes(music: MidiMusic, tell: Tell) -> list[MidiNote]:
    """All notes, with times in samples, each one that its voice has."""

    def at(steady: float) -> int:
        return music.ticks.to_sample(music.ticks.from_steady(steady))

    notes: list[MidiNote] = []
    unheard = 0
    for played in music.arrangement.notes:
        voice, note = played.voice, to_range(played.voice, played.note)
        if not music.own and note == MUTE.get(voice):
            unheard, note = unheard + 1, note + OCTAVE
        notes.append(_lasting(voice, note, played.velocity, at(played.on), at(played.off)))
    if unheard:
        tell(f"too low for a pulse to be heard, and moved up an octave: {unheard} notes")
    if not music.own:
        _strike_again(notes)
    drums: dict[int, MidiNote] = {}
    for hit in music.arrangement.drums:
        if hit.note == 0:
            continue
        note = drum_to_noise(hit.note) if hit.note > HIGHEST_NOISE else hit.note
        new = _lasting(Voice.NO, note, hit.velocity, at(hit.on), at(hit.off))
        old = drums.get(new.start)
        if old is None or WEIGHT.get(new.note, -1) > WEIGHT.get(old.note, -1):
            drums[new.start] = new
    if (missing := len(music.arrangement.drums) - len(drums)) > 0:
        tell(
            f"the noise plays one drum at a time: {missing} of {len(music.arrangement.drums)} "
            "hits are left out"
        )
    return notes + list(drums.values())


def _strike_again(notes: list[MidiNote]) -> None:
    """Leave a gap before a note that is struck again: the chip has no other way to say so."""
    before: dict[Voice, MidiNote] = {}
    for note in sorted(notes, key=lambda note: note.start):
        old = before.get(note.voice)
        if old is not None and old.note == note.note and old.start < note.start:
            old.end = max(min(old.end, note.start - GAP), (old.start + note.start) // 2)
        before[note.voice] = note


def _lasting(voice: Voice, note: int, velocity: int, start: int, end: int) -> MidiNote:
    return MidiNote(voice, note, velocity, start, end if end > start else start + SHORTEST)


def _controls(music: MidiMusic, tell: Tell) -> list[MidiControl]:
    """The chip's controllers of a file that is its own, with times in samples."""
    controls: list[MidiControl] = []
    wrong = 0
    for voice, part in music.own:
        for change in part.controls if voice is not Voice.TR else ():
            if change.control == TIMBRE_CC and change.value >= TIMBRES[voice]:
                wrong += 1
                continue
            at = music.ticks.to_sample(change.tick)
            controls.append(MidiControl(voice, change.control, change.value, at))
    if wrong:
        tell(f"CC 12 is above the highest timbre of its voice, and left out: {wrong} times")
    return controls


def _loudest(notes: list[MidiNote], controls: list[MidiControl]) -> int:
    """The highest velocity or CC 11 of the file, the triangle's left out."""
    said = [note.velocity for note in notes if note.voice is not Voice.TR]
    said += [control.value for control in controls if control.control == VELOCITY_CC]
    return max(said, default=0)


def _midi_volume(velocity: int) -> int:
    return velocity_to_volume(velocity) if velocity else 0


def _faded(hits: list[MidiNote], general: bool) -> Iterator[Change]:
    """Drums that fade as the kit's patches have it, whatever their lengths; the newest is heard."""
    hits = sorted(hits, key=lambda hit: hit.start)
    for i, hit in enumerate(hits):
        until = hits[i + 1].start if i + 1 < len(hits) else math.inf
        loud = velocity_to_volume(hit.velocity) if general else min(hit.velocity, LOUDEST)
        patch = DRUM_PATCHES.get(hit.note)
        if patch is None:
            yield Change(hit.start, Voice.NO, hit.note, loud, 0)
            if hit.end < until:
                yield Change(hit.end, Voice.NO, 0, 0, 0)
            continue
        before = -1
        for frame, level in enumerate(patch.volume.values):
            at = hit.start + round(frame * FRAME_SECONDS * VGM_RATE)
            volume = round(level * loud / LOUDEST)
            if at >= until:
                break
            if volume != before:
                yield Change(at, Voice.NO, hit.note if volume else 0, volume, 0)
            before = volume
