"""Inputs that are journaled, carried out and answered, on simulated time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from nesvae_live.control.inputs import (
    GetLearning,
    GetStatus,
    Input,
    KeepBars,
    MidiIn,
    Panic,
    SetKnob,
    SetMute,
    SetSwap,
    SetTempo,
    Stop,
)
from nesvae_live.log.entries import Clocked, Heard, Spliced
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import Voice
from tests.support.rig import Rig, check_events


def test_an_unknown_knob_is_answered_and_changes_nothing() -> None:
    rig = Rig()
    answers: list[object] = []
    rig.inbox.put(SetKnob("loudness", 0.5, at=0.0, reply=answers.append))
    rig.inbox.put(SetKnob("density", 1.5, at=0.0, reply=answers.append))
    rig.inbox.put(SetKnob("density", 0.5, at=0.0, reply=answers.append))
    rig.play(0.1)
    assert [a["ok"] for a in answers] == [False, False, True]  # type: ignore[index]
    assert dict(rig.live.knobs.values) == {"density": 0.5}


def test_a_swap_can_be_changed_while_playing() -> None:
    rig = Rig(swap=Swap.BAR)
    rig.play(0.6)
    answers: list[object] = []
    rig.inbox.put(SetSwap(Swap.NOW, at=rig.time.value, reply=answers.append))
    rig.inbox.put(MidiIn("knobs", (0xB0, 20, 127), at=rig.time.value))
    at = rig.time.value
    rig.play(0.4)
    assert answers == [{"ok": True}]
    (tail,) = [e for e in rig.journal.entries if isinstance(e, Spliced)]
    assert rig.clock.ref.time_of(tail.beat) - at < 0.3


def test_the_tempo_of_a_followed_clock_is_not_ours_to_set() -> None:
    rig = Rig(midi=True)
    answers: list[dict[str, object]] = []
    rig.inbox.put(SetTempo(100.0, at=0.0, reply=answers.append))  # type: ignore[arg-type]
    rig.play(0.01)
    assert answers[0]["ok"] is False


def test_the_internal_clock_changes_its_tempo_without_a_step() -> None:
    rig = Rig(seed=2)
    rig.play(3.0)
    rig.inbox.put(SetTempo(200.0, at=rig.time.value))
    before = rig.sequencer.player.playing.placer.reached
    rig.play(3.0)
    ref = rig.clock.ref
    assert ref.tempo == pytest.approx(200.0)
    assert ref.beat_at(rig.time.value) == pytest.approx(before + (3.0 - 0.05) * 200 / 60, abs=0.1)
    check_events(rig.output.sent, ended=False)
    line = [e for e in rig.journal.entries if isinstance(e, Clocked)][-1]
    assert line.beat_seconds == pytest.approx(0.3)


def test_panic_silences_every_output_and_the_music_goes_on() -> None:
    rig = Rig()
    rig.play(3.0)
    rig.inbox.put(Panic(at=rig.time.value))
    rig.play(0.01)
    assert rig.output.silences == [True]
    before = len(rig.output.sent)
    rig.play(5.0)
    assert len(rig.output.sent) > before
    check_events(rig.output.sent[before:], ended=False)


def test_stop_ends_every_note() -> None:
    rig = Rig()
    rig.play(3.0)
    rig.inbox.put(Stop(at=rig.time.value))
    rig.play(0.1)
    assert rig.sequencer.done.is_set()
    check_events(rig.output.sent, ended=True)


def test_questions_are_answered_and_not_journaled_and_every_other_input_is() -> None:
    rig = Rig()
    answers: list[Mapping[str, Any]] = []
    now = rig.time.value
    inputs: list[Input] = [
        GetStatus(at=now, reply=answers.append),
        GetLearning(at=now, reply=answers.append),
        SetMute(Voice.P1, muted=True, at=now, reply=answers.append),
        Panic(at=now, reply=answers.append),
    ]
    for item in inputs:
        rig.inbox.put(item)
    rig.play(0.01)
    assert [answer["ok"] for answer in answers] == [True] * 4
    assert [e.input for e in rig.journal.entries if isinstance(e, Heard)] == inputs[2:]


def test_bars_of_a_performance_that_is_not_recorded_cannot_be_kept() -> None:
    rig = Rig()
    answers: list[Mapping[str, Any]] = []
    rig.play(5.0)
    rig.inbox.put(KeepBars(2, at=rig.time.value, reply=answers.append))
    rig.play(0.01)
    assert answers == [{"ok": False, "error": "nothing is being recorded"}]
