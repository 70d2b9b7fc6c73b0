"""Keys, pedal and all-notes-off of a song as notes, part by part, and the chip's own controllers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from nesvae_live.chip.nesmidi import TIMBRE_CC, VELOCITY_CC
from nesvae_live.chip.smf.names import decode_name
from nesvae_live.chip.smf.song import Song
from nesvae_live.chip.smf.trackevents import NOTE_OFF, NOTE_ON, ChannelMessage

TRACK_NAME, PORT, TIME_SIGNATURE = 0x03, 0x21, 0x58
CONTROL = 0xB0
PEDAL_CC, SOUND_OFF_CC, RESET_CC, NOTES_OFF_CC = 64, 120, 121, 123
"""From `NOTES_OFF_CC` on all are mode messages, and each of these ends the notes."""

PEDAL_DOWN = 64
END_MARK = (1, 0)
"""The time signature 1/1, with which NES-MDB marks the end of the music."""


@dataclass(slots=True)
class KeyNote:
    """A note, in ticks: `on`, `off` where its key was let up, `rings` until when the pedal held it."""

    note: int
    velocity: int
    on: int
    off: int = -1
    rings: int = -1


class ControlChange(NamedTuple):
    """A value of CC 11 or 12, at a tick."""

    tick: int
    control: int
    value: int


@dataclass(slots=True)
class TrackPart:
    """What a track has on one channel (0-based)."""

    name: str
    channel: int
    notes: list[KeyNote] = field(default_factory=list)
    controls: list[ControlChange] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SongNotes:
    """The parts that have notes or controllers of the chip, the last tick, the marks of an end, and a line for each fault."""

    parts: tuple[TrackPart, ...]
    end: int
    marks: tuple[int, ...]
    said: tuple[str, ...]


def song_to_notes(song: Song) -> SongNotes:
    """The notes of a song.

    A key ends where it is let up or struck again; one that is never let up ends with its track. The
    pedal (CC 64), all sound off (CC 120), all notes off (CC 123 and the modes after it) and reset
    (CC 121) hold for their channel in every track.
    """
    ears = _Ears(song)
    for _, index, message in _in_order(song):
        ears.hear(index, message)
    ears.close()
    parts = [part for _, part in sorted(ears.parts.items())]
    ends = [track.end for track in song.tracks]
    metas = [m for track in song.tracks for m in track.metas if m.kind == TIME_SIGNATURE]
    marks = [m.tick for m in metas if m.tick > 0 and tuple(m.data[:2]) == END_MARK]
    said = [f"notes that are never ended, and end with their track: {ears.unended}"]
    return SongNotes(
        tuple(parts), max(ends, default=0), tuple(marks), tuple(said if ears.unended else ())
    )


def _in_order(song: Song) -> list[tuple[int, int, ChannelMessage]]:
    """All tracks' messages, with their tick and track; at one tick those of earlier tracks first."""
    timed = [(m.tick, i, m) for i, track in enumerate(song.tracks) for m in track.messages]
    timed.sort(key=lambda one: one[:2])
    return timed


class _Ears:
    """What sounds, by key, and what the pedals hold, by port and channel."""

    def __init__(self, song: Song) -> None:
        self.parts: dict[tuple[int, int], TrackPart] = {}
        self.unended = 0
        self._ends = [track.end for track in song.tracks]
        self._names, self._ports = [], []
        for track in song.tracks:
            names = [decode_name(m.data) for m in track.metas if m.kind == TRACK_NAME]
            ports = [m.data[0] for m in track.metas if m.kind == PORT and m.data]
            self._names.append(next((name for name in names if name), ""))
            self._ports.append(ports[0] if ports else 0)
        self._keys: dict[tuple[int, int], dict[tuple[int, int], KeyNote]] = defaultdict(dict)
        self._struck_again: dict[tuple[int, int, int], int] = {}
        self._held: dict[tuple[int, int], list[KeyNote]] = {}

    def hear(self, track: int, message: ChannelMessage) -> None:
        tick, status, first, second = message
        kind, channel = status & 0xF0, status & 0x0F
        if kind == NOTE_ON and second:
            self._strike(track, channel, KeyNote(first, second, tick))
        elif kind in {NOTE_ON, NOTE_OFF}:
            self._let_up(track, channel, first, tick)
        elif kind == CONTROL:
            if first in {VELOCITY_CC, TIMBRE_CC}:
                self._part(track, channel).controls.append(ControlChange(tick, first, second))
            else:
                self._control((self._ports[track], channel), first, second, tick)

    def close(self) -> None:
        """End what still sounds: keys with their track, what the pedal holds with the song."""
        for keys in self._keys.values():
            for (track, _), note in keys.items():
                note.off = max(self._ends[track], note.on)
                self.unended += 1
        last = max(self._ends, default=0)
        for held in self._held.values():
            for note in held:
                note.rings = last

    def _part(self, track: int, channel: int) -> TrackPart:
        part = self.parts.get((track, channel))
        if part is None:
            part = self.parts[track, channel] = TrackPart(self._names[track], channel)
        return part

    def _strike(self, track: int, channel: int, note: KeyNote) -> None:
        keys = self._keys[self._ports[track], channel]
        sounding = keys.get((track, note.note))
        if sounding is not None:
            sounding.off = note.on
            self._struck_again[track, channel, note.note] = note.on
        keys[track, note.note] = note
        self._part(track, channel).notes.append(note)

    def _let_up(self, track: int, channel: int, key: int, tick: int) -> None:
        if self._struck_again.pop((track, channel, key), None) == tick:
            return  # it ends the note before, and was written after the one that follows
        port = self._ports[track]
        note = self._keys[port, channel].pop((track, key), None)
        if note is not None:
            note.off = tick
            if (held := self._held.get((port, channel))) is not None:
                held.append(note)

    def _control(self, where: tuple[int, int], control: int, value: int, tick: int) -> None:
        if control == PEDAL_CC and value >= PEDAL_DOWN:
            self._held.setdefault(where, [])
        elif control in {PEDAL_CC, RESET_CC, SOUND_OFF_CC}:
            for note in self._held.get(where, ()):
                note.rings = tick
            if control == SOUND_OFF_CC and where in self._held:
                self._held[where] = []
            else:
                self._held.pop(where, None)
        if control == SOUND_OFF_CC or control >= NOTES_OFF_CC:
            for note in self._keys.pop(where, {}).values():
                note.off = tick
                if control != SOUND_OFF_CC and where in self._held:
                    self._held[where].append(note)
