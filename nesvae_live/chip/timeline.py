"""Timelines: the voices' changes over time, to the sample; scores, MIDI files and jams become one.

A score states at every step what each voice does. A timeline states only the changes, each at its
sample, so it can hold music that lies on no grid.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from nesvae_live.chip.nesmdb import (
    ExprScore,
    SeprScore,
    score_to_steps,
    separated_to_expressive,
)
from nesvae_live.chip.registers import RegisterWriter, collapse
from nesvae_live.chip.transcript import voice_spans
from nesvae_live.chip.vgm.registerlog import VGM_RATE, RegisterLog
from nesvae_live.music.voices import SILENCE, Voice


@dataclass(frozen=True, slots=True)
class Change:
    """From `sample` on, `voice` has this note (0: silent), velocity (0-15), timbre and bend.

    As in an exprsco, TR has velocity 0 and timbre 0, and silence has velocity 0 but keeps its
    timbre. The bend, `cents` off the note, exists in no score and no MIDI file.
    """

    sample: int
    voice: Voice
    note: int
    velocity: int
    timbre: int
    cents: int = 0


@dataclass(frozen=True, slots=True)
class Timeline:
    """Changes in order of their samples, at `rate` samples a second, and the length in samples.

    Samples count as in a VGM file: what is stamped t >= 1 acts before sample t - 1 of the sound,
    which is `nsamps` - 1 samples long.
    """

    rate: int
    nsamps: int
    changes: tuple[Change, ...]


def score_to_timeline(score: ExprScore | SeprScore) -> Timeline:
    """The timeline of a score, at 44.1 kHz; each note has the velocity that the chip plays.

    In nesmdb velocity 0 leaves the chip's volume as it was; here that volume is stated. A note
    before the first velocity can't be heard and becomes silence.
    """
    if isinstance(score, SeprScore):
        score = separated_to_expressive(score)
    waits = [wait for _, wait in score_to_steps(score)]
    starts = [0, *np.cumsum(waits, dtype=np.int64).tolist()]
    changes = []
    for voice in Voice:
        states = score.score[:, voice].copy()  # [N, 3]
        if voice is Voice.TR:
            states[:, 1:] = 0
        elif len(states):
            index = np.arange(len(states))
            states[:, 1] = states[np.maximum.accumulate(index * (states[:, 1] > 0)), 1]
            states[states[:, 1] == 0, 0] = SILENCE
            states[states[:, 0] == SILENCE, 1] = 0
        before = (SILENCE, 0, 0)
        for step in _where_different(states):
            note, velocity, timbre = states[step].tolist()
            if (note, velocity, timbre) != before and starts[step] < score.nsamps:
                changes.append(Change(starts[step], voice, note, velocity, timbre))
            before = (note, velocity, timbre)
    return Timeline(VGM_RATE, score.nsamps, _sorted(changes))


def _where_different(states: np.ndarray) -> list[int]:
    """The steps that differ from the one before, and the first one."""
    if not len(states):
        return []
    different = np.flatnonzero(np.any(states[1:] != states[:-1], axis=1)) + 1
    return [0, *different.tolist()]


def log_to_timeline(log: RegisterLog) -> Timeline:
    """The timeline of a VGM file's writes, to the sample, as `nesmdb.log_to_exprsco` reads them."""
    changes = []
    for voice, spans in zip(Voice, voice_spans(log), strict=True):
        before = (SILENCE, 0, 0)
        for start, _, state in spans:
            if state != before and start < log.nsamps:
                changes.append(Change(start, voice, *state))
            before = state
    return Timeline(VGM_RATE, log.nsamps, _sorted(changes))


def timeline_to_log(timeline: Timeline) -> RegisterLog:
    """The register writes for a timeline, as nesmdb writes a score's, at the timeline's samples.

    Raises ValueError for a note, velocity or timbre that the voice doesn't have.
    """
    writer = RegisterWriter()
    writes = [(0, address, value) for address, value in writer.start()]
    states = [Change(0, voice, SILENCE, 0, 0) for voice in Voice]
    for sample, together in groupby(timeline.changes, key=lambda change: change.sample):
        for change in together:
            states[change.voice] = change
        step = collapse(
            write
            for state in states
            for write in writer.set(
                state.voice, state.note, state.velocity, state.timbre, state.cents
            )
        )
        writes += [(sample, address, value) for address, value in step]
    return RegisterLog(timeline.nsamps, np.array(writes, dtype=np.int64))


def _sorted(changes: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(sorted(changes, key=lambda change: (change.sample, change.voice)))
