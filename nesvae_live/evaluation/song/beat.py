"""Whether music has a beat, and whether it comes back: pulse, bar and recurrence.

Music is tuples `[n, 4]` (notes, and for how many ticks they hold; steps, where it is free) with the
place of each; a beginning is a voice's note that was not sounding in the tuple before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live.evaluation.bootstrap import (
    bootstrap,
    bootstrap_pair,
    interval,
    mean_by_song,
    median_interval,
)
from nesvae_live.music.metre.place import METRES, TICKS_PER_BEAT, bar_ticks, tick_of_bar
from nesvae_live.music.phrase import N_VOICES, STEPS_PER_SECOND, TUPLES_PER_PHRASE, Ints
from nesvae_live.music.voices import Voice

Floats = NDArray[np.float64]

WINDOW = 8 * TUPLES_PER_PHRASE
"""Tuples over which a pulse is sought."""
PERIODS = np.geomspace(2.0, 16.0, 400)
"""Ticks of the pulses that are sought."""
CLEAR = 0.7
"""A pulse that is clearly there."""
LEAST = 8
"""Notes that a window must have."""
METRE_NAMES = {"four": METRES[0], "three": METRES[1], "free": 0}
"""Beats of a bar; 0: there are none."""
GRAM = 4
"""Tuples in a row that are looked for again."""
MINUTE = 60 * STEPS_PER_SECOND
SIXTEENTH, TRIPLET = TICKS_PER_BEAT // 4, TICKS_PER_BEAT // 3
FOURTH = 5
"""Semitones up; a fifth down is the same pitch class."""
BARS_LATER = (1, 2, 4, 8)
FOUR = METRES[0] * TICKS_PER_BEAT
"""Ticks of the bars whose beginnings are compared."""


@dataclass(frozen=True)
class Music:
    """One piece: `tuples` `[n, 4]` and `places` `[n]`."""

    tuples: Ints
    places: Ints

    @property
    def ticks(self) -> Ints:
        """`[n]`: when each tuple begins."""
        return np.concatenate(([0], np.cumsum(self.tuples[:-1, 3])))

    def begins(self) -> NDArray[np.bool_]:
        """`[n, 3]`: whether each voice begins a note there."""
        notes = self.tuples[:, :N_VOICES]
        before = np.concatenate((np.zeros((1, N_VOICES), np.int64), notes[:-1]))
        return np.asarray((notes > 0) & (notes != before))


def windows(piece: Music, window: int = WINDOW) -> list[Music]:
    """The piece cut into windows of so many tuples in which enough begins; what is left over is left out."""
    starts = range(0, len(piece.tuples) - window + 1, window)
    cut = [Music(piece.tuples[at : at + window], piece.places[at : at + window]) for at in starts]
    return [part for part in cut if part.begins().sum() >= LEAST]


def pulse(piece: Music) -> float:
    """The greatest resultant of the beginnings at any period, 0 to 1."""
    count = piece.begins().sum(1)
    turns = np.exp(2j * np.pi * piece.ticks[None] / PERIODS[:, None])
    return float(np.abs(turns @ count).max() / count.sum())


def metre_of(piece: Music) -> int:
    """Beats of the bars that most of a piece's tuples lie in; 0: it is free."""
    bars = [bar_ticks(int(place)) // TICKS_PER_BEAT for place in piece.places]
    return int(np.bincount(bars).argmax())


def onset_places(piece: Music) -> Floats:
    """`[48]`: how many notes begin on each tick of the bars of four."""
    four = np.array([bar_ticks(int(place)) == FOUR for place in piece.places])
    tick = tick_of_bar(piece.places)
    count = piece.begins().sum(1)
    return np.bincount(tick[four], count[four], FOUR).astype(np.float64)


def on_lines(piece: Music) -> tuple[int, int]:
    """How many notes begin where the metre is sure, and how many on a sixteenth or a triplet."""
    tick = tick_of_bar(piece.places)
    count = piece.begins().sum(1)
    within = tick % TICKS_PER_BEAT
    on_line = (within % SIXTEENTH == 0) | (within % TRIPLET == 0)
    return int(count[tick >= 0].sum()), int(count[(tick >= 0) & on_line].sum())


def bar_lines(piece: Music) -> tuple[int, int]:
    """How many bar lines there are within the piece, and on how many of them a note begins."""
    tick = tick_of_bar(piece.places)
    length = np.array([bar_ticks(int(place)) for place in piece.places])
    known = length > 0
    crossed = known & (tick + piece.tuples[:, 3] > length)  # a line lies inside the hold
    on_line = known & (tick == 0)
    struck = on_line & piece.begins().any(1)
    return int(crossed.sum() + on_line.sum()), int(struck.sum())


def falling_fifths(piece: Music) -> tuple[int, int]:
    """On how many bar lines the triangle goes to another note, and how often that is a cadence's step.

    Such a step goes down a fifth or up a fourth, or by so much and octaves.
    """
    bass, tick = piece.tuples[:, Voice.TR], tick_of_bar(piece.places)
    sounding = np.flatnonzero(bass > 0)
    before, after = bass[sounding[:-1]], bass[sounding[1:]]
    moved = (after != before) & (tick[sounding[1:]] == 0)
    return int(moved.sum()), int((moved & ((after - before) % 12 == FOURTH)).sum())


def recurring_grams(piece: Music) -> float:
    """The share of tuples that end four in a row which were there before within a minute."""
    ticks = piece.ticks
    last: dict[tuple[tuple[int, ...], ...], int] = {}
    again = total = 0
    rows = [tuple(row) for row in piece.tuples.tolist()]
    for i in range(GRAM - 1, len(rows)):
        gram = tuple(rows[i - GRAM + 1 : i + 1])
        total += 1
        again += gram in last and ticks[i] - last[gram] <= MINUTE
        last[gram] = ticks[i]
    return again / total if total else float("nan")


def recurring_bars(piece: Music) -> Floats:
    """`[4]`: of what begins in a bar, the share that begins there again 1, 2, 4, 8 bars later."""
    begins = piece.begins()
    ticks = piece.ticks
    rows, voices = np.nonzero(begins)
    events = {
        (int(ticks[r]), int(v), int(piece.tuples[r, v])) for r, v in zip(rows, voices, strict=True)
    }
    bar = np.array([bar_ticks(int(place)) for place in piece.places])
    end = int(ticks[-1]) if len(ticks) else 0
    out = []
    for bars in BARS_LATER:
        found = [
            (int(ticks[r] + bars * bar[r]), int(v), int(piece.tuples[r, v])) in events
            for r, v in zip(rows, voices, strict=True)
            if bar[r] > 0 and ticks[r] + bars * bar[r] <= end
        ]
        out.append(float(np.mean(found)) if len(found) >= 8 else float("nan"))
    return np.array(out)


def beat_figures(ours: Sequence[Music], songs: Sequence[Music], seed: int = 0) -> dict[str, Any]:
    """`pulse`, `bar` and `recurrence` of our music and of held-out songs in the same tokens."""
    figures: dict[str, Any] = {"pulse": {}, "bar": {}, "recurrence": {}}
    for name, pieces in (("window", ours), ("songs", songs)):
        each = [windows(piece) for piece in pieces]
        every = np.array([pulse(part) for parts in each for part in parts])
        piece_of = np.repeat(np.arange(len(each)), [len(parts) for parts in each])
        figures["pulse"][name] = _pulse_figures(every, piece_of)
        metre = np.array([metre_of(part) for parts in each for part in parts], np.int64)
        by_metre = {kind: metre == beats for kind, beats in METRE_NAMES.items()}
        figures["pulse"][name]["by_metre"] = {
            kind: _pulse_figures(every[at], piece_of[at])
            for kind, at in by_metre.items()
            if at.any()
        }
    places = [np.stack([onset_places(piece) for piece in pieces]) for pieces in (ours, songs)]
    halves = np.random.default_rng(seed).permutation(len(songs))
    one, other = (places[1][halves[i::2]] for i in range(2))
    figures["bar"]["js_over_human"] = bootstrap(_ratio, places[0], places[1], one, other)
    for name, pieces in (("lines_struck", ours), ("songs_lines_struck", songs)):
        lines = np.array([bar_lines(piece) for piece in pieces], np.float64)
        figures["bar"][name] = interval(lines[:, 1], lines[:, 0])
    for name, pieces in (("on_line", ours), ("songs_on_line", songs)):
        notes = np.array([on_lines(piece) for piece in pieces], np.float64)
        figures["bar"][name] = interval(notes[:, 1], notes[:, 0])
    for name, pieces in (("fifths", ours), ("songs_fifths", songs)):
        steps = np.array([falling_fifths(piece) for piece in pieces], np.float64)
        figures["bar"][name] = interval(steps[:, 1], steps[:, 0])
    for name, pieces in (("", ours), ("songs", songs)):
        grams = np.array([recurring_grams(piece) for piece in pieces])
        bars = np.stack([recurring_bars(piece) for piece in pieces])
        found = {"grams": _spread(grams), "bars": _spread(np.concatenate(bars.T))}
        found |= {f"bars_{k}": _spread(bars[:, i]) for i, k in enumerate(BARS_LATER)}
        figures["recurrence"] |= {name: found} if name else found
    both = [np.array([recurring_grams(piece) for piece in pieces]) for pieces in (ours, songs)]
    figures["recurrence"]["grams_ks"] = bootstrap_pair(kolmogorov_smirnov, both[0], both[1])
    return figures


def _pulse_figures(values: Floats, piece_of: Ints) -> dict[str, Any]:
    return {
        "median": median_interval(values),
        "above_07": mean_by_song((values > CLEAR).astype(np.float64), piece_of),
    }


def kolmogorov_smirnov(a: Floats, b: Floats) -> float:
    """The greatest distance of two samples' distribution functions, 0 to 1."""
    at = np.concatenate((a, b))
    below = [np.searchsorted(np.sort(x), at, side="right") / max(len(x), 1) for x in (a, b)]
    return float(np.abs(below[0] - below[1]).max())


def _spread(values: Floats) -> dict[str, Any]:
    """The median with its interval, and the quartiles."""
    real = values[~np.isnan(values)]
    if not len(real):
        return {"value": float("nan"), "low": None, "high": None, "n": 0, "quartiles": None}
    quartiles = [float(q) for q in np.percentile(real, [25, 75])]
    return median_interval(real) | {"quartiles": quartiles}


def divergence(a: Floats, b: Floats) -> Floats:
    """Jensen-Shannon's, in bits, of counts `[..., k]`."""
    p, q = (x / np.maximum(x.sum(-1, keepdims=True), 1e-9) for x in (a, b))
    m = (p + q) / 2
    parts = [
        np.where(x > 0, x * np.log2(np.maximum(x, 1e-12) / np.maximum(m, 1e-12)), 0.0)
        for x in (p, q)
    ]
    out: Floats = 0.5 * (parts[0].sum(-1) + parts[1].sum(-1))
    return out


def _ratio(ours: Floats, songs: Floats, one: Floats, other: Floats) -> Floats:
    return divergence(ours, songs) / np.maximum(divergence(one, other), 1e-9)
