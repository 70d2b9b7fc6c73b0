"""The capture buffer: notes played on the inputs, kept until somebody wants to go on from them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from nesvae_live.music.parts import Part, PartNote, parts_to_played
from nesvae_live.music.phrase import STEPS_PER_SECOND, TUPLES_PER_PHRASE, Ints, tuples_to_symbols
from nesvae_live.music.voicenotes import VoiceNote, played_to_tuples
from nesvae_live.music.voices import VOICES

NOTE_OFF, NOTE_ON = 0x80, 0x90
PAUSE_SECONDS = 2.0
"""A silence of this length separates one captured phrase from the next."""

MOST_NOTES = 512
TOGETHER_STEPS = 0.6
"""What falls within so many steps of a note's beginning is taken to be meant to fall on it."""

NAME_BY_CHANNEL = {spec.channel: spec.voice.name.lower() for spec in VOICES}


class CaptureBuffer:
    """Keeps the notes that come in. Used by one thread; a note costs little.

    Notes on channels 1 to 3 belong to the voices themselves, if there are no others and no chords;
    otherwise they are shared out as a file's are (`nesvae_live.music.parts`).
    """

    def __init__(self) -> None:
        self._held: dict[tuple[int, int], float] = {}
        self._heard: deque[tuple[int, PartNote]] = deque(maxlen=MOST_NOTES)  # each with its channel
        self._since = self._captured = float("-inf")  # when it was last captured, and before that

    def receive(self, data: Sequence[int], at: float) -> bool:
        """Take a MIDI message stamped `at` seconds; returns whether it was a note."""
        if len(data) != 3 or data[0] & 0xE0 != NOTE_OFF or not all(0 <= b <= 127 for b in data[1:]):
            return False
        channel, note = data[0] & 0x0F, data[1]
        begun = self._held.pop((channel, note), None)
        if begun is not None:
            self._heard.append((channel, PartNote(note, begun, at)))
        if data[0] & 0xF0 == NOTE_ON and data[2] > 0:
            self._held[channel, note] = at
        return True

    def tuples(self, step_seconds: float, now: float) -> Ints:
        """The phrase played last, `[n, 4]` with n up to 13 tuples and steps of `step_seconds`.

        A phrase is what was played since the last pause of `PAUSE_SECONDS`, and since the last
        capture if anything was played after it; of a longer phrase it is the last 13 tuples. Keys
        still held down end `now`.

        Raises:
            ValueError: nothing was played.
        """
        heard = [*self._heard]
        heard += [(channel, PartNote(note, on, now)) for (channel, note), on in self._held.items()]
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
    """One part for each channel, named after the voices if the channels are theirs."""
    notes: dict[int, list[PartNote]] = defaultdict(list)
    for channel, note in heard:
        notes[channel].append(note)
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
