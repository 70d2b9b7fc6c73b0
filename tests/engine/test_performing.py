"""What a performer says is played: by the notes it is said of, over splices, and in a replay."""

from __future__ import annotations

import json
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nesvae_live.chip.apu import Apu
from nesvae_live.chip.chipplayer import ChipPlayer
from nesvae_live.latent.decoding import Decoded, Sampling
from nesvae_live.latent.performing import LEARNT, Manner, Passage, Performance, Touch
from nesvae_live.log.entries import Answered, Performed, Spliced
from nesvae_live.model.performer.performer import Performer
from nesvae_live.model.performer.performerfile import load_performer
from nesvae_live.model.performer.performingdecoder import PerformingDecoder
from nesvae_live.music.events import NoteOff, NoteOn, Shape, volume_to_velocity
from nesvae_live.music.patch import Macro, Patch, Vibrato
from nesvae_live.music.voices import Voice
from nesvae_live.paths import find_performer
from nesvae_live.take.folder import LOG_NAME, MIDI_NAME, SOUND_NAME
from nesvae_live.take.replayfiles import replay_take
from tests.support.fakes import DrawnDecoder
from tests.support.remembering import ComposingDecoder
from tests.support.rig import Rig, turn
from tests.support.simulated import SimulatedJam

DUTY = Macro((3,))
RATE = 44_100


class Counting(DrawnDecoder):
    """Plays the notes of pulse 1 one louder than the last, 1 to 15 and again; never the same twice."""

    def __init__(self, *, held: bool = False) -> None:
        self.held = held
        self.passages: list[Passage] = []

    def decode(
        self,
        z: NDArray[np.float32],
        mask: NDArray[np.float32],
        start: Any,
        uniforms: NDArray[np.float32],
        sampling: Sampling,
    ) -> Decoded:
        """As drawn, but that pulse 1 may hold one note for ever."""
        drawn = super().decode(z, mask, start, uniforms, sampling)
        if self.held:
            drawn.symbols[:, 0] = 30
        return drawn

    def perform(self, passage: Passage) -> Performance:
        """What it keeps of a note is how loud that was."""
        self.passages.append(passage)
        touches, known = [], []
        before, level = passage.before[0], passage.past[-1] if passage.past else 0
        for i, (p1, *_) in enumerate(passage.tuples):
            if p1 not in (0, before):
                level = level % 15 + 1
                volume = Macro((level, *range(level, 16), *range(15, 0, -1)))
                touches.append(Touch(i, Voice.P1, volume, DUTY))
                known.append((i, level))
            before = p1
        return Performance(tuple(touches), tuple(known), passage.past)


def strikes(rig: Rig) -> list[int]:
    return [
        event.velocity
        for _, event in rig.output.sent
        if isinstance(event, NoteOn) and event.voice is Voice.P1
    ]


def shapes(rig: Rig, voice: Voice = Voice.P1) -> list[tuple[float, Shape]]:
    return [(at, e) for at, e in rig.output.sent if isinstance(e, Shape) and e.voice is voice]


def test_each_note_is_played_as_was_said_phrase_after_phrase() -> None:
    rig = Rig(decoder=Counting())
    rig.play(12.0)
    found = strikes(rig)
    assert len(found) > 40
    expected = [volume_to_velocity(1 + i % 15) for i in range(len(found))]
    assert found == expected
    assert {shape.duty for _, shape in shapes(rig)} == {3}
    assert not shapes(rig, Voice.P2), "who is not told of is played flat, as without a patch"


def test_a_tail_goes_on_from_the_notes_that_are_kept() -> None:
    rig = Rig(decoder=Counting())
    turn(rig, density=0.1)
    for i in range(30):
        rig.play(0.4)
        turn(rig, density=0.02 * i)
    assert sum(isinstance(e, Spliced) for e in rig.journal.entries) > 10
    assert strikes(rig) == [volume_to_velocity(1 + i % 15) for i in range(len(strikes(rig)))]


def test_a_held_notes_envelope_goes_on_over_a_splice() -> None:
    left, turned = Rig(decoder=Counting(held=True)), Rig(decoder=Counting(held=True))
    left.play(4.0)
    for i in range(8):
        turned.play(0.45)
        turn(turned, density=0.1 * i)
    turned.play(0.36)
    assert any(isinstance(e, Spliced) for e in turned.journal.entries)
    assert strikes(turned) == strikes(left) == [volume_to_velocity(1)]
    assert len(shapes(left)) == 29
    assert shapes(turned) == shapes(left)


def rendered(rig: Rig, voice: Voice) -> NDArray[np.int16]:
    """The samples of one voice alone, of all that was sent."""
    player = ChipPlayer(Apu(RATE))
    player.start()
    parts = []
    mine = [(at, event) for at, event in rig.output.sent if event.voice is voice]
    for at, group in groupby(mine, key=lambda timed: timed[0]):
        sample = round(at * RATE)
        parts.append(player.chip.render(max(sample - player.chip.position, 0)))
        player.act([event for _, event in group], sample)
    parts.append(player.chip.render(round(rig.time.value * RATE) - player.chip.position))
    return np.concatenate(parts)


def test_over_a_splice_a_held_note_sounds_as_if_there_was_none_sample_by_sample() -> None:
    left, turned = Rig(decoder=Counting(held=True)), Rig(decoder=Counting(held=True))
    left.play(2.0)
    for i in range(4):
        turned.play(0.4)
        turn(turned, density=0.2 * i)
    turned.play(0.38)
    assert sum(isinstance(e, Spliced) for e in turned.journal.entries) >= 3
    one, other = rendered(left, Voice.P1), rendered(turned, Voice.P1)
    n = min(len(one), len(other))
    assert n > 1.5 * RATE
    assert len(np.unique(one[:n])) > 10, "its envelope moves"
    assert (one[:n] == other[:n]).all()
    assert (rendered(left, Voice.P2)[:n] != rendered(turned, Voice.P2)[:n]).any(), "the rest is new"


def test_no_envelope_goes_on_after_its_note() -> None:
    rig = Rig(decoder=Counting())
    for i in range(20):
        rig.play(0.3)
        turn(rig, density=0.04 * i)
    notes, sounds, volume = 0, False, 0
    for _, event in rig.output.sent:
        if event.voice is not Voice.P1:
            continue
        if isinstance(event, NoteOff):
            sounds = False
        elif isinstance(event, NoteOn):
            sounds, notes = True, notes + 1
            assert event.velocity == volume_to_velocity(volume)
        elif sounds:
            assert abs(event.volume - volume) <= 1, "it moves as it was told, a step a frame"
        if isinstance(event, Shape):
            volume = event.volume
    assert notes > 20
    for (_, one), (_, other) in pairwise(rig.output.sent):
        if isinstance(one, Shape) and isinstance(other, Shape) and one.voice is other.voice:
            assert one != other, "what hasn't changed isn't said again"


def test_the_performers_knobs_are_asked_for_with_the_next_phrase_and_move_no_note() -> None:
    left, turned = (Rig(decoder=Counting(), composed=None) for _ in range(2))
    for rig, knobs in ((left, {}), (turned, {"brightness": 1.0, "accent": 0.25})):
        rig.play(0.5)
        turn(rig, **knobs)
        rig.play(5.5)
    decoder = turned.decoder
    assert isinstance(decoder, Counting)
    assert decoder.passages[0].manner == LEARNT
    assert decoder.passages[-1].manner == Manner(brightness=1.0, accent=0.25)
    assert not any(isinstance(e, Spliced) for e in turned.journal.entries)
    n = len(strikes(left))
    assert n > 20
    assert strikes(turned)[:n] == strikes(left), "the other was carried on 5 ms longer"


def test_a_repeated_phrase_is_played_as_before() -> None:
    rig = Rig(decoder=Counting())
    rig.play(2.0)
    rig.live.hold = True
    rig.play(8.0)
    found = strikes(rig)
    n = len(rig.sequencer.player.playing.placed.performance.touches)  # type: ignore[union-attr]
    assert len(found) > 3 * n
    assert found[-2 * n : -n] == found[-n:] or found[-n:] == sorted(found[-n:])


def test_hand_turned_knobs_win() -> None:
    rig = Rig(decoder=Counting(held=True))
    rig.play(1.0)
    turn(rig, duty1=0.3)
    rig.play(0.5)
    assert shapes(rig)[-1][1].duty == 1
    turn(rig, duty1=None)
    rig.play(0.5)
    assert shapes(rig)[-1][1].duty == 3


def test_the_vibrato_of_the_voices_patch_stays() -> None:
    patches = {Voice.P1: Patch(vibrato=Vibrato(cents=30, hz=5.0, delay=10))}
    rig = Rig(decoder=Counting(held=True), patches=patches)
    rig.play(2.0)
    assert {shape.cents for _, shape in shapes(rig)} > {0}
    assert strikes(rig) == [volume_to_velocity(1)]


def performing() -> PerformingDecoder:
    return PerformingDecoder(ComposingDecoder(), Performer(load_performer(find_performer())))


def performed(take: Path) -> list[Any]:
    lines = (take / LOG_NAME).read_bytes().splitlines()
    entries = [json.loads(line) for line in lines if line.startswith(b'{"kind":"performed"')]
    return [(entry["index"], entry["splice"], entry["touches"]) for entry in entries]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_a_performed_jam_is_played_again_to_the_byte(seed: int, tmp_path: Path) -> None:
    jam = SimulatedJam(seed, 12.0, follows=seed % 2 == 1, decoder=performing(), remembers=True)
    jam.play()
    entries = jam.written.entries
    assert sum(isinstance(e, Performed) for e in entries) > 1
    follows = [b for a, b in pairwise(entries) if isinstance(a, Performed)]
    assert all(isinstance(entry, Answered) for entry in follows)
    take = jam.write(tmp_path / "take")
    for name, decoder in (("given", None), ("decoded", performing())):
        done = replay_take(take / LOG_NAME, tmp_path / name, decoder=decoder)
        assert not done.faults
        assert not done.difference
        for file in (MIDI_NAME, SOUND_NAME):
            assert (tmp_path / name / file).read_bytes() == (take / file).read_bytes()
        assert performed(tmp_path / name) == performed(take)


def test_the_log_says_what_was_decided_as_a_preset_would() -> None:
    rig = Rig(decoder=Counting())
    rig.play(3.0)
    entry = next(e for e in rig.journal.entries if isinstance(e, Performed))
    number, voice, volume, duty = entry.touches[0]
    assert (voice, duty) == ("P1", "3")
    assert Macro.parse(volume, 0, 15).values[:2] == (1, 1)
    assert isinstance(number, int)
