"""The schedule: what is placed on which beat, due when, and sounding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.clock.sources import InternalClock
from nesvae_live.engine.band.moment import Moment
from nesvae_live.engine.live.config import PlayConfig
from nesvae_live.engine.phrases.schedule import Placer, Schedule, Voicing
from nesvae_live.music.events import NoteOff, NoteOn
from nesvae_live.music.grid import Grid, Mode
from nesvae_live.music.phrase import Phrase
from nesvae_live.music.voices import VOICES, Voice

NOTES = st.tuples(*(st.just(0) | st.integers(v.lowest, v.highest) for v in VOICES))


MUTED = st.frozensets(st.sampled_from([v.voice for v in VOICES]))


def test_tuples_are_placed_on_their_beats() -> None:
    schedule = Schedule()
    schedule.place([(60, 0, 40, 2), (62, 0, 40, 4)], [0.0, 0.5], 1.5)
    assert schedule.end == 1.5
    assert list(schedule.pop_due(10.0)) == [Moment(0.0, (60, 0, 40)), Moment(0.5, (62, 0, 40))]


def test_what_is_placed_gives_way_from_the_first_new_beat_on() -> None:
    schedule = Schedule()
    schedule.place([(60, 0, 0, 1), (61, 0, 0, 1), (62, 0, 0, 1)], [0.0, 1.0, 2.0], 3.0)
    schedule.place([(70, 0, 0, 1)], [1.0], 1.75)
    assert schedule.end == 1.75
    assert list(schedule.pop_due(10.0)) == [Moment(0.0, (60, 0, 0)), Moment(1.0, (70, 0, 0))]


def test_of_tuples_on_one_beat_the_last_one_plays() -> None:
    schedule = Schedule()
    schedule.place([(60, 0, 0, 1), (61, 0, 0, 1), (62, 0, 0, 1)], [0.0, 0.5, 0.5], 1.0)
    assert list(schedule.pop_due(10.0)) == [Moment(0.0, (60, 0, 0)), Moment(0.5, (62, 0, 0))]


def test_what_is_cleared_is_never_popped() -> None:
    schedule = Schedule()
    schedule.place([(60, 0, 0, 1)], [0.0], 1.0)
    schedule.clear()
    assert list(schedule.pop_due(10.0)) == []


def test_only_what_is_due_is_popped_and_only_once() -> None:
    schedule = Schedule()
    schedule.place([(60, 0, 0, 1), (61, 0, 0, 1), (62, 0, 0, 1)], [0.0, 1.0, 2.0], 3.0)
    assert [m.beat for m in schedule.pop_due(1.0)] == [0.0, 1.0]
    assert [m.beat for m in schedule.pop_due(1.5)] == []
    assert [m.beat for m in schedule.pop_due(2.0)] == [2.0]


def test_off_before_on() -> None:
    voicing = Voicing()
    voicing.change((60, 64, 0))
    assert voicing.change((62, 65, 40)) == [
        NoteOff(Voice.P1, 60),
        NoteOff(Voice.P2, 64),
        NoteOn(Voice.P1, 62),
        NoteOn(Voice.P2, 65),
        NoteOn(Voice.TR, 40),
    ]


def test_a_note_that_goes_on_is_not_struck_again() -> None:
    voicing = Voicing()
    voicing.change((60, 64, 40))
    assert voicing.change((60, 65, 40)) == [NoteOff(Voice.P2, 64), NoteOn(Voice.P2, 65)]


def test_end_ends_only_the_voices_named() -> None:
    voicing = Voicing()
    voicing.change((60, 64, 40))
    assert voicing.end({Voice.P2}) == [NoteOff(Voice.P2, 64)]
    assert voicing.sounding == {Voice.P1: 60, Voice.TR: 40}
    assert voicing.end() == [NoteOff(Voice.P1, 60), NoteOff(Voice.TR, 40)]
    assert voicing.end() == []


@given(st.lists(st.tuples(NOTES, MUTED), max_size=30))
def test_the_events_always_lead_to_what_is_wanted(
    changes: list[tuple[tuple[int, int, int], frozenset[Voice]]],
) -> None:
    voicing = Voicing()
    sounding: dict[Voice, int] = {}
    for notes, muted in changes:
        for event in voicing.change(notes, muted):
            if isinstance(event, NoteOn):
                assert event.voice not in sounding
                sounding[event.voice] = event.note
            else:
                assert sounding.pop(event.voice) == event.note
        wanted = {v.voice: n for v, n in zip(VOICES, notes, strict=True) if n}
        assert sounding == {v: n for v, n in wanted.items() if v not in muted}


PHRASE = Phrase(((60, 0, 0, 12), (62, 0, 40, 12), (0, 64, 40, 24)))


def placer(**grid: object) -> Placer:
    performance = PlayConfig(
        style=np.zeros(32, np.float32),
        reach=np.zeros((8, 2)),
        grid=Grid(**grid),  # type: ignore[arg-type]
    )
    return Placer(performance, InternalClock(120.0))


def due(place: Placer, beat: float) -> list[Moment]:
    return place.take_due(beat, None)[0]


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
