"""Phrases on the beats: nothing is put down twice, nothing is due twice, swing moves what sounds."""

from __future__ import annotations

import numpy as np
import pytest

from nesvae_live.clock.sources import InternalClock
from nesvae_live.engine.config import PlayConfig
from nesvae_live.engine.schedule import Moment, Placer
from nesvae_live.music.grid import Grid, Mode
from nesvae_live.music.phrase import Phrase

PHRASE = Phrase(((60, 0, 0, 12), (62, 0, 40, 12), (0, 64, 40, 24)))


def placer(**grid: object) -> Placer:
    performance = PlayConfig(
        style=np.zeros(32, np.float32),
        reach=np.zeros((8, 2)),
        grid=Grid(**grid),  # type: ignore[arg-type]
    )
    return Placer(performance, InternalClock(120.0))


def due(place: Placer, beat: float) -> list[Moment]:
    return [each for each in place.take_due(beat, None) if isinstance(each, Moment)]


def test_a_phrase_lies_on_the_grid_from_its_place_on() -> None:
    place = placer(mode=Mode.CLOCK)
    places, beats = place.put_down(PHRASE, 0, 4.0)
    assert places == beats == (4.0, 5.0, 6.0, 8.0)
    assert place.schedule.end == 8.0


def test_swing_moves_the_beats_and_leaves_the_places() -> None:
    phrase = Phrase(((60, 0, 0, 3), (62, 0, 0, 3)))
    places, beats = placer(swing=75.0).put_down(phrase, 0, 0.0)
    assert places == (0.0, 0.25, 0.5)
    assert beats == (0.0, 0.375, 0.5)


def test_an_end_that_is_given_is_kept() -> None:
    places, _ = placer().put_down(PHRASE, 0, 2.0, 4.0)
    assert places == (2.0, 2.5, 3.0, 4.0)


def test_what_a_tail_replaces_is_never_due() -> None:
    place = placer()
    place.put_down(PHRASE, 0, 0.0)
    place.put_down(Phrase(((72, 0, 0, 24),)), 0, 1.0, before=(60, 0, 0))
    assert due(place, 10.0) == [Moment(0.0, (60, 0, 0)), Moment(1.0, (72, 0, 0))]


def test_what_was_due_is_due_once_and_what_was_reached_stays_reached() -> None:
    place = placer()
    place.put_down(PHRASE, 0, 0.0)
    assert [m.beat for m in due(place, 1.0)] == [0.0, 1.0]
    assert due(place, 0.5) == []
    assert place.reached == 1.0


@pytest.mark.parametrize(("mode", "seconds"), [(Mode.NATIVE, 1 / 24), (Mode.CLOCK, 1 / 24)])
def test_a_step_lasts_as_long_as_the_grid_says(mode: Mode, seconds: float) -> None:
    assert placer(mode=mode).step_seconds == pytest.approx(seconds)
    doubled = placer(mode=mode, clocks_per_step=4.0).step_seconds
    assert doubled == pytest.approx(seconds if mode is Mode.NATIVE else 2 * seconds)
