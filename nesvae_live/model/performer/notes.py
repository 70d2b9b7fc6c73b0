"""Notes as the performer sees them: rows of numbers, from a song of the corpus or from a phrase.

A note is what a voice holds at one pitch; on the noise a stroke, which a rise of its volume begins too.
Rows are in order of their beginnings, those of both pulses in one list and the noise's in another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nesvae_live.music.metre.metre import find_metre
from nesvae_live.music.metre.onsets import FRAMES_PER_STEP
from nesvae_live.music.metre.place import FREE, advance
from nesvae_live.music.metre.ticks import score_to_ticks
from nesvae_live.music.phrase import TUPLES_PER_PHRASE
from nesvae_live.music.voices import SILENCE, Voice

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

STEPS = 32
"""How many steps of 1/24 s of a note are looked at; its last volume and duty then stay."""
PERFORMED = (Voice.P1, Voice.P2, Voice.NO)
"""The voices that have a volume."""
PULSES, NOISE = (Voice.P1, Voice.P2), (Voice.NO,)
RISE = 2
"""A stroke of the noise begins where its volume rises by so much."""


class Column(IntEnum):
    """What stands in which column of a note's row."""

    VOICE = 0
    PITCH = 1
    TICKS = 2
    """For how many ticks it is held (steps, where the metre is free)."""
    PLACE = 3
    """Where in the bar it begins (`metre.place`)."""
    BEGINS = 4
    """The tick on which it begins, counted from anywhere."""
    BEFORE = 5
    """The pitch of its voice's note before; 0 if there was none."""
    RESTED = 6
    """1 after a rest."""
    BASS = 7
    """The triangle's pitch as it begins; 0 for silence."""
    OTHER = 8
    """The other pulse's, or for the noise pulse 1's."""
    LATE = 9
    """How late in the score's first step of it it begins, by the metre's grid (`lateness`)."""


COLUMNS = len(Column)

LATENESSES = 16
"""Parts of a step in which it is told how late a note begins."""
ON_TIME = 1 + LATENESSES
"""The note begins as the step does: so the chip plays all notes."""
UNTOLD = 0
"""The metre is free, so nobody knows."""


def lateness(place: int, steps: float) -> int:
    """What a column has of a note at `place` that begins so many `steps`, -1 to 1.5, after its first one."""
    return UNTOLD if place == FREE else ON_TIME + round(LATENESSES * min(max(steps, -1.0), 1.5))


@dataclass(frozen=True)
class SongNotes:
    """The notes of one list of a song.

    `rows` `[n, COLUMNS]`; `volume` and `duty` `[n, STEPS]` what the score has, the last value going on
    after a note's end; `steps` `[n]` how many steps each lasts, `start` `[n]` its first step, `phrase`
    `[n]` the number of its phrase.
    """

    rows: Ints
    volume: Bytes
    duty: Bytes
    steps: Ints
    start: Ints
    phrase: Ints


def song_to_notes(score: Bytes) -> tuple[SongNotes, SongNotes]:
    """The notes of the pulses and of the noise of an exprsco's array `[N, 4, 3]`."""
    song = score_to_ticks(score, find_metre(score))
    begun = np.append(song.frames / FRAMES_PER_STEP, len(score))
    first_step = np.floor(song.heard / FRAMES_PER_STEP + 1e-6).astype(np.int64)
    first_tick = np.cumsum(np.append(0, song.tuples[:, 3]))[:-1]
    found: dict[Voice, list[tuple[int, ...]]] = {voice: [] for voice in PERFORMED}
    for voice in PULSES:
        for i, j in _runs(song.tuples[:, voice]):
            pitch, step = int(song.tuples[i, voice]), int(first_step[i])
            if pitch == SILENCE or step >= len(score) or score[step, voice, 0] != pitch:
                continue
            ticks, place = int(song.tuples[i:j, 3].sum()), int(song.places[i])
            late = lateness(place, begun[i] - step)
            head = (voice, pitch, ticks, place, int(first_tick[i]), late)
            found[voice].append((*head, step, _end(score[:, voice, 0], step), i))
    for step, stop in strokes_of(score[:, Voice.NO]):
        i = int(np.searchsorted(first_step, step, "right")) - 1
        until = int(first_step[i + 1]) if i + 1 < len(first_step) else len(score)
        per_step = int(song.tuples[i, 3]) / max(until - int(first_step[i]), 1)
        offset = round((step - int(first_step[i])) * per_step)
        place = advance(int(song.places[i]), offset)
        ticks = max(1, round((stop - step) * per_step))
        share = offset / int(song.tuples[i, 3])
        late = lateness(place, begun[i] + share * (begun[i + 1] - begun[i]) - step)
        tick = int(first_tick[i]) + offset
        head = (Voice.NO, int(score[step, Voice.NO, 0]), ticks, place, tick, late)
        found[Voice.NO].append((*head, step, stop, i))
    pulses = sorted(found[Voice.P1] + found[Voice.P2], key=lambda note: (note[4], note[0]))
    return _listed(pulses, score), _listed(found[Voice.NO], score)


def _listed(notes: Sequence[tuple[int, ...]], score: Bytes) -> SongNotes:
    n = len(notes)
    rows = np.zeros((n, COLUMNS), np.int64)
    volume, duty = np.zeros((n, STEPS), np.uint8), np.zeros((n, STEPS), np.uint8)
    steps, start, phrase = (np.zeros(n, np.int64) for _ in range(3))
    last: dict[int, tuple[int, int]] = {}  # voice: pitch, and the tick on which it ended
    for k, (voice, pitch, ticks, place, begins, late, step, stop, i) in enumerate(notes):
        before, ended = last.get(voice, (0, -1))
        last[voice] = pitch, begins + ticks
        other = Voice.P2 if voice == Voice.P1 else Voice.P1
        sounding = int(score[step, Voice.TR, 0]), int(score[step, other, 0])
        rows[k] = (voice, pitch, ticks, place, begins, before, ended < begins, *sounding, late)
        kept = score[step : min(stop, step + STEPS), voice]
        for out, column in ((volume, 1), (duty, 2)):
            out[k, : len(kept)] = kept[:, column]
            out[k, len(kept) :] = kept[-1, column]
        steps[k], start[k], phrase[k] = stop - step, step, i // TUPLES_PER_PHRASE
    return SongNotes(rows, volume, duty, steps, start, phrase)


@dataclass(frozen=True, slots=True)
class Onset:
    """A note of a phrase: it begins with its tuple `number` and has this `row` (see `Column`)."""

    number: int
    row: tuple[int, ...]


def phrase_to_onsets(
    tuples: Sequence[tuple[int, int, int, int]],
    place: int,
    begins: int,
    before: tuple[int, int, int],
    last: tuple[tuple[int, int], tuple[int, int]],
) -> list[Onset]:
    """The notes of the pulses that begin in a phrase, in order.

    Args:
        tuples: of the phrase, or of its tail.
        place: where in the bar the first one begins.
        begins: the tick on which it does, counted from anywhere.
        before: what the voices hold until there; what goes on begins no note.
        last: of each pulse the pitch of its last note, and the tick on which that ended.
    """
    out: list[Onset] = []
    ended = [list(pair) for pair in last]
    tick, now = begins, place
    held = before
    for i, (p1, p2, tr, ticks) in enumerate(tuples):
        notes = (p1, p2, tr)
        for voice in PULSES:
            pitch = notes[voice]
            if pitch in (SILENCE, held[voice]):
                if pitch != SILENCE:
                    ended[voice][1] = tick + ticks
                continue
            long = 0
            for later in tuples[i:]:
                if later[voice] != pitch:
                    break
                long += later[3]
            was, until = ended[voice]
            sounding = (tr, notes[1 - voice])
            out.append(
                Onset(i, (voice, pitch, long, now, tick, was, until < tick, *sounding, ON_TIME))
            )
            ended[voice] = [pitch, tick + ticks]
        held = notes
        tick, now = tick + ticks, advance(now, ticks) if now != FREE else FREE
    return out


def _runs(values: Ints) -> list[tuple[int, int]]:
    """Where equal values begin and end."""
    return list(pairwise([0, *(np.flatnonzero(np.diff(values)) + 1).tolist(), len(values)]))


def _end(notes: Bytes, step: int) -> int:
    """The step on which the note ends that sounds on a step."""
    changed = np.flatnonzero(notes[step:] != notes[step])
    return step + int(changed[0]) if len(changed) else len(notes)


def strokes_of(noise: Bytes) -> list[tuple[int, int]]:
    """The first step of each stroke of a noise voice `[N, 3]`, and the one after its last."""
    note, volume = noise[:, 0].astype(np.int64), noise[:, 1].astype(np.int64)
    if not len(note):
        return []
    struck = np.append(True, (note[1:] != note[:-1]) | (volume[1:] - volume[:-1] >= RISE))
    borders = [*np.flatnonzero(struck).tolist(), len(note)]
    return [(a, b) for a, b in pairwise(borders) if note[a] != SILENCE]
