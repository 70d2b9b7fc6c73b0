"""The sequencer on simulated time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesvae_live.clock.follower import Motion
from nesvae_live.control.inputs import MidiIn, Panic, SetKnob, SetMute, SetSwap, SetTempo, Stop, Tap
from nesvae_live.log.entries import Clocked
from nesvae_live.music.drums import DRUM_BY_NOTE
from nesvae_live.music.events import NoteOn
from nesvae_live.music.grid import Grid
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import Voice
from tests.support.chance import any_gesture
from tests.support.rig import (
    GRIDS,
    SHAPED,
    TICK,
    Rig,
    Source,
    check_events,
)


def test_events_are_sent_ahead_of_their_time() -> None:
    rig = Rig()
    late: list[float] = []

    def each() -> None:
        late.extend(at for at, _ in rig.output.sent if at < rig.time.value)
        rig.output.sent.clear()

    rig.play(20.0, each)
    assert not late
    assert rig.sequencer.counters.events_late == 0


def test_it_ends_on_the_bar_with_every_note_ended() -> None:
    rig = Rig(bars=2)
    rig.play(6.0)
    assert rig.sequencer.done.is_set()
    assert rig.sequencer.ended_beat == 8.0
    assert max(at for at, _ in rig.output.sent) <= 0.1 + 8.0 * 0.5 + 1e-9
    check_events(rig.output.sent, ended=True)


def test_a_muted_voice_is_silent_and_the_others_are_not() -> None:
    rig = Rig()
    rig.play(3.0)
    rig.inbox.put(SetMute(Voice.P1, muted=True, at=rig.time.value))
    rig.play(0.01)
    before = len(rig.output.sent)
    rig.play(10.0)
    voices = {e.voice for _, e in rig.output.sent[before:] if isinstance(e, NoteOn)}
    assert voices == {Voice.P2, Voice.TR}
    rig.inbox.put(SetMute(Voice.P1, muted=False, at=rig.time.value))
    before = len(rig.output.sent)
    rig.play(10.0)
    assert Voice.P1 in {e.voice for _, e in rig.output.sent[before:] if isinstance(e, NoteOn)}
    check_events(rig.output.sent, ended=False)


def test_the_same_seed_and_knobs_give_the_same_events() -> None:
    one, two, other = Rig(bars=8, seed=3), Rig(bars=8, seed=3), Rig(bars=8, seed=4)
    for rig in (one, two, other):
        rig.play(20.0)
    assert one.output.sent == two.output.sent
    assert one.output.sent != other.output.sent


ACTIONS = st.one_of(
    st.tuples(st.just("cc"), st.sampled_from([20, 21, 123]), st.integers(0, 127)),
    st.tuples(st.just("sweep"), st.integers(1, 30), st.integers(1, 127)),
    st.tuples(st.just("mute"), st.sampled_from([Voice.P1, Voice.P2, Voice.TR]), st.booleans()),
    st.tuples(st.just("wait"), st.floats(0.0, 1.0), st.none()),
    st.tuples(st.just("slow"), st.floats(0.001, 3.0), st.none()),
    st.tuples(st.just("quick"), st.floats(0.001, 0.02), st.none()),
    st.tuples(st.just("swap"), st.sampled_from(Swap), st.none()),
    st.tuples(st.just("tempo"), st.floats(30.0, 300.0), st.none()),
    st.tuples(st.just("tap"), st.floats(0.2, 1.0), st.none()),
    st.tuples(st.just("gesture"), st.randoms(), st.none()),
    st.tuples(st.just("gesture"), st.randoms(), st.none()),
    st.tuples(st.just("note"), st.sampled_from([0x90, 0x80, 0x92, 0x95]), st.integers(0, 127)),
    st.tuples(st.just("panic"), st.none(), st.none()),
    st.tuples(st.just("start"), st.sampled_from([0, 6, 96, 330, 9600]), st.none()),
    st.tuples(st.just("stop"), st.none(), st.none()),
    st.tuples(st.just("continue"), st.none(), st.none()),
    st.tuples(st.just("jump"), st.integers(0, 300), st.none()),
    st.tuples(st.just("lose"), st.booleans(), st.none()),
)


def sweep(rig: Rig, source: Source, turns: int, by: int) -> None:
    for i in range(turns):
        rig.inbox.put(MidiIn("x", (0xB0, 20, (i * by) % 128), rig.time.value))
        source.run(TICK)


def set_tempo(rig: Rig, source: Source, tempo: float, _: object) -> None:
    rig.inbox.put(SetTempo(tempo, at=rig.time.value))
    source.tempo = tempo


def tap(rig: Rig, source: Source, seconds: float, _: object) -> None:
    rig.inbox.put(Tap(at=rig.time.value))
    source.run(seconds)
    rig.inbox.put(Tap(at=rig.time.value))


ACTS: dict[str, Callable[[Rig, Source, Any, Any], object]] = {
    "cc": lambda rig, _, a, b: rig.inbox.put(MidiIn("x", (0xB0, a, b), rig.time.value)),
    "sweep": sweep,
    "mute": lambda rig, _, a, b: rig.inbox.put(SetMute(a, muted=b, at=rig.time.value)),
    "wait": lambda _, source, a, __: source.run(a),
    "slow": lambda rig, _, a, __: setattr(rig, "decode_seconds", a),
    "quick": lambda rig, _, a, __: setattr(rig, "decode_seconds", a),
    "swap": lambda rig, _, a, __: rig.inbox.put(SetSwap(a, at=rig.time.value)),
    "tempo": set_tempo,
    "tap": tap,
    "gesture": lambda rig, _, a, __: rig.inbox.put(any_gesture(a, rig.time.value)),
    "note": lambda rig, _, a, b: rig.inbox.put(MidiIn("keys", (a, b, 80), rig.time.value)),
    "panic": lambda rig, *_: rig.inbox.put(Panic(at=rig.time.value)),
    "start": lambda _, source, a, __: source.start(a),
    "stop": lambda _, source, *__: source.stop(),
    "continue": lambda _, source, *__: source.go_on(),
    "jump": lambda _, source, a, __: source.jump(a * 6),
    "lose": lambda _, source, a, __: setattr(source, "rolls", a),
}


@pytest.mark.parametrize("midi", [False, True])
@settings(max_examples=60, deadline=None)
@given(
    actions=st.lists(ACTIONS, max_size=40),
    grid=st.sampled_from(GRIDS),
    shaped=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_whatever_is_played_every_note_ends_and_voices_are_monophonic(
    midi: bool, actions: list[tuple[str, Any, Any]], grid: Grid, shaped: bool, seed: int
) -> None:
    rig = Rig(midi=midi, grid=grid, seed=seed, patches=SHAPED if shaped else {})
    source = Source(rig, jitter=0.003)
    if midi:
        source.start()
    for kind, a, b in actions:
        ACTS[kind](rig, source, a, b)
        source.run(TICK)
        if midi and rig.clock.motion is Motion.RUNNING and source.lines[-1:]:
            counted = (rig.clock.ref.beat * 24 - source.clocks + 1) % 96
            assert min(counted, 96 - counted) == pytest.approx(0.0, abs=1e-3)
    rig.inbox.put(Stop(at=rig.time.value))
    rig.play(0.1)
    check_events(rig.output.sent, ended=True)
    placed = [p.index for p in rig.placed() if not p.repeat]
    assert len(set(placed)) == len(placed)
    held = [e.beat for e in rig.journal.entries if isinstance(e, Clocked) and not e.runs]
    assert held == sorted(held)


def test_the_noise_knob_brings_drums_that_end_and_off_takes_them_away() -> None:
    rig = Rig()
    rig.play(5.0)
    assert Voice.NO not in {e.voice for _, e in rig.output.sent}
    rig.inbox.put(SetKnob("noise", 1.0, at=rig.time.value))
    rig.play(5.0)
    hits = [e.note for _, e in rig.output.sent if isinstance(e, NoteOn) and e.voice is Voice.NO]
    assert len(hits) > 5
    assert set(hits) <= set(DRUM_BY_NOTE)
    rig.inbox.put(SetKnob("noise", None, at=rig.time.value))
    rig.play(1.0)
    before = len(rig.output.sent)
    rig.play(5.0)
    assert Voice.NO not in {e.voice for _, e in rig.output.sent[before:]}
    check_events(rig.output.sent, ended=False)


def test_drums_are_muted_like_any_voice() -> None:
    rig = Rig()
    rig.inbox.put(SetKnob("noise", 1.0, at=rig.time.value))
    rig.play(5.0)
    assert Voice.NO in {e.voice for _, e in rig.output.sent}
    rig.inbox.put(SetMute(Voice.NO, muted=True, at=rig.time.value))
    rig.play(0.01)
    check_events(rig.output.sent, ended=False)
    before = len(rig.output.sent)
    rig.play(5.0)
    assert Voice.NO not in {e.voice for _, e in rig.output.sent[before:]}
    rig.inbox.put(SetMute(Voice.NO, muted=False, at=rig.time.value))
    rig.play(5.0)
    assert Voice.NO in {e.voice for _, e in rig.output.sent[before:]}
