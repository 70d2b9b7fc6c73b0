"""The kinds of strokes: which note of the noise, which of its two modes, and which envelope.

A drummer's kit has as many kinds as a byte can tell; each stroke of the corpus is the nearest of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nesvae_live.model.performer.kit import steps_to_macro
from nesvae_live.music.patch import Macro

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
F32 = NDArray[np.float32]

LONGEST = 16
"""Steps of 1/24 s of a stroke that are looked at."""
OTHER_MODE, A_NOTE, A_VOLUME = 8.0, 5.0, 0.25
"""What it costs to be of another mode, a note off, and one off in the volume of a step."""
SLACK = 4.0
"""By how much a kind may be farther off than the nearest, and still be a stroke's: envelopes are read
24 times a second of 60, so the same drum isn't read the same every time."""


@dataclass(frozen=True)
class StrokeKit:
    """`notes` `[V]` of 1 (lowest) to 16, `modes` `[V]` of 0 (hissing) and 1 (ringing), `envelopes`.

    Those are `[V, LONGEST]`, volumes of 0-15 a step of 1/24 s; the last one stays.
    """

    notes: Bytes
    modes: Bytes
    envelopes: Bytes

    def __len__(self) -> int:
        return len(self.notes)

    def volume(self, kind: int) -> Macro:
        """The volume of a kind, by the frame."""
        return steps_to_macro(self.envelopes[kind])

    def duty(self, kind: int) -> Macro:
        """Its mode, as the chip's shapes have it."""
        return Macro((int(self.modes[kind]),))


@dataclass(frozen=True)
class Struck:
    """Strokes of the corpus: `notes`, `modes` `[n]`, `volumes` `[n, LONGEST]`.

    Of its volumes `known` `[n]` steps are known: a stroke that the next one cuts says nothing of what
    would have followed, one that has ended in silence is silent from there on. `song` `[n]` numbers
    its song.
    """

    notes: Bytes
    modes: Bytes
    volumes: Bytes
    known: Ints
    song: Ints


@njit(cache=True)
def _costs(
    note: int,
    mode: int,
    volumes: Bytes,
    known: int,
    kit_notes: Bytes,
    kit_modes: Bytes,
    envelopes: Bytes,
    out: F32,
) -> None:
    for k in range(len(kit_notes)):
        cost = A_NOTE * abs(note - int(kit_notes[k])) + OTHER_MODE * (mode != kit_modes[k])
        for t in range(known):
            cost += A_VOLUME * abs(int(volumes[t]) - int(envelopes[k, t]))
        out[k] = cost


@njit(cache=True)
def nearest_kinds(
    notes: Bytes,
    modes: Bytes,
    volumes: Bytes,
    known: Ints,
    song: Ints,
    kit_notes: Bytes,
    kit_modes: Bytes,
    envelopes: Bytes,
    slack: float,
) -> Ints:
    """`[n]`: the kind, from 0 on, that is nearest to each stroke; or that its song has most of.

    Of the kinds that are within `slack` of the nearest it is the one that is nearest to most strokes
    of its song, whose strokes follow each other.
    """
    n = len(notes)
    out, costs = np.zeros(n, np.int64), np.zeros(len(kit_notes), np.float32)
    counts = np.zeros(len(kit_notes), np.int64)
    begin = 0
    while begin < n:
        end = begin
        while end < n and song[end] == song[begin]:
            end += 1
        counts[:] = 0
        for again in range(2):
            for i in range(begin, end):
                _costs(
                    int(notes[i]),
                    int(modes[i]),
                    volumes[i],
                    known[i],
                    kit_notes,
                    kit_modes,
                    envelopes,
                    costs,
                )
                best = int(costs.argmin())
                if again == 0:
                    counts[best] += known[i]
                    continue
                limit = costs[best] + slack
                for k in range(len(costs)):
                    if costs[k] <= limit and counts[k] > counts[best]:
                        best = k
                out[i] = best
        begin = end
    return out


def to_kinds(struck: Struck, kit: StrokeKit) -> Ints:
    """`[n]`: the kind, from 1 on, of each stroke."""
    found = nearest_kinds(
        *(struck.notes, struck.modes, struck.volumes, struck.known, struck.song),
        *(kit.notes, kit.modes, kit.envelopes, SLACK),
    )
    return np.asarray(found + 1, np.int64)
