"""What somebody hears who is told nothing: a beat, bars, themes, a key, voices that go silent.

Everything is measured in seconds, on `[N, 3]` notes of 24 steps a second (0: silent), so that songs
as they are and what the instrument plays in ticks at 120 BPM stand side by side. An onset is a note
that was not sounding in the step before.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from nesvae_live.evaluation.bootstrap import Estimate, interval, median_interval
from nesvae_live.evaluation.features import MAJOR_SCALES
from nesvae_live.evaluation.song.beat import CLEAR, GRAM
from nesvae_live.music.key import Key, likeliest_key
from nesvae_live.music.phrase import N_VOICES, STEPS_PER_SECOND, Ints, steps_to_tuples
from nesvae_live.music.voices import Voice

Floats = NDArray[np.float64]

HEARD_SECONDS = 64
HEARD_STEPS = HEARD_SECONDS * STEPS_PER_SECOND
"""How long a run is, and what is heard of a song."""
BEAT_LAGS = range(4, STEPS_PER_SECOND + 1)
"""Steps: 1/6 to 1 s."""
BAR_LAGS = range(STEPS_PER_SECOND, 8 * STEPS_PER_SECOND + 1)
"""1 to 8 s."""
PULSES = np.geomspace(2.0, 16.0, 400)
SLOW_PULSES = PULSES[PULSES >= 4.0]
"""Those of at least 1/6 s."""
PULSE_WINDOW = 16 * STEPS_PER_SECOND
FIGURE = 6
"""Notes of a figure."""
AGAIN_WINDOW, AGAIN_SHARE = 2 * STEPS_PER_SECOND, 0.8
"""So much of a window must have stood somewhere before."""
KEY_WINDOW = 8 * STEPS_PER_SECOND
LOST_SHARE = 0.02
"""A voice is lost that sounds in the second half for less than so much of it."""
MEASURES = (
    *("beat", "bars", "slow_pulse", "pulse", "grams", "figures", "windows"),
    *("diatonic", "key_changes", "standstill"),
)
"""What is measured of each piece, in the order of `hear`."""


def hear(notes: Ints) -> Floats:
    """The measures of a piece `[N, 3]`, NaN where there is too little to measure."""
    onsets = onsets_of(notes).sum(1).astype(np.float64)
    return np.array(
        [
            autocorrelation(onsets, BEAT_LAGS),
            autocorrelation(onsets, BAR_LAGS),
            slow_pulse(onsets),
            resultant(onsets, PULSES),
            grams_again(steps_to_tuples(notes)),
            figures_again(notes),
            windows_again(notes),
            diatonic(notes),
            key_changes(notes),
            standstill(onsets),
        ]
    )


def onsets_of(notes: Ints) -> NDArray[np.bool_]:
    """`[N, 3]`: where each voice begins a note."""
    before = np.concatenate((np.zeros((1, N_VOICES), notes.dtype), notes[:-1]))
    return np.asarray((notes > 0) & (notes != before))


def autocorrelation(onsets: Floats, lags: range) -> float:
    """The greatest autocorrelation of `[N]` onsets a step at any of some lags."""
    off = onsets - onsets.mean()
    power = float((off**2).mean())
    if power == 0.0 or len(off) <= max(lags):
        return float("nan")
    return max(float((off[:-lag] * off[lag:]).mean()) / power for lag in lags)


def resultant(onsets: Floats, periods: Floats) -> float:
    """The greatest resultant of onsets at any period: 1 if all lie on one pulse, 0 if evenly."""
    total = float(onsets.sum())
    if total < 8:
        return float("nan")
    at = np.flatnonzero(onsets)
    turns = np.exp(2j * np.pi * at[None] / periods[:, None])
    return float(np.abs(turns @ onsets[at]).max() / total)


def slow_pulse(onsets: Floats) -> float:
    """The mean over windows of 16 s of the resultant at pulses of 1/6 s and slower."""
    parts = [onsets[i : i + PULSE_WINDOW] for i in range(0, len(onsets), PULSE_WINDOW)]
    found = np.array([resultant(p, SLOW_PULSES) for p in parts if len(p) == PULSE_WINDOW])
    return float(np.nanmean(found)) if (~np.isnan(found)).any() else float("nan")


def grams_again(tuples: Ints) -> float:
    """The share of four tuples in a row that stood before."""
    rows = [tuple(row) for row in tuples.tolist()]
    grams = [tuple(rows[i : i + GRAM]) for i in range(len(rows) - GRAM + 1)]
    return 1.0 - len(set(grams)) / len(grams) if grams else float("nan")


def figures_again(notes: Ints) -> float:
    """Of the busier pulse's figures of six notes, the share that stood before in some key."""
    onsets = onsets_of(notes)
    voice = max((Voice.P1, Voice.P2), key=lambda v: int(onsets[:, v].sum()))
    line: Ints = notes[np.flatnonzero(onsets[:, voice]), voice]
    if len(line) < 2 * FIGURE:
        return float("nan")
    figures = [tuple(f) for f in sliding_window_view(np.diff(line), FIGURE - 1).tolist()]
    return 1.0 - len(set(figures)) / len(figures)


def windows_again(notes: Ints) -> float:
    """Of the windows of 2 s that have onsets, the share of which 80 % stood before, at any time."""
    code = (notes.astype(np.int64) * (1, 1 << 10, 1 << 20)).sum(1)
    onsets = onsets_of(notes).sum(1)
    again = total = 0
    for at in range(AGAIN_WINDOW, len(code) - AGAIN_WINDOW + 1, AGAIN_WINDOW):
        if not onsets[at : at + AGAIN_WINDOW].any():
            continue
        before = sliding_window_view(code[:at], AGAIN_WINDOW)
        same = (before == code[at : at + AGAIN_WINDOW]).mean(1)
        total += 1
        again += bool(same.max() >= AGAIN_SHARE)
    return again / total if total else float("nan")


def pitch_classes(notes: Ints) -> Floats:
    """`[12]`: for how many steps each pitch class sounds."""
    sounding = notes[notes > 0]
    return np.bincount(sounding % 12, minlength=12).astype(np.float64)


def diatonic(notes: Ints) -> float:
    """The share of what sounds that lies in its best major scale."""
    classes = pitch_classes(notes)
    total = classes.sum()
    return float((classes @ MAJOR_SCALES).max() / total) if total else float("nan")


def key_changes(notes: Ints) -> float:
    """How often a minute the key of 8 s is another one than that of the 8 s before."""
    keys: list[Key] = []
    for at in range(0, len(notes) - KEY_WINDOW + 1, KEY_WINDOW):
        classes = pitch_classes(notes[at : at + KEY_WINDOW])
        if classes.std() > 0:
            keys.append(likeliest_key(classes))
    if len(keys) < 2:
        return float("nan")
    changes = sum(a != b for a, b in pairwise(keys))
    return changes / ((len(keys) - 1) * KEY_WINDOW / STEPS_PER_SECOND / 60)


def standstill(onsets: Floats) -> float:
    """The longest time without an onset, in seconds."""
    at = np.concatenate(([0], np.flatnonzero(onsets), [len(onsets)]))
    return float(np.diff(at).max() / STEPS_PER_SECOND)


def voices_lost(notes: Ints) -> int:
    """How many voices sound in the second half for less than 2 % of it."""
    half = notes[len(notes) // 2 :]
    return int(((half > 0).mean(0) < LOST_SHARE).sum())


def heard_figures(pieces: Sequence[Ints]) -> dict[str, Any]:
    """Each measure's median over pieces `[N, 3]`, with its interval and quartiles.

    `clear_pulse` is the share of pieces whose pulse is above .7; `lost` and `lost_two` those in
    which at least one voice, or two, are lost.
    """
    values = np.stack([hear(piece) for piece in pieces])
    out: dict[str, Any] = {}
    for name, column in zip(MEASURES, values.T, strict=True):
        real = column[~np.isnan(column)]
        quartiles = [float(v) for v in np.percentile(real, [25, 75])] if len(real) else None
        out[name] = (median_interval(real) if len(real) else _nothing()) | {"quartiles": quartiles}
    pulse = values[:, MEASURES.index("pulse")]
    out["clear_pulse"] = _share(pulse[~np.isnan(pulse)] > CLEAR)
    lost = np.array([voices_lost(piece) for piece in pieces])
    return out | {"lost": _share(lost > 0), "lost_two": _share(lost > 1)}


def _share(true: NDArray[np.bool_]) -> Estimate:
    return interval(true.astype(np.float64), np.ones(len(true)))


def _nothing() -> Estimate:
    return {"value": float("nan"), "low": None, "high": None, "n": 0}
