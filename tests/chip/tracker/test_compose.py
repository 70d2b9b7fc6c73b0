"""Notes on rows: delays, cuts, tempi, patterns that come again, and what a module can't hold."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nesvae_live.chip.registers import bent_period
from nesvae_live.chip.tracker.compose import compose
from nesvae_live.chip.tracker.module import HALT, RELEASE, Cell, Effect, Kind, Module, Steps
from nesvae_live.chip.tracker.pitches import Room, bends_of, nearer_bends, slide_of
from nesvae_live.chip.tracker.played import Performance, PlayedNote, Tempo
from nesvae_live.chip.tracker.rows import Rows, speed_and_tempo
from nesvae_live.chip.tracker.vibrato import moved_by
from nesvae_live.music.patch import Macro, Patch
from nesvae_live.music.voices import Voice

PLAIN = {voice: {"plain": Patch()} for voice in Voice}


def note(start: float, length: float, pitch: int = 69, voice: Voice = Voice.P1) -> PlayedNote:
    """A plain note at 150 BPM: 24 ticks a beat."""
    ticks = round(24 * length)
    return PlayedNote(
        voice, pitch, start, start + length, (15,) * ticks, (2,) * ticks, (0,) * ticks
    )


def module_of(*notes: PlayedNote, bars: int = 1, tempi: tuple[Tempo, ...] = ()) -> Module:
    performance = Performance(notes, bars, 4.0, tempi or (Tempo(0.0, 150.0),), PLAIN)
    return compose(performance, "T", "A", "C").module


def cells(module: Module, channel: int) -> dict[int, Cell]:
    """A channel's cells by their rows from the beginning."""
    (track,) = module.tracks
    patterns = {(p.channel, p.number): p.cells for p in module.patterns}
    return {
        frame * track.rows + cell.row: cell
        for frame, numbers in enumerate(track.order)
        for cell in patterns.get((channel, numbers[channel]), ())
    }


def test_a_note_on_the_beat_is_in_its_row_and_ends_in_another() -> None:
    module = module_of(note(1.0, 0.5))
    assert (module.tracks[0].speed, module.tracks[0].tempo, module.tracks[0].rows) == (6, 150, 16)
    written = cells(module, 0)
    assert (written[4].note, written[4].octave) == (10, 3)  # A-3 is 440 Hz
    assert written[6].note == HALT
    assert set(written) == {4, 6}


def test_off_the_row_a_note_is_delayed_and_within_it_cut() -> None:
    written = cells(module_of(note(1.0 + 2 / 24, 3 / 24)), 0)
    assert dict(written[4].effects) == {Effect.DELAY: 2, Effect.CUT: 3}
    late_end = cells(module_of(note(1.0, 8 / 24)), 0)
    assert (late_end[5].note, dict(late_end[5].effects)) == (HALT, {Effect.DELAY: 2})


@pytest.mark.parametrize(
    ("voice", "pitch", "name"),
    [
        (Voice.P1, 33, (10, 0)),
        (Voice.TR, 57, (10, 3)),
        (Voice.NO, 16, (4, 1)),
        (Voice.NO, 1, (1, 0)),
    ],
)
def test_each_voice_s_notes_have_the_tracker_s_names(
    voice: Voice, pitch: int, name: tuple[int, int]
) -> None:
    written = cells(module_of(note(0.0, 1.0, pitch, voice)), voice)[0]
    assert (written.note, written.octave) == name


def test_a_bar_that_returns_is_the_same_pattern() -> None:
    bars = [60, 64, 60, 64, 67]
    notes = [note(4.0 * bar, 1.0, pitch) for bar, pitch in enumerate(bars)]
    (track,) = module_of(*notes, bars=5).tracks
    assert [frame[0] for frame in track.order] == [0, 1, 0, 1, 2]
    assert [frame[1] for frame in track.order] == [0] * 5


def test_rows_get_shorter_where_the_music_has_more_notes() -> None:
    notes = [note(i / 8, 1 / 8) for i in range(32)]
    assert module_of(*notes).tracks[0].rows == 32


def test_a_change_of_tempo_stands_in_its_row_and_later_rows_begin_by_it() -> None:
    tempi = (Tempo(0.0, 150.0), Tempo(2.0, 75.0))
    module = module_of(note(0.0, 1.0), bars=1, tempi=tempi)
    assert cells(module, 4)[8].effects[0] == (Effect.SPEED, 75)
    rows = Rows(Performance((), 1, 4.0, tempi), 4, 16)
    assert [rows.tick(beat) for beat in (0.0, 2.0, 3.0, 4.0)] == [0, 48, 96, 144]


@pytest.mark.parametrize("bpm", [40.0, 61.7, 97.3, 120.0, 150.0, 233.3, 300.0])
@pytest.mark.parametrize("per_beat", [4, 8, 12])
def test_speed_and_tempo_come_near(bpm: float, per_beat: int) -> None:
    speed, tempo = speed_and_tempo(bpm, per_beat)
    assert 1 <= speed < 32 <= tempo < 256
    assert tempo * 24 / speed / per_beat == pytest.approx(bpm, rel=0.004)


def wavering(pitch: int, ticks: int, hz: float, depth: int, start: float = 0.0) -> PlayedNote:
    """A note with vibrato from its 12th tick on, at 150 BPM."""
    cents = tuple(
        round(depth * math.sin(math.tau * hz * max(0, i - 12) / 60)) for i in range(ticks)
    )
    end = start + ticks / 24
    return PlayedNote(Voice.P1, pitch, start, end, (15,) * ticks, (2,) * ticks, cents)


def sequence(module: Module, kind: Kind) -> Steps:
    """The first sequence of a kind."""
    return next(steps for steps in module.sequences if steps.kind is kind)


def test_vibrato_is_a_loop_of_the_instrument_s_pitch() -> None:
    wavers = wavering(60, 72, 6.0, 20)
    module = module_of(wavers)
    steps = sequence(module, Kind.PITCH)
    assert (steps.loop, len(steps.values)) == (13, 23)
    heard = [bent_period(Voice.P1, 60, cents) for cents in wavers.cents]
    values = [*steps.values[:13], *steps.values[13:] * 6]
    played = [bent_period(Voice.P1, 60, 0) + sum(values[: i + 1]) for i in range(72)]
    assert played == heard
    assert cells(module, 0)[0].effects == ((0, 0),)


def test_without_room_for_instruments_vibrato_is_an_effect_that_keeps_its_phase() -> None:
    wavers = wavering(60, 240, 6.0, 20)
    rows = range(6, 240, 6)
    bends = bends_of(wavers, Room(tuple(rows)))
    (first, parameter, _), *others = bends.waves
    assert (first, parameter & 15) == (13, 4)
    assert {p >> 4 for _, p, _ in bends.waves[1:]} == {6, 7}  # 6.4 steps a tick
    assert all(tick in rows for tick, _, _ in others)
    heard = np.array([bent_period(Voice.P1, 60, cents) for cents in wavers.cents])
    played = bent_period(Voice.P1, 60, 0) + moved_by(bends.waves, 240)
    assert np.abs(played - heard).max() < 4
    alone = bends_of(wavers, Room())
    assert alone.error > bends.error


@pytest.mark.parametrize(("hz", "depth"), [(6.0, 20), (4.5, 22), (5.0, 10)])
def test_with_effects_in_each_row_vibrato_is_what_was_heard(hz: float, depth: int) -> None:
    """Exactly, where a row lasts for three ticks; where it lasts for six, it comes nearer."""
    wavers = wavering(60, 240, hz, depth)
    heard = np.array([bent_period(Voice.P1, 60, cents) for cents in wavers.cents])
    bends = nearer_bends(Voice.P1, 60, wavers.cents, Room(tuple(range(3, 240, 3))))
    played = bent_period(Voice.P1, 60, 0) + moved_by(bends.waves, 240)
    assert played.tolist() == heard.tolist()
    assert all(0 <= parameter < 256 and abs(off) < 128 for _, parameter, off in bends.waves)
    longer = Room(tuple(range(6, 240, 6)))
    near = nearer_bends(Voice.P1, 60, wavers.cents, longer)
    assert near.error < bends_of(wavers, longer).error


def test_an_effect_never_stands_in_the_row_of_what_ends_the_note() -> None:
    wavers = wavering(60, 40, 6.0, 20)  # from tick 12 on
    room = Room((3, 6, 9, 15, 18, 21, 24, 27, 30, 33, 36, 39), (12, 15))
    for bends in (bends_of(wavers, room), nearer_bends(Voice.P1, 60, wavers.cents, room)):
        assert bends.waves
        assert not any(12 <= tick < 15 for tick, _, _ in bends.waves)


def test_a_slide_into_a_note_begins_where_it_begins() -> None:
    cents = (1200, 900, 600, 300, *(0,) * 44)
    slides = PlayedNote(Voice.P1, 60, 0.0, 2.0, (15,) * 48, (2,) * 48, cents)
    module = module_of(slides)
    assert sequence(module, Kind.ARPEGGIO).values == (12, 9, 6, 3, 0)
    assert (cells(module, 0)[0].note, cells(module, 0)[0].octave) == (1, 3)
    slow = tuple(-max(0, 200 - 8 * i) for i in range(48))
    slide = slide_of(Voice.P1, 60, slow)
    assert (slide.semitones, slide.speed) == (-2, 1)
    assert slide_of(Voice.P1, 60, (0,) * 48).semitones == 0


def test_a_release_goes_on_from_the_last_value_that_is_held() -> None:
    """It is written a tick before the tail: a tracker plays that value once more."""
    patch = Patch(volume=Macro.parse("15 12 | 10 9 8", 0, 15), release=Macro((8, 4)))
    held = tuple(patch.volume.at(i) for i in range(13))
    tail = tuple(round(held[-1] * left / 15) for left in (8, 4))
    volumes = held + tail
    played = PlayedNote(Voice.P1, 60, 0.0, 15 / 24, volumes, (2,) * 15, (0,) * 15)
    performance = Performance((played,), 1, 4.0, (Tempo(0.0, 150.0),), {Voice.P1: {"lead": patch}})
    module = compose(performance, "", "", "").module
    steps = sequence(module, Kind.VOLUME)
    assert steps.values[: steps.release + 1][-1] == held[-1]
    assert steps.values[steps.release + 1 :] == (*tail, 0)
    assert steps.values[steps.loop : steps.release + 1] == held[-3:]
    (row,) = [cell for cell in cells(module, 0).values() if cell.note == RELEASE]
    assert 6 * row.row + dict(row.effects).get(Effect.DELAY, 0) == 12


def test_more_instruments_than_there_are_share_the_nearest_one() -> None:
    notes = [
        PlayedNote(
            Voice.P1, 60, i / 4, i / 4 + 0.25, (1 + i % 15, 1 + i // 15, 3), (2,) * 3, (0,) * 3
        )
        for i in range(100)
    ]
    performance = Performance(notes, 7, 4.0, (Tempo(0.0, 150.0),), PLAIN)
    made = compose(performance, "", "", "")
    assert len(made.module.instruments) == 64
    assert "36 notes on a similar instrument: there was no room for more" in made.notices


def test_with_more_bars_than_frames_a_pattern_has_several() -> None:
    module = module_of(note(0.0, 1.0), note(4 * 299.0, 1.0, 60), bars=300)
    (track,) = module.tracks
    assert (len(track.order), track.rows) == (100, 48)
    assert cells(module, 0)[299 * 16].note == 1
    odd = module_of(note(4.0, 1.0), bars=257)
    assert cells(odd, 4)[257 * 16 - 1].effects[0] == (Effect.JUMP, 0)


def test_more_bars_than_a_module_holds_are_refused() -> None:
    with pytest.raises(ValueError, match=r"3000 bars of 4 beats .* 128 frames"):
        module_of(note(0.0, 1.0), bars=3000)
