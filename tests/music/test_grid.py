"""Phrases on the grid: lengths are exact, order is kept, and only what should move moves."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.clock.timing import Meter
from nesvae_live.log.plain import to_data, to_value
from nesvae_live.music.grid import BARS, Grid, Mode

FOUR = Meter(4, 4)
HOLDS = st.lists(st.integers(1, 32), min_size=1, max_size=13)
TEMPI = st.floats(20.0, 400.0)
METERS = st.builds(Meter, st.integers(1, 15), st.sampled_from([2, 4, 8, 16]))
CELLS = st.sampled_from([None, 4, 8, 16, 32])
GRIDS = st.builds(
    Grid,
    st.sampled_from(list(Mode)),
    st.sampled_from([1.0, 2.0, 3.0, 4.0]),
    st.sampled_from([None, *BARS]),
    CELLS,
    st.floats(50.0, 75.0),
)


def bar_lines(beat: float, meter: Meter) -> float:
    """How far `beat` is from the nearest bar line."""
    return abs(beat - round(beat / meter.beats_per_bar) * meter.beats_per_bar)


@given(HOLDS, TEMPI)
def test_native_lasts_a_24th_of_a_second_a_step(holds: list[int], tempo: float) -> None:
    length = Grid(Mode.NATIVE).length(sum(holds), 3.7, tempo, FOUR)
    assert length * 60 / tempo == pytest.approx(sum(holds) / 24)
    beats = Grid(Mode.NATIVE).lay(holds, 3.7, length, FOUR)
    steps = [sum(holds[:i]) for i in range(len(holds))]
    assert [(b - 3.7) * 60 / tempo for b in beats] == pytest.approx([s / 24 for s in steps])


@given(HOLDS, TEMPI)
def test_clock_does_not_hear_the_tempo(holds: list[int], tempo: float) -> None:
    grid = Grid(Mode.CLOCK, clocks_per_step=3.0)
    assert grid.length(sum(holds), 0.0, tempo, FOUR) == pytest.approx(sum(holds) * 3 / 24)


def test_the_default_is_native_speed_at_120() -> None:
    assert Grid().length(36, 0.0, 200.0, FOUR) == pytest.approx(
        Grid(Mode.NATIVE).length(36, 0.0, 120.0, FOUR)
    )


@pytest.mark.parametrize(
    ("steps", "tempo", "bars"),
    [
        (36, 120.0, 1.0),  # 1.5 s: 0.75 bars; 1 is 1.33 off, half 1.5
        (24, 120.0, 0.5),
        (33, 120.0, 0.5),  # 0.6875 bars: under the geometric middle of 0.5 and 1
        (34, 120.0, 1.0),  # 0.7083
        (96, 120.0, 2.0),
        (36, 240.0, 2.0),
        (36, 60.0, 0.5),
        (13, 60.0, 0.5),
        (416, 120.0, 4.0),
    ],
)
def test_auto_takes_the_count_nearest_to_native_speed(
    steps: int, tempo: float, bars: float
) -> None:
    assert Grid(Mode.BARS).length(steps, 8.0, tempo, FOUR) == pytest.approx(bars * 4)


@given(st.integers(13, 416), TEMPI, METERS, st.integers(0, 500))
def test_no_other_count_is_nearer(steps: int, tempo: float, meter: Meter, bar: int) -> None:
    length = Grid(Mode.BARS).length(steps, bar * meter.beats_per_bar, tempo, meter)
    native = steps / 24 * tempo / 60
    for count in BARS:
        other = count * meter.beats_per_bar
        assert abs(math.log2(length / native)) <= abs(math.log2(other / native)) + 1e-6


@given(st.integers(13, 416), TEMPI, METERS, st.integers(0, 500), st.sampled_from(BARS), CELLS)
def test_a_phrase_fills_its_bars_exactly(
    steps: int, tempo: float, meter: Meter, bar: int, bars: float, cell: int | None
) -> None:
    grid = Grid(Mode.BARS, bars=bars, quantise=cell)
    length = grid.length(steps, bar * meter.beats_per_bar, tempo, meter)
    assert length == pytest.approx(bars * meter.beats_per_bar, abs=1e-9)


@given(st.integers(13, 416), TEMPI, METERS, st.sampled_from([None, 0.5]))
def test_half_a_bar_is_followed_by_the_other_half(
    steps: int, tempo: float, meter: Meter, bars: float | None
) -> None:
    middle = 7.5 * meter.beats_per_bar
    length = Grid(Mode.BARS, bars=bars).length(steps, middle, tempo, meter)
    assert length == pytest.approx(meter.beats_per_bar / 2)


@given(st.integers(13, 416), TEMPI, METERS, st.floats(0.0, 500.0), st.sampled_from([None, *BARS]))
def test_from_anywhere_the_next_phrase_starts_on_a_bar_line_or_in_the_middle(
    steps: int, tempo: float, meter: Meter, start: float, bars: float | None
) -> None:
    end = start + Grid(Mode.BARS, bars=bars).length(steps, start, tempo, meter)
    assert end - start > meter.beats_per_bar / 4 - 1e-6
    half = Meter(meter.numerator, meter.denominator * 2)
    assert bar_lines(end, half) < 1e-6
    if bars is not None and bars >= 1:
        half_bar_in = abs(start % meter.beats_per_bar - meter.beats_per_bar / 2) < 2e-6
        assert half_bar_in or bar_lines(end, meter) < 1e-6


@given(GRIDS, st.lists(HOLDS, min_size=1, max_size=8), TEMPI, METERS, st.floats(0.0, 100.0))
def test_tuples_never_change_their_order_nor_do_phrases(
    grid: Grid, phrases: list[list[int]], tempo: float, meter: Meter, start: float
) -> None:
    beats: list[float] = []
    for holds in phrases:
        length = grid.length(sum(holds), start, tempo, meter)
        assert length > 0
        beats += grid.lay(holds, start, length, meter)
        start += length
    beats.append(grid.swung(start, meter))
    assert len(beats) == sum(len(holds) for holds in phrases) + 1
    assert all(one < other for one, other in pairwise(beats))


@given(HOLDS, st.integers(0, 40), TEMPI, st.sampled_from([8, 16, 32]), st.sampled_from(list(Mode)))
def test_quantise_snaps_what_is_long_enough_and_the_rest_keeps_its_place(
    holds: list[int], quarter: int, tempo: float, per_whole: int, mode: Mode
) -> None:
    grid, cell = Grid(mode, quantise=per_whole), 4 / per_whole
    start = float(quarter)
    length = grid.length(sum(holds), start, tempo, FOUR)
    straight = Grid(mode).lay(holds, start, length, FOUR)
    moved = grid.lay(holds, start, length, FOUR)
    ends = [*straight[1:], start + length]
    assert (start + length) / cell == pytest.approx(round((start + length) / cell), abs=1e-6)

    def on_line(beat: float) -> bool:
        return abs(beat / cell - round(beat / cell)) < 1e-4

    long = [end - beat >= cell / 2 - 1e-6 for beat, end in zip(straight, ends, strict=True)]
    lines = {round(beat / cell) for beat in (*moved, start + length) if on_line(beat)}
    for i, beat in enumerate(straight):
        if not long[i]:
            continue
        if on_line(moved[i]):
            assert i == 0 or abs(moved[i] - beat) <= cell / 2 + 1e-4
        else:  # its line is another's, and it is next to it
            nearest = math.floor(beat / cell + 0.5)
            assert nearest in lines or abs(beat / cell + 0.5 - nearest) < 1e-4
    snapped = [i for i, is_long in enumerate(long) if i == 0 or (is_long and on_line(moved[i]))]
    whole_straight, whole_moved = [*straight, start + length], [*moved, start + length]
    for one, other in pairwise([*snapped, len(holds)]):
        for i in range(one + 1, other):
            share = (straight[i] - straight[one]) / (whole_straight[other] - straight[one])
            now = (moved[i] - moved[one]) / (whole_moved[other] - moved[one])
            assert now == pytest.approx(share, abs=1e-6)


def test_a_short_tuple_stays_between_its_snapped_neighbours() -> None:
    # A sixteenth is 3 steps; the tuples start at steps 0, 4, 5, 10, 12 of 24, in 2 beats.
    beats = Grid(quantise=16).lay((4, 1, 5, 2, 12), 0.0, 2.0, FOUR)
    assert beats == pytest.approx((0.0, 0.5 * 4 / 5, 0.5, 0.75, 1.0))
    beats = Grid(quantise=8).lay((4, 1, 5, 2, 12), 0.0, 2.0, FOUR)
    assert beats == pytest.approx((0.0, 0.5 * 4 / 5, 0.5, 0.5 + 0.5 * 5 / 7, 1.0))


@given(
    HOLDS, st.integers(0, 40), TEMPI, st.sampled_from([4, 8, 16, 32]), st.sampled_from(list(Mode))
)
def test_strictly_quantised_every_tuple_that_has_time_begins_on_a_line(
    holds: list[int], quarter: int, tempo: float, per_whole: int, mode: Mode
) -> None:
    grid, cell = Grid(mode, quantise=per_whole, strict=True), 4 / per_whole
    start = float(quarter)
    length = grid.length(sum(holds), start, tempo, FOUR)
    straight = Grid(mode).lay(holds, start, length, FOUR)
    moved = grid.lay(holds, start, length, FOUR)
    assert moved[0] == start
    assert all(abs(beat / cell - round(beat / cell)) < 1e-4 for beat in moved)
    assert all(one <= other for one, other in pairwise([*moved, start + length]))
    for beat, line, after in zip(straight, moved, [*moved[1:], start + length], strict=True):
        if after > line:  # it has time
            assert abs(beat - line) <= cell + 1e-4


def test_of_the_tuples_on_one_line_the_nearest_one_remains() -> None:
    # The tuples start at steps 0, 1, 2, 3, 4, 6; the lines are steps 0, 3, 6, 9.
    beats = Grid(quantise=16, strict=True).lay((1, 1, 1, 1, 2, 6), 0.0, 1.0, FOUR)
    assert beats == pytest.approx((0.0, 0.25, 0.25, 0.25, 0.5, 0.5))


def test_what_lies_on_lines_is_not_moved() -> None:
    beats = Grid(quantise=16, strict=True).lay((3, 6, 9, 12, 3), 5.25, 2.75, FOUR)
    assert beats == pytest.approx((5.25, 5.5, 6.0, 6.75, 7.75))


def test_a_log_that_says_nothing_of_it_is_of_a_grid_that_is_not_strict() -> None:
    said = {"mode": "clock", "clocks_per_step": 2.0, "bars": None, "quantise": 16, "swing": 50.0}
    assert to_value(said, Grid) == Grid(quantise=16)
    assert not Grid(quantise=16).strict
    assert to_value(to_data(Grid(quantise=16, strict=True)), Grid).strict


def test_off_it_moves_nothing() -> None:
    assert Grid().lay((1, 2, 3), 0.1, 0.5, FOUR) == pytest.approx((0.1, 0.1 + 1 / 12, 0.35))


@given(st.floats(50.0, 75.0), st.sampled_from([8, 16, 32]), st.integers(0, 200))
def test_swing_moves_the_off_beats_by_its_percentage(
    swing: float, per_whole: int, pair: int
) -> None:
    grid, cell = Grid(quantise=per_whole, swing=swing), 4 / per_whole
    on_beat = pair * 2 * cell
    assert grid.swung(on_beat, FOUR) == pytest.approx(on_beat)
    assert grid.swung(on_beat + cell, FOUR) == pytest.approx(on_beat + 2 * cell * swing / 100)


def test_without_quantise_sixteenths_swing() -> None:
    assert Grid(swing=66.0).swung(0.25, FOUR) == pytest.approx(0.33)
    assert Grid(swing=66.0).swung(0.125, FOUR) == pytest.approx(0.165)
    assert Grid(swing=66.0).swung(0.5, FOUR) == pytest.approx(0.5)


@given(st.floats(50.0, 75.0), CELLS, METERS, st.integers(0, 300))
def test_swing_leaves_bar_lines_alone(
    swing: float, cell: int | None, meter: Meter, bar: int
) -> None:
    line = bar * meter.beats_per_bar
    grid = Grid(quantise=cell, swing=swing)
    assert grid.swung(line, meter) == pytest.approx(line, abs=1e-5)
    assert grid.swung(line + 1e-7, meter) == pytest.approx(line, abs=1e-5)
    assert grid.swung(line - 1e-7, meter) == pytest.approx(line, abs=1e-5)


@given(HOLDS, HOLDS, TEMPI, st.sampled_from(list(Mode)))
def test_a_spliced_tail_fills_what_was_left(
    holds: list[int], tail: list[int], tempo: float, mode: Mode
) -> None:
    grid = Grid(mode)
    length = grid.length(sum(holds), 4.0, tempo, FOUR)
    cut = grid.lay(holds, 4.0, length, FOUR)[-1]
    spliced = grid.lay(tail, cut, 4.0 + length - cut, FOUR)
    assert spliced[0] == cut
    assert spliced[-1] < 4.0 + length


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"bars": 3.0}, "bars per phrase 3: 0.5, 1, 2, 4 or auto"),
        ({"quantise": 12}, "quantise 1/12"),
        ({"swing": 80.0}, "swing 80: 50 to 75"),
        ({"swing": float("nan")}, "swing nan"),
        ({"clocks_per_step": 0.0}, "clocks per step 0"),
    ],
)
def test_what_is_no_grid_is_refused(wrong: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Grid(**wrong)  # type: ignore[arg-type]
