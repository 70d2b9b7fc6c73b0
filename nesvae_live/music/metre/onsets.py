"""Where the notes of a score begin, and how much each beginning says about the metre.

NES-MDB cuts a machine of 60.1 frames a second into 24 steps. A step tells what a voice did for most
of the time in which it sounded, so a note that follows another one shows up in the step nearest
to its beginning, and a note that follows a rest in the step in which it begins. `Onsets.frames`
is the middle of what a beginning can then have been; it is at most 1.25 frames off.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nesvae_live.music.voices import Voice

FRAMES_PER_SECOND = 60.0988
"""The NTSC machine's."""
FRAMES_PER_STEP = FRAMES_PER_SECOND / 24
STRUCK_AGAIN = 3
"""A note whose velocity jumps up by so much was struck again."""
HURRIED = 0.3
"""What a beginning weighs that comes one step after another one of its voice: mostly a trill."""
ECHO = 0.05
"""What a beginning weighs in a voice that repeats the other pulse."""
ECHO_STEPS = 24
ECHO_SHARE = 0.7
"""So much of a pulse must be the other one, so many steps ago at most, to be its echo."""

WEIGHTS = {Voice.P1: 1.0, Voice.P2: 1.0, Voice.TR: 1.2, Voice.NO: 1.5}

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Onsets:
    """Beginnings of notes, in order of time.

    `step` `[n]` where each shows up, `frames` `[n]` when it was, `voice` `[n]` 0 to 3, `note`
    `[n]`, `held` `[n]` for how many steps it sounds, `weight` `[n]` what it says of the metre.
    """

    step: Ints
    frames: Floats
    voice: Ints
    note: Ints
    held: Ints
    weight: Floats

    def __len__(self) -> int:
        return len(self.step)

    def only(self, keep: NDArray[np.bool_]) -> Onsets:
        """Those where `keep` `[n]` is true."""
        return Onsets(
            self.step[keep],
            self.frames[keep],
            self.voice[keep],
            self.note[keep],
            self.held[keep],
            self.weight[keep],
        )


def find_onsets(score: NDArray[np.uint8], voices: tuple[Voice, ...] = tuple(Voice)) -> Onsets:
    """Find the beginnings of notes.

    Args:
        score: uint8 `[N, 4, 3]`, an exprsco's note, velocity and timbre of each voice and step.
        voices: of these voices only.
    """
    parts = [_voice_onsets(score, voice) for voice in voices]
    step, note, held, weight = (np.concatenate([part[i] for part in parts]) for i in range(4))
    rested = np.concatenate([part[4] for part in parts])
    voice = np.repeat(np.array(voices, np.int64), [len(part[0]) for part in parts])
    order = np.argsort(step, kind="stable")
    step, voice, note, held, weight, rested = (
        x[order] for x in (step, voice, note, held, weight, rested)
    )
    weight = weight * _echo_weights(step, voice, note)
    return Onsets(
        step.astype(np.int64),
        (FRAMES_PER_STEP * (step + 0.5 * rested)).astype(np.float64),
        voice,
        note.astype(np.int64),
        held.astype(np.int64),
        weight,
    )


def _voice_onsets(
    score: NDArray[np.uint8], voice: Voice
) -> tuple[Ints, Ints, Ints, Floats, NDArray[np.bool_]]:
    note = score[:, voice, 0].astype(np.int64)
    velocity = score[:, voice, 1].astype(np.int64)
    before = np.concatenate(([0], note[:-1]))
    louder = velocity - np.concatenate(([0], velocity[:-1])) >= STRUCK_AGAIN
    step = np.flatnonzero((note > 0) & ((note != before) | louder))
    ends = np.flatnonzero((note == 0) | (note != before) | louder)
    following = np.concatenate((ends, [len(note)]))
    held = following[np.searchsorted(following, step, side="right")] - step
    weight = np.full(len(step), WEIGHTS[voice])
    weight[1:][np.diff(step) <= 1] *= HURRIED
    return step, note[step], held, weight, before[step] == 0


def _echo_weights(step: Ints, voice: Ints, note: Ints) -> Floats:
    """`[n]`: less where a pulse merely repeats what the other one played a moment before."""
    weight = np.ones(len(step))
    lines = {v: np.flatnonzero(voice == v) for v in (Voice.P1, Voice.P2)}
    for follower, leader in ((Voice.P2, Voice.P1), (Voice.P1, Voice.P2)):
        rows, other = lines[follower], lines[leader]
        if len(rows) < 8 or len(other) < 8:
            continue
        wanted = set(zip(step[other].tolist(), note[other].tolist(), strict=True))
        mine = list(zip(step[rows].tolist(), note[rows].tolist(), strict=True))
        for lag in range(1, ECHO_STEPS + 1):
            found = sum((s - lag, n) in wanted or (s - lag - 1, n) in wanted for s, n in mine)
            if found > ECHO_SHARE * len(mine):
                weight[rows] = ECHO
                return weight
    return weight
