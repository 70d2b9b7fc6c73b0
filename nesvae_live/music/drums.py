"""The drummer: what the noise voice plays, derived by rule from the rhythm of the phrases.

Every place where a drum may play has a rank in 0..1, and the `noise` knob sets up to which rank
they do: turning it up adds hits and moves none. There is a kick where the bass begins a note, a
snare where the pulses do on a backbeat, and a hat elsewhere; long notes are filled with hats.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nesvae_live.clock.timing import Meter
from nesvae_live.music.patch import Macro, Patch
from nesvae_live.music.phrase import Phrase
from nesvae_live.music.voices import SILENCE, Voice

NOISE_KNOB, FILL_KNOB = "noise", "fill"
LEARNT, RULE = "learnt", "rule"
DRUMS_BY = (LEARNT, RULE)
"""Who drums: a network that learnt it (`model.drums`), or the rule here; the first unless one is asked for."""


@dataclass(frozen=True, slots=True)
class DrumSpec:
    """A drum: the chip's noise note (1 lowest, to 16), General MIDI's note, and its sound."""

    name: str
    note: int
    midi_note: int
    patch: Patch


def _drum(name: str, note: int, midi_note: int, volume: str) -> DrumSpec:
    return DrumSpec(name, note, midi_note, Patch(Macro.parse(volume, 0, 15), Macro((0,))))


KICK = _drum("kick", 4, 36, "15 13 10 7 4 2 1 0")
TOM = _drum("tom", 8, 45, "13 12 10 9 7 6 4 3 2 1 0")
SNARE = _drum("snare", 12, 38, "14 12 10 9 7 6 5 4 3 2 1 0")
OPEN_HAT = _drum("open hat", 14, 46, "8 7 6x2 5x3 4x3 3x3 2x3 1x3 0")
HAT = _drum("hat", 15, 42, "8 5 3 1 0")

DRUMS = (KICK, TOM, SNARE, OPEN_HAT, HAT)
"""The kit, modelled on the corpus (benchmarks/envelopes.py): 62 % of its hits are notes 12 to 16,
84 % last at most 3 steps of 1/24 s, longer ones have lost half their volume by the third step, and
99 % are white noise."""

DRUM_BY_NOTE = {drum.note: drum for drum in DRUMS}
DRUM_PATCHES = {drum.note: drum.patch for drum in DRUMS}

FILL_STEPS = 3
"""How many steps of the corpus lie between the hats that fill a long note."""

JITTER = 0.12
"""How far a rank may be drawn from its rule's, each way, so that no two phrases sound alike."""

FOUR = Meter()


@dataclass(frozen=True, slots=True)
class Hit:
    """A possible hit: it is played if the knob is above `rank` (0..1).

    It sounds as the kit's drum of that note does, or as `patch` has it.
    """

    beat: float
    note: int
    rank: float
    patch: Patch | None = None


class Drummer:
    """Places drums along the phrases; the same seed and phrase give the same drums."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._hits: deque[Hit] = deque()
        self._notes = (SILENCE, SILENCE, SILENCE)

    def place(
        self,
        phrase: Phrase,
        index: int,
        beat: float,
        step_beats: float,
        *,
        beats: Sequence[float] = (),
        before: tuple[int, int, int] | None = None,
        meter: Meter = FOUR,
    ) -> None:
        """Place the drums of phrase `index` from `beat` on, a step lasting `step_beats`.

        They replace all that was placed from that beat on. `beats`: where each tuple starts and the
        last one ends, if steps are not evenly long. `before`: the notes that the voices hold until
        then, if those aren't the end of what was placed last. `meter` says where bars begin.
        """
        self._clear_from(beat)
        rng = np.random.default_rng([self._seed, index, Voice.NO])
        if before is not None:
            self._notes = before
        step = 0
        for i, (p1, p2, tr, held) in enumerate(phrase.tuples):
            start = beat + step * step_beats
            if beats:
                start, step_beats = beats[i], (beats[i + 1] - beats[i]) / held
            notes = (p1, p2, tr)
            pulses, bass = self._struck(notes)
            self._notes = notes
            if step_beats == 0:
                continue  # another tuple begins on its beat, and plays in its place
            for filled in range(0, held, FILL_STEPS):
                at = start + filled * step_beats
                drawn = JITTER * (2.0 * float(rng.random()) - 1.0)
                if filled == 0:
                    drum, rank = self._at_onset(
                        meter.counted(at), meter.beats_per_bar, pulses, bass
                    )
                    if drum is None:
                        continue
                elif held - filled < FILL_STEPS:
                    continue
                else:
                    last = held - filled < 2 * FILL_STEPS
                    drum, rank = (OPEN_HAT, 0.9) if last and held > 12 else (HAT, 0.75)
                self._hits.append(Hit(at, drum.note, min(max(rank + drawn, 0.0), 0.99)))
            step += held

    def lay(self, hits: Sequence[Hit], beat: float) -> None:
        """Lay down hits, in order, that somebody else has chosen, from `beat` on.

        They replace all that was placed from that beat on.
        """
        self._clear_from(beat)
        self._hits.extend(hits)

    def _clear_from(self, beat: float) -> None:
        while self._hits and self._hits[-1].beat >= beat:
            self._hits.pop()

    def clear(self) -> None:
        """Drop everything that has been placed."""
        self._hits.clear()
        self._notes = (SILENCE, SILENCE, SILENCE)

    def pop_due(self, beat: float, level: float | None) -> list[Hit]:
        """Remove the hits up to and including `beat`; returns those below `level` (None: none)."""
        due: list[Hit] = []
        while self._hits and self._hits[0].beat <= beat:
            hit = self._hits.popleft()
            if level is not None and hit.rank < level:
                due.append(hit)
        return due

    def _struck(self, notes: tuple[int, int, int]) -> tuple[int, bool]:
        """How many pulses begin a note here, and whether the bass does."""
        new = [now not in (SILENCE, was) for now, was in zip(notes, self._notes, strict=True)]
        return sum(new[:2]), new[2]

    @staticmethod
    def _at_onset(
        beat: float, beats_per_bar: float, pulses: int, bass: bool
    ) -> tuple[DrumSpec | None, float]:
        """The drum, and its rank, where `pulses` pulses and perhaps the bass begin a note."""
        place = beat % beats_per_bar
        count = round(place)
        on_beat = abs(place - count) < 0.05
        if on_beat and count % 2 == 1 and pulses:
            return SNARE, 0.2
        if bass:
            return KICK, 0.15 if on_beat else 0.35
        if pulses == 2:
            return SNARE, 0.45
        if pulses:
            return (TOM, 0.55) if place > beats_per_bar - 0.5 else (HAT, 0.6)
        return None, 1.0
