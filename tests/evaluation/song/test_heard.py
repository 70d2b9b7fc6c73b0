"""What is heard, of music for which it is known."""

from __future__ import annotations

import numpy as np
import pytest

from nesvae_live.evaluation.song.heard import (
    BAR_LAGS,
    BEAT_LAGS,
    HEARD_STEPS,
    PULSES,
    autocorrelation,
    diatonic,
    figures_again,
    hear,
    heard_figures,
    key_changes,
    onsets_of,
    resultant,
    slow_pulse,
    standstill,
    voices_lost,
    windows_again,
)
from nesvae_live.music.phrase import Ints

SCALE = np.array([60, 62, 64, 65, 67, 69, 71, 72])


def even(every: int, notes: Ints, steps: int = HEARD_STEPS) -> Ints:
    """P1 plays the notes by turns, one every so many steps; the others are silent."""
    out = np.zeros((steps, 3), np.int64)
    out[:, 0] = notes[np.arange(steps) // every % len(notes)]
    return out


def random_onsets(seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).random(HEARD_STEPS) < 0.2).astype(float)


def test_even_onsets_have_a_beat_and_bars_and_random_ones_have_not() -> None:
    onsets = onsets_of(even(6, SCALE)).sum(1).astype(float)
    assert autocorrelation(onsets, BEAT_LAGS) > 0.95
    assert autocorrelation(onsets, BAR_LAGS) > 0.95
    assert resultant(onsets, PULSES) > 0.9
    assert slow_pulse(onsets) > 0.9
    none = random_onsets()
    assert autocorrelation(none, BEAT_LAGS) < 0.15
    assert autocorrelation(none, BAR_LAGS) < 0.15
    assert resultant(none, PULSES) < 0.3


def test_a_figure_comes_back_in_another_key_too() -> None:
    line = np.array([60, 64, 67, 65, 62, 71, 60])
    moved = np.concatenate((line, line + 5))
    notes = np.repeat(moved, 6)[:, None] * np.array([1, 0, 0])
    fresh = np.repeat(np.random.default_rng(1).integers(50, 90, 14), 6)[:, None]
    assert figures_again(notes) == pytest.approx(2 / 9)
    assert figures_again(fresh * np.array([1, 0, 0])) == 0.0


def test_two_seconds_that_stood_before_at_any_offset_are_found() -> None:
    rng = np.random.default_rng(2)
    part = rng.integers(40, 90, 96)
    notes = np.zeros((240, 3), np.int64)
    notes[:96, 0], notes[96:144, 0], notes[144:240, 0] = part, rng.integers(40, 90, 48), part
    assert windows_again(notes) == pytest.approx(2 / 4)
    assert windows_again(np.zeros((240, 3), np.int64) + 60) is not None


def test_one_scale_is_diatonic_and_all_twelve_classes_are_seven_twelfths_of_it() -> None:
    assert diatonic(even(6, SCALE)) == 1.0
    assert diatonic(even(6, np.arange(60, 72), 72)) == pytest.approx(7 / 12)


def test_a_key_that_stays_changes_never_and_one_that_leaves_every_8_s_always() -> None:
    assert key_changes(even(6, SCALE)) == 0.0
    parts = [even(6, SCALE + 6 * (i % 2), 8 * 24) for i in range(8)]
    assert key_changes(np.concatenate(parts)) == pytest.approx(7.5)


def test_a_voice_that_ends_in_the_middle_is_lost() -> None:
    notes = even(6, SCALE)
    assert voices_lost(notes) == 2
    notes[:, 1:] = 50
    assert voices_lost(notes) == 0
    notes[HEARD_STEPS // 2 :, 2] = 0
    assert voices_lost(notes) == 1


def test_the_longest_standstill_is_in_seconds() -> None:
    onsets = np.zeros(240)
    onsets[[0, 24, 120, 230]] = 1
    assert standstill(onsets) == pytest.approx(110 / 24)


def test_silence_has_nothing_to_measure_and_breaks_nothing() -> None:
    values = hear(np.zeros((HEARD_STEPS, 3), np.int64))
    assert np.isnan(values[:4]).all()
    figures = heard_figures([np.zeros((HEARD_STEPS, 3), np.int64), even(6, SCALE)])
    assert figures["lost"]["value"] == 1.0
    assert figures["beat"]["n"] == 1
    assert figures["clear_pulse"]["value"] == 1.0
