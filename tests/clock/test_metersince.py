"""A metre that comes in mid-piece: its bars are counted from where it began."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.clock.timing import Meter, MeterSince
from nesvae_live.music.grid import Grid, Mode
from nesvae_live.music.metre.place import beat_to_place
from nesvae_live.music.swap import Swap, next_line

THREE = MeterSince.after(Meter(), (3, 4), 16.0)


def test_bars_and_counts_go_on_from_those_before() -> None:
    assert Meter().position(15.5) == (4, 4)
    assert [THREE.position(beat) for beat in (16.0, 18.5, 19.0, 22.0)] == [
        (5, 1),
        (5, 3),
        (6, 1),
        (7, 1),
    ]
    seven = MeterSince.after(THREE, (7, 8), 22.0)
    assert seven.position(22.0) == (7, 1)
    assert seven.position(25.5) == (8, 1)
    assert str(seven) == "7/8"


def test_bar_lines_are_its_own() -> None:
    assert [THREE.bar_line(beat) for beat in (16.0, 18.9, 19.0, 24.9)] == [16.0, 16.0, 19.0, 22.0]
    assert [THREE.whole_bars(beat) for beat in (16.0, 16.1, 19.0, 24.9)] == [16.0, 19.0, 19.0, 25.0]
    assert next_line(Swap.BAR, 20.0, THREE) == 22.0
    assert beat_to_place(19.0, THREE) == beat_to_place(0.0, Meter(3, 4))
    assert Grid(Mode.BARS, bars=1.0).length(40, 19.0, 120.0, THREE) == 3.0


@given(st.integers(0, 64), st.sampled_from([(3, 4), (4, 4), (7, 8), (5, 4)]), st.floats(0.0, 200.0))
def test_it_is_the_metre_itself_moved(bars: int, parts: tuple[int, int], beat: float) -> None:
    moved, plain = MeterSince.after(Meter(), parts, 4.0 * bars), Meter(*parts)
    assert moved.whole_bars(4.0 * bars + beat) == pytest.approx(4.0 * bars + plain.whole_bars(beat))
    assert moved.bar_line(4.0 * bars + beat) == pytest.approx(4.0 * bars + plain.bar_line(beat))
    bar, count = plain.position(beat)
    assert moved.position(4.0 * bars + beat) == (bars + bar, count)
