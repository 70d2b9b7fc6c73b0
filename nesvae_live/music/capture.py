"""The capture buffer: notes played on the inputs, kept until somebody wants to go on from them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from nesvae_live.music.parts import Part, PartNote, parts_to_played
from nesvae_live.music.phrase import STEPS_PER_SECOND, TUPLES_PER_PHRASE, Ints, tuples_to_symbols
from nesvae_live.music.voicenotes import VoiceNote, played_to_tuples
from nesvae_live.music.voices import VOICES

NOTE_OFF, NOTE_ON = 0x80, 0x90
PAUSE_SECONDS = 2.0
"""A silence of this length separates one captured phrase from the next."""

STUCK_SECONDS = 30.0
"""A key that is held for longer is one whose end was lost, and is left out."""

CONTROL_CHANGE = 0xB0
PEDAL_CC, ALL_SOUND_OFF_CC, ALL_NOTES_OFF_CC = 64, 120, 123
PEDAL_DOWN = 64

MPE_CHANNELS = 4
"""So many channels are one keyboard's, which gives each key another one."""

MOST_NOTES = 512
TOGETHER_STEPS = 0.6
"""What falls within so many steps of a note's beginning is taken to be meant to fall on it."""

KEYBOARD = 3
"""A channel that is neither a voice's nor the drums'."""

NAME_BY_CHANNEL = {spec.channel: spec.voice.name.lower() for spec in VOICES}


class CaptureBuffer:
    """Keeps the notes that come in. Used by one thread; a note costs little.

    Notes on channels 1 to 3 belong to the voices themselves, if there are no others and no chords,
    and it is no one melody that changes its channel with each note; otherwise they are shared out
    as a file's are (`nesvae_live.music.parts`), where the keys of an MPE keyboard are one part.
    """

    def __init__(self) -> None:
        self._held: dict[tuple[int, int], float] = {}
        self._pedal: dict[int, bool] = {}  # by channel, whether it is down
        self._sustained: set[tuple[int, int]] = set()  # keys that only the pedal holds
        self._heard: deque[tuple[int, PartNote]] = deque(maxlen=MOST_NOTES)  # each with its channel
        self._since = self._captured = float("-inf")  # when it was last captured, and before that

    def receive(self, data: Sequence[int], at: float) -> bool:
        """Take a MIDI message stamped `at` seconds; returns whether it was a note.

        The sustain pedal holds notes, and all notes off and all sound off end them.
        """
        if len(data) != 3 or not all(0 <= b <= 127 for b in data[1:]):
            return False
        channel, first = data[0] & 0x0F, data[1]
        if data[0] & 0xF0 == CONTROL_CHANGE:
            self._control(channel, first, data[2], at)
            return False
        if data[0] & 0xE0 != NOTE_OFF:
            return False
        is_on = data[0] & 0xF0 == NOTE_ON and data[2] > 0
        key = channel, first
        if not is_on and self._pedal.get(channel, False):
            self._sustained.add(key)
            return True
        self._end(key, at)
        if is_on:
            self._held[key] = at
        return True

    def _control(self, channel: int, control: int, value: int, at: float) -> None:
        if control == PEDAL_CC:
            self._pedal[channel] = value >= PEDAL_DOWN
            if value < PEDAL_DOWN:
                for key in [key for key in self._sustained if key[0] == channel]:
                    self._end(key, at)
        elif control == ALL_SOUND_OFF_CC or control >= ALL_NOTES_OFF_CC:  # modes end notes too
            for key in [key for key in self._held if key[0] == channel]:
                self._end(key, at)

    def _end(self, key: tuple[int, int], at: float) -> None:
        self._sustained.discard(key)
        begun = self._held.pop(key, None)
        if begun is not None:
            self._heard.append((key[0], PartNote(key[1], begun, at)))

    def tuples(self, step_seconds: float, now: float) -> Ints:
        """The phrase played last, `[n, 4]` with n up to 13 tuples and steps of `step_seconds`.

        A phrase is what was played since the last pause of `PAUSE_SECONDS`, and since the last
        capture if anything was played after it; of a longer phrase it is the last 13 tuples. Keys
        still held down end `now`.

        Raises:
            ValueError: nothing was played.
        """
        heard = [*self._heard]
        held = [
            (channel, PartNote(note, on, now))
            for (channel, note), on in self._held.items()
            if now - on < STUCK_SECONDS
        ]
        heard += held
        new = any(note.on >= self._captured for _, note in heard)
        since = self._captured if new else self._since
        heard = [pair for pair in heard if pair[1].on >= since]
        heard.sort(key=lambda pair: pair[1].on)
        first, end = 0, float("-inf")
        for i, (_, note) in enumerate(heard):
            if note.on > end + PAUSE_SECONDS:
                first = i
            end = max(end, note.off)
        played, _ = parts_to_played(_parts(heard[first:]))
        if not played:
            raise ValueError("nothing was played: play a phrase on the MIDI input, then capture it")
        if new:
            self._since, self._captured = self._captured, now
        scale = 1.0 / (step_seconds * STEPS_PER_SECOND)
        scaled = [replace(p, on=p.on * scale, off=p.off * scale) for p in played]
        return played_to_tuples(_together(scaled))[-TUPLES_PER_PHRASE:]


def checked_phrase(tuples: Sequence[Sequence[int]]) -> Ints:
    """Tuples of a phrase as an array `[n, 4]`.

    Raises:
        ValueError: there is none, there are more than 13, or a note or hold is out of range.
    """
    if not 1 <= len(tuples) <= TUPLES_PER_PHRASE:
        raise ValueError(f"{len(tuples)} tuples: a phrase has 1 to {TUPLES_PER_PHRASE}")
    phrase = np.array(tuples, np.int64)
    tuples_to_symbols(phrase)  # for its checks
    return phrase


def _parts(heard: Iterable[tuple[int, PartNote]]) -> list[Part]:
    """One part for each channel, named after the voices if the channels are theirs.

    `heard` is in the order in which the notes began. Where each has another channel than the one
    before, or there are very many channels, all of it is one keyboard's.
    """
    notes: dict[int, list[PartNote]] = defaultdict(list)
    heard = list(heard)
    for channel, note in heard:
        notes[channel].append(note)
    everything = Part("", heard[0][0] if heard else 0, tuple(note for _, note in heard))
    rotates = len(heard) >= MPE_CHANNELS and all(a[0] != b[0] for a, b in pairwise(heard))
    if len(notes) >= MPE_CHANNELS or (len(notes) > 1 and rotates and everything.at_once() == 1):
        return [replace(everything, channel=KEYBOARD)]
    parts = [Part("", channel, tuple(found)) for channel, found in notes.items()]
    if set(notes) <= set(NAME_BY_CHANNEL) and all(part.at_once() == 1 for part in parts):
        return [replace(part, name=NAME_BY_CHANNEL[part.channel]) for part in parts]
    return parts


def _together(played: Sequence[VoiceNote]) -> list[VoiceNote]:
    """Move what was meant to fall together onto the first of the notes that begin there."""
    near = TOGETHER_STEPS / STEPS_PER_SECOND
    begins: list[float] = []
    for on in sorted(p.on for p in played):
        if not begins or on - begins[-1] > near:
            begins.append(on)

    def off(p: VoiceNote) -> float:
        nearest = begins[min(bisect_left(begins, p.off - near), len(begins) - 1)]
        return nearest if abs(nearest - p.off) <= near and nearest > p.on else p.off

    return [replace(p, on=begins[bisect_right(begins, p.on) - 1], off=off(p)) for p in played]
