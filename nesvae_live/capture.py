"""The ear: notes that are played on the inputs, kept until somebody wants to go on from them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from nesvae_live.phrase import STEPS_PER_SECOND, TUPLES_PER_PHRASE, Ints, tuples_to_symbols
from nesvae_live.played import Played, played_to_tuples
from nesvae_live.voices import CHANNELS, VOICES, Voice

NOTE_OFF, NOTE_ON = 0x80, 0x90
PAUSE_SECONDS = 2.0
"""A silence of so long parts what was played before from what is played after."""

MOST_NOTES = 512
TOGETHER_STEPS = 0.6
"""Notes that begin within so many steps of the first of them are meant to begin together."""

VOICE_OF = {spec.channel: spec.voice for spec in VOICES}


class Ear:
    """Hears notes. One thread's; a note costs little.

    On channels 1 to 3 notes are the voices' own; on any other, as from a keyboard, the highest
    key that is held is pulse 1's, the lowest the triangle's, and the next below the highest pulse 2's; drums are not heard.
    """

    def __init__(self) -> None:
        self._held: dict[tuple[int, int], float] = {}
        self._heard: deque[tuple[int, int, float, float]] = deque(maxlen=MOST_NOTES)

    def hear(self, data: Sequence[int], at: float) -> bool:
        """Take a MIDI message, stamped `at` seconds; whether it was a note."""
        if len(data) != 3 or data[0] & 0xE0 != NOTE_OFF or not all(0 <= b <= 127 for b in data[1:]):
            return False
        channel, note = data[0] & 0x0F, data[1]
        begun = self._held.pop((channel, note), None)
        if begun is not None:
            self._heard.append((channel, note, begun, at))
        if data[0] & 0xF0 == NOTE_ON and data[2] > 0:
            self._held[channel, note] = at
        return True

    def tuples(self, step_seconds: float, now: float) -> Ints:
        """The last phrase that was played, `[n, 4]` with n up to 13, steps `step_seconds` long.

        A phrase is what was played since the last pause of `PAUSE_SECONDS`; of a longer one the
        last 13 tuples. Keys that are still held end `now`.

        Raises:
            ValueError: nothing was played.
        """
        notes = [*self._heard]
        notes += [(channel, note, on, now) for (channel, note), on in self._held.items()]
        notes.sort(key=lambda heard: heard[2])
        last = 0
        end = float("-inf")
        for i, (_, _, on, off) in enumerate(notes):
            if on > end + PAUSE_SECONDS:
                last = i
            end = max(end, off)
        return _last_phrase(to_voices(notes[last:]), step_seconds)


def checked_phrase(tuples: Sequence[Sequence[int]]) -> Ints:
    """Tuples of a phrase as an array `[n, 4]`.

    Raises:
        ValueError: none, more than 13, or one with a note or a hold that there isn't.
    """
    if not 1 <= len(tuples) <= TUPLES_PER_PHRASE:
        raise ValueError(f"{len(tuples)} tuples: a phrase has 1 to {TUPLES_PER_PHRASE}")
    phrase = np.array(tuples, np.int64)
    tuples_to_symbols(phrase)  # checks
    return phrase


def to_voices(notes: Sequence[tuple[int, int, float, float]]) -> list[Played]:
    """Notes (channel from 0, note, on, off) as played by voices, in order of `on`."""
    played: list[Played] = []
    keys: list[tuple[int, float, float]] = []
    for channel, note, on, off in notes:
        if channel in VOICE_OF:
            played.append(Played(VOICE_OF[channel], note, on, off))
        elif channel != CHANNELS[Voice.NO]:
            keys.append((note, on, off))
    return played + _share(keys)


def _share(keys: Sequence[tuple[int, float, float]]) -> list[Played]:
    """Share a keyboard's keys out: what sounds is looked at from each change to the next."""
    moments = sorted({at for _, on, off in keys for at in (on, off)})
    played: list[Played] = []
    for begin, end in pairwise(moments):
        held = sorted({note for note, on, off in keys if on <= begin < off}, reverse=True)
        if not held:
            continue
        played.append(Played(Voice.P1, held[0], begin, end))
        if len(held) > 1:
            played.append(Played(Voice.TR, held[-1], begin, end))
        if len(held) > 2:
            played.append(Played(Voice.P2, held[1], begin, end))
    return played


def _last_phrase(played: list[Played], step_seconds: float) -> Ints:
    if not played:
        raise ValueError("nothing was played: play a phrase on the MIDI input, then capture it")
    scale = 1.0 / (step_seconds * STEPS_PER_SECOND)
    scaled = [replace(p, on=p.on * scale, off=p.off * scale) for p in played]
    return played_to_tuples(_together(scaled))[-TUPLES_PER_PHRASE:]


def _together(played: list[Played]) -> list[Played]:
    """Let what was meant to fall together do so: on the first of the notes that begin there."""
    near = TOGETHER_STEPS / STEPS_PER_SECOND
    begins: list[float] = []
    for on in sorted(p.on for p in played):
        if not begins or on - begins[-1] > near:
            begins.append(on)

    def off(p: Played) -> float:
        nearest = begins[min(bisect_left(begins, p.off - near), len(begins) - 1)]
        return nearest if abs(nearest - p.off) <= near and nearest > p.on else p.off

    return [replace(p, on=begins[bisect_right(begins, p.on) - 1], off=off(p)) for p in played]
