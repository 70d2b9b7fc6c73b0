"""What who looks on is told: the same as the log has, whenever one looks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nesvae_live.control.gestureinputs import SetAuto, SetHold
from nesvae_live.control.inputs import Panic, SetKnob
from nesvae_live.engine.lookout import MOST_TOLD, REMEMBERED, Foresight, Lookout, PlayedRing
from nesvae_live.latent.decoding import Sampling
from nesvae_live.log.entries import Decoded, Sent
from nesvae_live.model.song.songcritic import make_decoder
from nesvae_live.music.events import NoteOff, NoteOn
from nesvae_live.music.voices import Voice
from tests.support.remembering import ComposingDecoder
from tests.support.rig import Rig, do, turn
from tests.support.tinysong import TINY_SONG, tiny_song_checkpoint


def decoded(rig: Rig) -> list[Decoded]:
    return [entry for entry in rig.journal.entries if isinstance(entry, Decoded)]


class Looked:
    """A rig that is looked at."""

    def __init__(self, **options: Any) -> None:
        self.rig = Rig(**options)
        sequencer = self.rig.sequencer
        self.ring = PlayedRing(self.rig.time, lambda: self.rig.clock.ref)
        sequencer.outputs.devices.append(self.ring)
        foresight = Foresight(self.rig.live, sequencer.player, self.rig.decoder)
        self.lookout = Lookout(self.rig.live, sequencer.player, self.ring, dict, foresight)


def test_what_was_played_is_what_was_sent() -> None:
    looked = Looked()
    told: list[list[Any]] = []
    after = 0

    def look() -> None:
        nonlocal after
        seen = looked.lookout.look(after)
        told.extend(seen["played"])
        after = seen["next"]

    looked.rig.play(5.0, look)
    look()
    sent = [entry for entry in looked.rig.journal.entries if isinstance(entry, Sent)]
    assert len(told) == len(sent) > 20
    assert [entry[0] for entry in told] == list(range(len(told)))
    for entry, line in zip(sent, told, strict=True):
        assert line[1] == pytest.approx(entry.beat, abs=1e-3)
        assert isinstance(entry.event, NoteOn | NoteOff)
        kind = "on" if isinstance(entry.event, NoteOn) else "off"
        assert line[2:5] == [kind, entry.event.voice.name, entry.event.note]


def test_a_silence_is_told() -> None:
    looked = Looked()
    looked.rig.play(1.0)
    looked.rig.inbox.put(Panic(at=looked.rig.time.value))
    looked.rig.play(0.01)
    assert "silence" in [line[2] for line in looked.lookout.look()["played"]]


def test_who_looks_too_seldom_gets_the_newest() -> None:
    rig = Rig()
    ring = PlayedRing(rig.time, lambda: rig.clock.ref)
    for i in range(REMEMBERED * 2 + 10):
        ring.send(NoteOn(Voice.P1, 40 + i % 30), 0.0)
    newest = ring.since(0)
    assert [played.n for played in newest] == list(range(ring.count - MOST_TOLD, ring.count))
    assert ring.since(ring.count) == []


def test_the_phrase_and_the_line_from_which_a_turned_knob_is_heard() -> None:
    looked = Looked()
    looked.rig.play(1.0)
    seen = looked.lookout.look()
    phrase = seen["phrase"]
    assert len(phrase["beats"]) == len(phrase["tuples"]) + 1 == 14
    assert seen["line"] is None
    looked.rig.inbox.put(SetKnob("density", 0.9, at=looked.rig.time.value))
    looked.rig.decode_seconds = 0.02
    looked.rig.play(0.01)
    seen = looked.lookout.look()
    assert seen["line"] > looked.rig.clock.ref.beat_at(looked.rig.time.value)
    assert seen["targets"]["density"] == 0.9
    assert seen["mask"][0] == 1.0
    looked.rig.play(2.0)
    assert looked.lookout.look()["line"] is None


@pytest.mark.parametrize("network", [False, True])
def test_where_the_music_goes_by_itself_is_told_before_it_goes_there(network: bool) -> None:
    decoder = make_decoder(tiny_song_checkpoint()) if network else ComposingDecoder()
    style = np.zeros(TINY_SONG.style if network else 32, np.float32)
    looked = Looked(decoder=decoder, composed=Sampling(guidance=1.5), style=style, seed=5)
    goals: dict[int, list[float]] = {}

    def look() -> None:
        goal = looked.lookout.foresight.goal()
        placed = looked.rig.sequencer.player.playing.placed
        if goal is not None and placed is not None:
            goals[placed.index + 1] = goal

    do(looked.rig, SetAuto, True)
    while len(decoded(looked.rig)) < 2:
        looked.rig.play(0.5)
    turn(looked.rig, density=0.7)  # and a knob that a hand holds stays
    looked.rig.play(16.0, look)
    went = {entry.index: entry.z for entry in decoded(looked.rig)}
    told = sorted(goals)
    assert len(told) >= 3
    assert told[-1] not in went, "the next one is told before it is decoded"
    for index in told[:-1]:
        assert goals[index] == pytest.approx(went[index], abs=1e-3)


def test_who_steers_or_holds_goes_nowhere_by_itself() -> None:
    looked = Looked(decoder=ComposingDecoder(), composed=Sampling(guidance=1.5), seed=5)
    looked.rig.play(2.0)
    assert looked.lookout.look()["goal"] is not None
    do(looked.rig, SetHold, True)
    assert looked.lookout.look()["goal"] is None
    do(looked.rig, SetHold, False)
    turn(looked.rig, density=0.7)
    looked.rig.play(4.0)
    assert looked.lookout.look()["goal"] is None


def test_snapshots_are_told_when_they_are_asked_for() -> None:
    looked = Looked()
    looked.rig.live.turn("density", 0.4, 0.0)
    looked.rig.live.store(7)
    assert "snapshots" not in looked.lookout.look()
    kept = looked.lookout.look(0, snapshots=True)["snapshots"]
    assert kept["7"]["knobs"] == {"density": 0.4}
    assert len(kept["7"]["style"]) == 32
