"""How near renders come to the songs' own: flat, by hand-made patches, and performed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live.chip.apu import Apu
from nesvae_live.chip.convert import log_to_blocks, to_log
from nesvae_live.chip.nesmdb import ExprScore
from nesvae_live.chip.vgm.registerlog import VGM_RATE
from nesvae_live.evaluation.bootstrap import interval, median_interval
from nesvae_live.evaluation.performing.liveplay import Playing
from nesvae_live.evaluation.performing.logmel import distance
from nesvae_live.evaluation.performing.played import HINT
from nesvae_live.model.performer.kit import FRAMES
from nesvae_live.model.performer.notes import STEPS, Column
from nesvae_live.model.performer.notetable import Performances
from nesvae_live.music.drums import DRUMS
from nesvae_live.music.events import LOUDEST
from nesvae_live.music.patch import Patch
from nesvae_live.music.phrase import STEPS_PER_SECOND
from nesvae_live.music.voices import Voice

Bytes = NDArray[np.uint8]

SECONDS = 20.0
"""Of each song so much is rendered, from the end of its first eight phrases on."""
SHORTEST = 4.0


def flat_notes(songs: Performances) -> Playing:
    """Every note at the loudest, with the thinnest duty: the separated score."""
    n = len(songs.notes)
    return np.full((n, STEPS), LOUDEST, np.uint8), np.zeros((n, STEPS), np.uint8)


def patched_notes(songs: Performances, patches: Mapping[Voice, Patch]) -> Playing:
    """Every note by its voice's patch, the noise by the nearest drum, without bends and tails."""
    notes = songs.notes
    volume, duty = flat_notes(songs)
    frames = [int(step * FRAMES) for step in range(STEPS)]
    drums = np.array([drum.note for drum in DRUMS])
    for voice, patch in patches.items():
        mine = notes.rows[:, Column.VOICE] == voice
        volume[mine] = [patch.volume.at(f) for f in frames]
        duty[mine] = [patch.duty.at(f) for f in frames]
    noise = notes.rows[:, Column.VOICE] == Voice.NO
    near = np.abs(notes.rows[:, Column.PITCH, None] - drums).argmin(1)
    for k, drum in enumerate(DRUMS):
        volume[noise & (near == k)] = [drum.patch.volume.at(f) for f in frames]
    return volume, duty


def song_as_played(songs: Performances, song: int, playing: Playing) -> Bytes:
    """The score `[N, 4, 3]` of a song with its notes played like that; a volume of 0 ends a note."""
    notes, score = songs.notes, songs.scores[song].copy()
    volume, duty = playing
    for i in np.flatnonzero(notes.song == song).tolist():
        voice, start, steps = int(notes.rows[i, 0]), int(notes.start[i]), int(notes.steps[i])
        at = np.minimum(np.arange(steps), STEPS - 1)
        part = score[start : start + steps, voice]
        part[:, 1] = volume[i, at]
        part[:, 2] = duty[i, at] if voice != Voice.NO else np.minimum(duty[i, at], 1)
        part[volume[i, at] == 0] = 0
    return score


def render_score(score: Bytes, chip: Apu) -> NDArray[np.int16]:
    """A score's samples at 44.1 kHz."""
    whole = ExprScore(STEPS_PER_SECOND, round(len(score) / STEPS_PER_SECOND * VGM_RATE), score)
    blocks = log_to_blocks(*to_log(whole), chip, stems=False)
    return np.concatenate([mix for mix, _ in blocks])


def sound_distances(
    songs: Performances, ways: Mapping[str, Playing], most: int = 100
) -> dict[str, Any]:
    """The log-mel distance in dB of each way of playing to the songs' own; mean and median.

    Of `most` songs, evenly spread over those that go on for four seconds after their first eight
    phrases, what follows these is rendered.
    """
    notes, chip = songs.notes, Apu(VGM_RATE)
    begins: dict[int, int] = {}
    for song in range(len(songs.names)):
        late = notes.start[(notes.song == song) & (notes.phrase >= HINT)]
        if len(late) and len(songs.scores[song]) - late.min() >= SHORTEST * STEPS_PER_SECOND:
            begins[song] = int(late.min())
    chosen = list(begins)
    chosen = [chosen[i] for i in np.unique(np.linspace(0, len(chosen) - 1, most).astype(int))]
    found: dict[str, list[float]] = {name: [] for name in ways}
    for song in chosen:
        part = slice(begins[song], begins[song] + round(SECONDS * STEPS_PER_SECOND))
        own = render_score(songs.scores[song][part], chip)
        for name, playing in ways.items():
            other = render_score(song_as_played(songs, song, playing)[part], chip)
            found[name].append(distance(own, other, VGM_RATE))
    out: dict[str, Any] = {}
    for name, values in found.items():
        decibels = np.array(values)
        mean = interval(decibels, np.ones(len(decibels)))
        out[name] = {"mean": mean, "median": median_interval(decibels)}
    return out
