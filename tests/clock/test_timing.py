"""Tempo lines, metres and positions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.clock.timing import ClockRef, Meter, clocks_to_beats


@given(st.floats(-100, 100), st.floats(0, 1e5), st.floats(0.1, 3.0), st.floats(-1000, 1000))
def test_a_beats_time_comes_back_as_the_beat(
    beat: float, at: float, beat_seconds: float, asked: float
) -> None:
    ref = ClockRef(beat, at, beat_seconds)
    assert ref.beat_at(ref.time_of(asked)) == pytest.approx(asked, abs=1e-6)


def test_a_clock_is_a_line() -> None:
    ref = ClockRef(beat=4.0, at=10.0, beat_seconds=0.5)
    assert ref.beat_at(11.0) == 6.0
    assert ref.time_of(8.0) == 12.0
    assert ref.tempo == 120.0


def test_beats_are_quarter_notes_whatever_the_metre() -> None:
    assert Meter.parse("4/4").beats_per_bar == 4.0
    assert Meter.parse("6/8").beats_per_bar == 3.0
    assert Meter.parse("7/16").beats_per_bar == 1.75
    assert str(Meter.parse("6/8")) == "6/8"


@pytest.mark.parametrize("text", ["4", "4/3", "0/4", "33/4", "four/4", "4/4/4", "", "-4/4"])
def test_what_is_no_metre_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="metre"):
        Meter.parse(text)


def test_positions_are_counted_from_one() -> None:
    meter = Meter(6, 8)
    assert [meter.position(b) for b in (0.0, 0.5, 2.9, 3.0, -1.0)] == [
        (1, 1), (1, 2), (1, 6), (2, 1), (1, 1),
    ]  # fmt: skip


def test_a_take_is_padded_to_whole_bars() -> None:
    meter = Meter(3, 4)
    assert [meter.whole_bars(b) for b in (0.0, 0.1, 3.0, 3.0000001, 3.1)] == [0, 3, 3, 3, 6]


def test_24_clocks_are_a_beat() -> None:
    assert clocks_to_beats(36) == 1.5
