"""Tap tempo: steady taps, unsteady hands, fresh starts."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.clock.taptempo import TapTempo


def tapped(*times: float) -> float | None:
    taps = TapTempo()
    tempo = None
    for at in times:
        tempo = taps.tap(at)
    return tempo


def test_one_tap_is_no_tempo() -> None:
    assert tapped(5.0) is None


def test_two_taps_are() -> None:
    assert tapped(5.0, 5.5) == pytest.approx(120.0)


@given(st.floats(31.0, 400.0), st.integers(2, 40))
def test_steady_taps_give_their_tempo(tempo: float, n: int) -> None:
    assert tapped(*(100.0 + i * 60.0 / tempo for i in range(n))) == pytest.approx(tempo)


@given(st.integers(0, 1000), st.floats(60.0, 200.0))
def test_a_hand_15_ms_off_is_within_3_percent_after_8_taps(seed: int, tempo: float) -> None:
    hand = random.Random(seed)
    times = [i * 60.0 / tempo + hand.uniform(-0.015, 0.015) for i in range(8)]
    # The mean of 7 intervals is off by as much as the first and last tap: 30 ms in 7 beats.
    assert tapped(*times) == pytest.approx(tempo, rel=0.03 * tempo / 60.0 / 7.0 * 1.02)


@pytest.mark.parametrize("missing", [3, 4, 5, 6])
def test_a_missed_tap_changes_nothing(missing: int) -> None:
    assert tapped(*(i * 0.5 for i in range(9) if i != missing)) == pytest.approx(120.0)


def test_a_stray_tap_changes_nothing() -> None:
    assert tapped(0.0, 0.5, 1.0, 1.5, 1.75, 2.0, 2.5, 3.0) == pytest.approx(120.0)


def test_a_bounce_is_no_tap() -> None:
    taps = TapTempo()
    taps.tap(0.0)
    assert taps.tap(0.05) is None
    assert taps.tap(0.5) == pytest.approx(120.0)


def test_after_2_seconds_it_begins_anew() -> None:
    taps = TapTempo()
    for i in range(8):
        taps.tap(i * 0.5)
    assert taps.tap(3.5 + 2.1) is None
    assert taps.tap(3.5 + 2.1 + 1.0) == pytest.approx(60.0)


def test_a_new_tempo_has_won_after_its_fifth_tap() -> None:
    times = [i * 0.5 for i in range(10)]
    times += [times[-1] + i * 0.3 for i in range(1, 6)]
    assert tapped(*times) == pytest.approx(200.0)
