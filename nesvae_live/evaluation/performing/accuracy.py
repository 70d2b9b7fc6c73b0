"""Shares of steps whose volume, and of onsets whose timbre, is as in the song; by voice, by song."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live.evaluation.bootstrap import interval, sum_by_song
from nesvae_live.model.performer.notes import PERFORMED, STEPS, Column
from nesvae_live.model.performer.notetable import Performances

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
Figures = dict[str, Any]


class Scored:
    """The songs' own volumes and timbres, to compare with."""

    def __init__(self, songs: Performances) -> None:
        self.notes = songs.notes
        self._long = [
            (i, songs.scores[self.notes.song[i]])
            for i in np.flatnonzero(self.notes.steps > STEPS).tolist()
        ]

    def steps_right(self, volume: Bytes) -> NDArray[np.float64]:
        """`[n]`: in how many of its steps each note has the song's volume; the last one stays."""
        notes = self.notes
        inside = np.arange(STEPS) < notes.steps[:, None]
        right = np.asarray(((volume == notes.volume) & inside).sum(1), np.float64)
        for i, score in self._long:
            start = int(notes.start[i])
            after = score[start + STEPS : start + int(notes.steps[i]), notes.rows[i, 0], 1]
            right[i] += (after == volume[i, -1]).sum()
        return right

    def figures(self, volume: Bytes, duty: Bytes, scored: Bools) -> Figures:
        """By voice: `velocity` (of sounding steps), `timbre` (at onsets) and their intervals."""
        right = self.steps_right(volume)
        timbre = (duty[:, 0] == self.notes.duty[:, 0]).astype(np.float64)
        return {
            "velocity": self._by_voice(right, self.notes.steps.astype(np.float64), scored),
            "timbre": self._by_voice(timbre, np.ones(len(timbre)), scored),
        }

    def frame_before(self, scored: Bools) -> Figures:
        """A step's volume as that of its voice one step before; an onset's timbre as the last one's."""
        notes = self.notes
        inside = np.arange(1, STEPS) < notes.steps[:, None]
        right = ((notes.volume[:, 1:] == notes.volume[:, :-1]) & inside).sum(1).astype(np.float64)
        for i, score in self._long:
            start, voice = int(notes.start[i]), int(notes.rows[i, 0])
            after = score[start + STEPS - 1 : start + int(notes.steps[i]), voice, 1]
            right[i] += (after[1:] == after[:-1]).sum()
        before = notes.before
        there = before >= 0
        follows = there & (notes.start == notes.start[before] + notes.steps[before])
        last = notes.volume[before, np.minimum(notes.steps[before], STEPS) - 1]
        right += follows & (last == notes.volume[:, 0])
        same = there & (notes.duty[before, 0] == notes.duty[:, 0])
        return {
            "velocity": self._by_voice(right, notes.steps.astype(np.float64), scored),
            "timbre": self._by_voice(same.astype(np.float64), np.ones(len(same)), scored),
        }

    def changes(self, patches: NDArray[np.int64], scored: Bools) -> Figures:
        """How often a note has another patch than its voice's note before: shape or duty; any."""
        before = self.notes.before
        there = scored & (before >= 0) & scored[before]
        other = patches[before] != patches
        kind = (other[:, 0] | other[:, 2]).astype(np.float64)
        return {
            "instrument": self._by_voice(kind, np.ones(len(kind)), there),
            "patch": self._by_voice(other.any(1).astype(np.float64), np.ones(len(kind)), there),
        }

    def _by_voice(
        self, right: NDArray[np.float64], weight: NDArray[np.float64], scored: Bools
    ) -> Figures:
        out: Figures = {}
        for voice in PERFORMED:
            mine = scored & (self.notes.rows[:, Column.VOICE] == voice)
            if mine.any():
                song = self.notes.song[mine]
                total, of = (sum_by_song(values[mine], song) for values in (right, weight))
                out[voice.name] = interval(total, of)
        return out
