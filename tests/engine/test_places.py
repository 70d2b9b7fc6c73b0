"""The decoder of format 3 is told where in the bar each phrase and each tail begins, exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nesvae_live.clock.timing import Meter
from nesvae_live.control.inputs import SetKnob, SetTempo
from nesvae_live.latent.decoding import START, Asked, DecoderState
from nesvae_live.model.song.memory import SongDecoded, SongState
from nesvae_live.music.grid import Grid, Mode
from nesvae_live.music.metre.place import FREE, beat_to_place, cell_ticks, next_tick, place_of
from nesvae_live.music.swap import Swap
from tests.support.remembering import RememberingDecoder
from tests.support.rig import Rig, Source, do

FOUR = Meter(4, 4)


class Checked:
    """A rig each of whose phrases and tails is checked: every tuple's place is its beat's."""

    def __init__(self, *, midi: bool, swap: Swap = Swap.NOW, grid: Grid | None = None) -> None:
        self.decoder = RememberingDecoder()
        self.rig = Rig(midi=midi, swap=swap, grid=grid or Grid(), decoder=self.decoder, seed=4)
        self.seen: set[tuple[int, int]] = set()
        self.tails = 0
        step = self.rig.sequencer.step

        def stepped(first: Any = None) -> float:
            nap = step(first)
            self.check()
            return nap

        self.rig.sequencer.step = stepped  # type: ignore[method-assign]

    def check(self) -> None:
        placed = self.rig.sequencer.player.playing.placed
        if placed is None or (placed.index, placed.splices) in self.seen:
            return
        self.seen.add((placed.index, placed.splices))
        self.tails += placed.splices > 0
        told = [joint.state.place for joint in placed.states]  # type: ignore[attr-defined]
        assert told == [beat_to_place(beat, FOUR) for beat in placed.places]
        ticks = np.array(placed.places) * 12
        assert np.abs(ticks - ticks.round()).max() < 1e-6

    def turn(self, value: float) -> None:
        assert do(self.rig, SetKnob, "density", value)["ok"]


@pytest.mark.parametrize("swap", list(Swap))
def test_every_tuple_has_its_beats_place_while_knobs_are_turned(swap: Swap) -> None:
    checked = Checked(midi=False, swap=swap)
    for i in range(40):
        checked.rig.play(0.37)
        checked.turn(i / 40)
    assert len(checked.seen) > 10
    assert checked.tails > 3


@pytest.mark.parametrize("swap", list(Swap))
@pytest.mark.parametrize("cell", [8, 16])
def test_quantised_every_tuple_of_phrases_and_tails_begins_on_a_line(swap: Swap, cell: int) -> None:
    checked = Checked(midi=False, swap=swap, grid=Grid(quantise=cell, strict=True))
    for i in range(40):
        checked.rig.play(0.37)
        checked.turn(i / 40)
        placed = checked.rig.sequencer.player.playing.placed
        assert placed is not None
        lines = np.array(placed.places) * cell / 4
        assert np.abs(lines - lines.round()).max() < 1e-6
    assert checked.tails > 3
    assert {start.cell for start in checked.decoder.starts} == {48 // cell}


@pytest.mark.parametrize("sixteenth", [0, 3, 5, 14])
def test_quantised_a_locate_enters_on_a_line(sixteenth: int) -> None:
    checked = Checked(midi=True, swap=Swap.BAR, grid=Grid(quantise=8, strict=True))
    source = Source(checked.rig, 93.0)
    source.run(0.3)
    source.start(sixteenth * 6)
    source.run(4.0)
    first = next(iter(checked.rig.placed()))
    assert first.beat * 2 == pytest.approx(round(first.beat * 2))


def test_cells_that_are_no_whole_ticks_or_parts_of_a_bar_are_snapped_to_afterwards() -> None:
    assert cell_ticks(16, FOUR) == 3
    assert cell_ticks(4, FOUR) == 12
    assert cell_ticks(32, FOUR) == 1
    assert cell_ticks(16, Meter(7, 8)) == 3
    assert cell_ticks(4, Meter(7, 8)) == 1
    assert cell_ticks(8, Meter(6, 8)) == 6
    decoder = RememberingDecoder()
    rig = Rig(grid=Grid(quantise=32, strict=True), decoder=decoder)
    rig.play(6.0)
    placed = rig.sequencer.player.playing.placed
    assert placed is not None
    lines = np.array(placed.places) * 8
    assert np.abs(lines - lines.round()).max() < 1e-6
    assert {start.cell for start in decoder.starts} == {1}


def test_a_new_tempo_changes_no_place() -> None:
    checked = Checked(midi=False)
    for tempo in (90.0, 174.0, 61.7):
        assert do(checked.rig, SetTempo, tempo)["ok"]
        checked.rig.play(7.0)
    assert len(checked.seen) > 6


@pytest.mark.parametrize("sixteenth", [0, 1, 3, 6, 9, 13, 18, 31])
def test_after_a_locate_the_place_is_right_from_the_first_note(sixteenth: int) -> None:
    checked = Checked(midi=True, swap=Swap.BAR)
    source = Source(checked.rig, 93.0)
    source.run(0.3)
    source.start()
    source.run(4.0)
    source.stop()
    source.run(0.5)
    before = len(checked.seen)
    source.start(sixteenth * 6)
    source.run(4.0)
    assert len(checked.seen) > before + 1


def test_a_start_in_the_middle_of_a_bar_is_known_to_the_phrase_that_waited() -> None:
    checked = Checked(midi=True, swap=Swap.BAR)
    source = Source(checked.rig, 120.0)
    source.run(0.3)
    source.start(5 * 6)
    source.run(3.0)
    first = next(iter(checked.rig.placed()))
    assert beat_to_place(first.beat, FOUR) == place_of(15, 4)


@pytest.mark.parametrize("grid", [Grid(Mode.NATIVE), Grid(Mode.BARS), Grid(clocks_per_step=3.0)])
def test_where_a_step_is_no_tick_the_music_is_free(grid: Grid) -> None:
    rig = Rig(grid=grid or Grid(), decoder=RememberingDecoder())
    rig.play(6.0)
    placed = rig.sequencer.player.playing.placed
    assert placed is not None
    places = {joint.state.place for joint in placed.states}  # type: ignore[attr-defined]
    assert places == {FREE}


def test_a_beat_is_a_place_in_fours_and_threes_and_free_in_other_metres() -> None:
    assert beat_to_place(9.25, FOUR) == place_of(15, 4)
    assert beat_to_place(9.25 + 1e-9, FOUR) == place_of(15, 4)
    assert beat_to_place(7.0, Meter(3, 4)) == place_of(12, 3)
    for meter in (Meter(6, 8), Meter(7, 8), Meter(5, 4), Meter(2, 2)):
        assert beat_to_place(1.0, meter) == FREE


def test_the_next_tick_is_never_before_the_beat() -> None:
    assert next_tick(2.25) == 2.25
    assert next_tick(2.26) == pytest.approx(2 + 4 / 12)
    assert next_tick(2.25 + 1e-9) == 2.25
    assert next_tick(2.26, 3) == 2.5
    assert next_tick(2.25, 3) == 2.25


def test_a_tuple_cut_short_is_as_short_in_the_memory() -> None:
    start = SongState.beginning(1, 1, 1, place_of(46, 4))
    symbols = np.array([[1, 2, 3, 3], [4, 5, 6, 7]])
    state = SongDecoded(
        symbols, np.zeros((3, 1, 1), np.float32), np.zeros((2, 1), np.float32), start
    ).state(2)
    held = state.held(5)
    assert held.previous == (4, 5, 6, 4)
    assert held.place == place_of(46 + 4 + 5, 4)
    assert held.memory.symbols[-1].tolist() == [4, 5, 6, 4]
    assert state.memory.symbols[-1].tolist() == [4, 5, 6, 7]
    assert held.asked(Asked(FREE, 0.7)).quote == 0.7
    assert DecoderState(np.zeros((1, 1), np.float32), START).held(3).previous[3] == 2
