"""Learnt drums are played on their ticks, as loud as the knob has it, over splices, and in a replay."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from nesvae_live.control.inputs import SetKnob
from nesvae_live.latent.performing import Passage, Performance, Stroke
from nesvae_live.log.entries import Answered, Drummed, Placed, Spliced
from nesvae_live.model.drums.drummer import LearntDrummer
from nesvae_live.model.performer.performer import Performer
from nesvae_live.model.performer.performerfile import load_performer
from nesvae_live.model.performer.performingdecoder import PerformingDecoder
from nesvae_live.music.events import NoteOn, Shape, volume_to_velocity
from nesvae_live.music.grid import Grid, Mode
from nesvae_live.music.patch import Macro
from nesvae_live.music.phrase import Phrase
from nesvae_live.music.voices import Voice
from nesvae_live.paths import find_performer
from nesvae_live.take.folder import LOG_NAME, MIDI_NAME, SOUND_NAME
from nesvae_live.take.replayfiles import replay_take
from tests.support.fakes import DrawnDecoder
from tests.support.remembering import ComposingDecoder
from tests.support.rig import Rig, turn
from tests.support.simulated import SimulatedJam
from tests.support.tinydrummer import tiny_drummer

FADE = Macro((13, 13, 7, 0))
TICKS = Grid(Mode.CLOCK)


class Metronome(DrawnDecoder):
    """A stroke on every third tick since the performance began, whatever the phrases and tails are."""

    def __init__(self) -> None:
        self.passages: list[Passage] = []

    def perform(self, passage: Passage) -> Performance:
        """Its memory is a byte a tick, which is how it counts."""
        self.passages.append(passage)
        count, strokes = len(passage.drummed), []
        for number, (*_, held) in enumerate(passage.tuples):
            for tick in range(held):
                if count % 3 == 0:
                    low = count % 12 == 0
                    note, rank = (4, 0.1) if low else (15, 0.6)
                    strokes.append(Stroke(number, tick, note, FADE, Macro((int(low),)), rank))
                count += 1
        ticks = sum(held for *_, held in passage.tuples)
        return Performance(
            (), strokes=tuple(strokes), drummed=bytes(ticks), heard=passage.drummed, width=1
        )


def rig_of(**options: Any) -> Rig:
    return Rig(decoder=Metronome(), learnt_drums=True, grid=TICKS, **options)


def struck(rig: Rig) -> list[tuple[float, int]]:
    """The ticks on which the noise is struck, and its notes."""
    return [
        (round((at - 0.1) * 24, 3), event.note)
        for at, event in rig.output.sent
        if isinstance(event, NoteOn) and event.voice is Voice.NO
    ]


def knob(rig: Rig, name: str, value: float | None) -> None:
    rig.inbox.put(SetKnob(name, value, at=rig.time.value))


def test_strokes_are_on_their_ticks_phrase_after_phrase_and_over_tails() -> None:
    rig = rig_of()
    knob(rig, "noise", 1.0)
    for i in range(20):
        rig.play(0.4)
        turn(rig, density=0.05 * i)
    assert sum(isinstance(e, Spliced) for e in rig.journal.entries) > 6
    assert sum(isinstance(e, Placed) for e in rig.journal.entries) > 2
    found = struck(rig)
    first = found[0][0]
    assert [tick for tick, _ in found] == pytest.approx([first + 3 * i for i in range(len(found))])
    assert {tick % 12 for tick, note in found if note == 4} == {0.0}


def test_the_knob_says_which_of_them_are_heard_at_once() -> None:
    rig = rig_of()
    rig.play(2.0)
    assert struck(rig) == [], "off until it is turned"
    knob(rig, "noise", 0.5)
    rig.play(2.0)
    assert {note for _, note in struck(rig)} == {4}
    knob(rig, "noise", 0.7)
    before = len(struck(rig))
    rig.play(0.5)
    assert {note for _, note in struck(rig)[before:]} == {4, 15}
    knob(rig, "noise", 0.0)
    rig.play(0.1)
    before = len(struck(rig))
    rig.play(1.0)
    assert len(struck(rig)) == before


def test_each_stroke_has_its_own_envelope_and_mode() -> None:
    rig = rig_of()
    knob(rig, "noise", 1.0)
    rig.play(2.0)
    shapes = [e for _, e in rig.output.sent if isinstance(e, Shape) and e.voice is Voice.NO]
    assert {shape.volume for shape in shapes} == {13, 7}
    assert {shape.duty for shape in shapes} == {0, 1}
    ons = [e for _, e in rig.output.sent if isinstance(e, NoteOn) and e.voice is Voice.NO]
    assert {on.velocity for on in ons} == {volume_to_velocity(13)}


def test_a_held_phrase_is_drummed_as_before() -> None:
    rig = rig_of()
    knob(rig, "noise", 1.0)
    rig.play(2.0)
    rig.live.hold = True
    rig.play(8.0)
    places = [e for e in rig.journal.entries if isinstance(e, Placed) and e.repeat]
    assert len(places) > 2
    last, beats = places[-2].beat, places[-2].beats
    ticks = [
        [t - 12 * p for t, _ in struck(rig) if 0 <= t - 12 * p < 12 * beats - 0.5]
        for p in (last, last - beats)
    ]
    assert ticks[0] == pytest.approx(ticks[1], abs=0.01)


def test_swing_and_stretched_tuples_move_them_with_the_notes() -> None:
    rig = Rig(
        decoder=Metronome(), learnt_drums=True, grid=Grid(Mode.CLOCK, quantise=16, swing=62.0)
    )
    placer = rig.sequencer.player.playing.placer
    placer.drummer.clear()
    phrase = Phrase(tuple((60 + i, 0, 0, 2) for i in range(13)))
    strokes = tuple(Stroke(i, t, 4, FADE, FADE, 0.0) for i in range(13) for t in (0, 1))
    places, beats = placer.put_down(phrase, 7, 8.0, strokes=strokes)
    found = [hit.beat for hit in placer.drummer.pop_due(math.inf, 1.0)]
    lasting = [i for i in range(13) if places[i + 1] > places[i]]
    assert len(lasting) > 3
    assert found[::2] == pytest.approx([beats[i] for i in lasting])
    assert found == sorted(found)


def test_without_learnt_drums_the_rule_plays_and_nothing_is_logged_of_strokes() -> None:
    rig = Rig(grid=TICKS)
    knob(rig, "noise", 1.0)
    rig.play(4.0)
    assert struck(rig)
    assert not any(isinstance(e, Drummed) for e in rig.journal.entries)


def test_the_decoder_is_told_of_the_knob_for_fills_and_of_the_cell() -> None:
    rig = Rig(
        decoder=Metronome(), learnt_drums=True, grid=Grid(Mode.CLOCK, quantise=16, strict=True)
    )
    rig.play(1.0)
    knob(rig, "fill", 0.75)
    rig.play(4.0)
    passages = rig.decoder.passages  # type: ignore[attr-defined]
    assert passages[0].fill is None
    assert passages[-1].fill == 0.75


def drumming() -> PerformingDecoder:
    performer = Performer(load_performer(find_performer()))
    return PerformingDecoder(ComposingDecoder(), performer, LearntDrummer(tiny_drummer()))


def drummed(take: Path) -> list[Any]:
    lines = (take / LOG_NAME).read_bytes().splitlines()
    entries = [json.loads(line) for line in lines if line.startswith(b'{"kind":"drummed"')]
    return [(entry["index"], entry["splice"], entry["strokes"]) for entry in entries]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_drummed_jam_is_played_again_to_the_byte(seed: int, tmp_path: Path) -> None:
    jam = SimulatedJam(
        *(seed, 12.0),
        follows=seed % 2 == 1,
        decoder=drumming(),
        remembers=True,
        learnt_drums=True,
    )
    jam.put(SetKnob("noise", 0.8, at=jam.time.value))
    jam.play()
    entries = jam.written.entries
    assert sum(isinstance(e, Drummed) for e in entries) > 1
    assert all(isinstance(b, Answered) for a, b in pairwise(entries) if isinstance(a, Drummed))
    take = jam.write(tmp_path / "take")
    for name, decoder in (("given", None), ("decoded", drumming())):
        done = replay_take(take / LOG_NAME, tmp_path / name, decoder=decoder)
        assert not done.faults
        assert not done.difference
        for file in (MIDI_NAME, SOUND_NAME):
            assert (tmp_path / name / file).read_bytes() == (take / file).read_bytes()
        assert drummed(tmp_path / name) == drummed(take)


def test_the_log_says_what_was_struck_as_a_preset_would() -> None:
    rig = rig_of()
    rig.play(3.0)
    entry = next(e for e in rig.journal.entries if isinstance(e, Drummed))
    number, tick, note, volume, duty, rank = entry.strokes[0]
    assert (number, tick, note, volume, duty, rank) == (0, 0, 4, "13x2 7 0", "1", 0.1)
