"""Phrases that follow one another, repeat, and get new tails while they play."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from nesvae_live.control.gestureinputs import (
    SetHold,
)
from nesvae_live.control.inputs import (
    MidiIn,
    SetKnob,
)
from nesvae_live.engine.phrases.inference import draws, run_request
from nesvae_live.engine.phrases.phraseplayer import State
from nesvae_live.engine.phrases.request import Request
from nesvae_live.latent.decoding import DecoderState
from nesvae_live.log.entries import (
    Decoded,
    Overtaken,
    Spliced,
    Turned,
)
from nesvae_live.music.events import NoteOn
from nesvae_live.music.grid import Grid, Mode
from nesvae_live.music.swap import Swap
from tests.support.rig import Rig, Source, check_events, decoded_at, do, play_to, turn


def send_cc(rig: Rig, value: int) -> None:
    rig.inbox.put(MidiIn("knobs", (0xB0, 20, value), rig.time.value))


def spliced(rig: Rig) -> list[Spliced]:
    return [e for e in rig.journal.entries if isinstance(e, Spliced)]


def test_phrases_follow_without_a_gap_and_none_is_missed() -> None:
    rig = Rig()
    rig.play(30.0)
    placed = rig.placed()
    assert len(placed) > 5
    assert [p.index for p in placed] == list(range(len(placed)))
    for one, two in pairwise(placed):
        assert two.beat == pytest.approx(one.beat + one.beats)
    assert rig.sequencer.counters.decodes_missed == 0
    check_events(rig.output.sent, ended=False)


def test_a_late_decode_lets_the_phrase_go_on_and_is_counted() -> None:
    rig = Rig(decode_seconds=4.0)
    rig.play(30.0)
    repeats = [p for p in rig.placed() if p.repeat]
    assert repeats
    assert rig.sequencer.counters.decodes_missed == len(repeats)
    check_events(rig.output.sent, ended=False)


def test_on_a_machine_that_has_become_slow_one_phrase_is_missed_and_not_all() -> None:
    rig = Rig()
    rig.play(10.0)
    rig.decode_seconds = 0.18
    rig.play(40.0)
    assert rig.sequencer.counters.decodes_missed == 1
    assert [e for e in rig.journal.entries if isinstance(e, Overtaken)]
    check_events(rig.output.sent, ended=False)


def test_a_knob_is_in_the_next_phrase() -> None:
    rig = Rig()
    rig.play(1.0)
    heard_at = rig.time.value
    rig.inbox.put(MidiIn("knobs", (0xB5, 20, 127), heard_at))
    rig.play(20.0)
    turned = [e for e in rig.journal.entries if isinstance(e, Turned)]
    assert [(t.knob, t.value, t.at) for t in turned] == [("density", 1.0, heard_at)]
    decoded = [e for e in rig.journal.entries if isinstance(e, Decoded)]
    borders = [rig.clock.ref.time_of(p.beat) for p in rig.placed()]
    following = next(d for d, b in zip(decoded, borders, strict=True) if b > heard_at + 0.1)
    assert following.mask[0] == 1
    assert following.z[0] == pytest.approx(2.5)


def test_without_a_turned_knob_nothing_is_spliced() -> None:
    rig = Rig()
    rig.play(30.0)
    assert not spliced(rig)


def test_now_is_heard_within_four_steps_and_the_budget_of_the_turn() -> None:
    waits = []
    for seed in range(40):
        rig = Rig(seed=seed)
        rig.play(1.0 + seed * 0.07)
        at = rig.time.value
        send_cc(rig, 127)
        rig.play(1.0)
        heard = [s.beat for s in spliced(rig)] + [
            p.beat for p in rig.placed() if rig.clock.ref.time_of(p.beat) > at + 0.05
        ]
        waits.append(rig.clock.ref.time_of(min(heard)) - at)
        assert rig.sequencer.counters.splices_late == 0
    # 50 ms of lookahead, at most 45 of budget, and four steps of 1/24 s, as seen in ticks of 5 ms.
    assert max(waits) < 0.05 + 0.045 + 4 / 24 + 0.01
    assert np.median(waits) < 0.15


@pytest.mark.parametrize(("swap", "unit"), [(Swap.BAR, 4.0), (Swap.BEAT, 1.0)])
def test_a_bar_or_beat_swap_is_heard_on_its_line_and_not_before(swap: Swap, unit: float) -> None:
    for seed in range(8):
        rig = Rig(seed=seed, swap=swap)
        rig.play(1.0 + seed * 0.13)
        send_cc(rig, 127)
        beat = rig.clock.ref.beat_at(rig.time.value)
        rig.play(4.0)
        told = [e for e in rig.journal.entries if isinstance(e, (Decoded, Spliced)) and e.mask[0]]
        first = told[0]
        placed = {p.index: p.beat for p in rig.placed() if not p.repeat}
        heard = first.beat if isinstance(first, Spliced) else placed[first.index]
        to_line = (-heard) % unit  # a phrase that begins just before the line may have it already
        assert to_line * 0.5 < 0.16
        assert heard - beat < unit + 0.5
        check_events(rig.output.sent, ended=False)


@pytest.mark.slow
def test_at_every_rate_of_turning_no_note_hangs_and_no_phrase_is_missed() -> None:
    for every in (1, 2, 5, 13, 40):
        rig = Rig(seed=every)
        count = 0

        def each(rig: Rig = rig, every: int = every) -> None:
            nonlocal count
            count += 1
            if count % every == 0:
                send_cc(rig, (count * 37) % 128)

        rig.play(20.0, each)
        assert len(spliced(rig)) > 10
        assert rig.sequencer.counters.splices_late == 0
        assert rig.sequencer.counters.decodes_missed == 0
        check_events(rig.output.sent, ended=False)
        starts = [p for p in rig.placed() if not p.repeat]
        assert [p.index for p in starts] == list(range(len(starts)))


def test_a_late_splice_is_counted_and_the_music_goes_on() -> None:
    rig = Rig(decode_seconds=0.3)
    rig.play(0.5)
    for value in range(0, 120, 10):
        send_cc(rig, value)
        rig.play(1.0)
    assert rig.sequencer.counters.splices_late > 0
    assert len([e for _, e in rig.output.sent if isinstance(e, NoteOn)]) > 30
    check_events(rig.output.sent, ended=False)


def test_in_bars_a_spliced_phrase_keeps_its_end() -> None:
    rig = Rig(grid=Grid(Mode.BARS))
    rig.play(1.0)
    for value in range(0, 120, 6):
        send_cc(rig, value)
        rig.play(0.7)
    assert spliced(rig)
    for one, two in pairwise(rig.placed()):
        assert two.beat == pytest.approx(one.beat + one.beats)
        assert two.beat % 2.0 == pytest.approx(0.0, abs=1e-6)
    for tail in spliced(rig):
        phrase = next(p for p in rig.placed() if p.index == tail.index)
        assert tail.beat + tail.beats == pytest.approx(phrase.beat + phrase.beats)


def test_a_cut_tuple_goes_into_the_tail_as_long_as_it_was_held() -> None:
    cut = 0
    for seed in range(30):
        rig = Rig(seed=seed)
        rig.play(0.8 + 0.05 * seed)
        send_cc(rig, 127)
        asked: dict[int, Request] = {}
        for _ in range(200):
            rig.play(0.005)
            asked |= {r.splice: r for _, r in rig.asked if r.splice}
        tails = spliced(rig)
        if not tails:
            continue
        first = next(
            e for e in rig.journal.entries if isinstance(e, Decoded) and e.index == tails[0].index
        )
        whole = first.tokens[4 * tails[0].kept - 1] - 243 + 1
        assert 1 <= tails[0].held <= whole
        cut += tails[0].held < whole
        assert isinstance(asked[1].start, DecoderState)
        assert asked[1].start.previous[3] == tails[0].held - 1
        assert len(tails[0].tokens) == 4 * asked[1].tuples
    assert cut


def test_a_tails_tokens_come_again_from_what_the_log_says() -> None:
    rig = Rig(seed=9)
    rig.play(1.0)
    asked = []
    for value in (10, 60, 127):
        send_cc(rig, value)
        for _ in range(60):
            rig.play(0.005)
            asked += [r for _, r in rig.asked if r.splice]
    by_key = {(r.index, r.splice): r for r in asked}
    for tail in spliced(rig):
        request = by_key[tail.index, tail.splice]
        again = run_request(request, rig.decoder, rig.time)
        assert again.phrase.tokens == tail.tokens
        uniforms = draws(tail.seed, tail.index, tail.splice, len(tail.tokens) // 4)
        assert uniforms.shape == (request.tuples, 4)
        assert request.z.tolist() == list(tail.z)


def test_a_knob_that_is_turned_back_in_time_changes_nothing() -> None:
    rig = Rig(swap=Swap.BAR, grid=Grid(Mode.BARS, bars=4.0))
    rig.inbox.put(SetKnob("density", 0.9, at=0.0))
    rig.play(0.1)
    rig.inbox.put(SetKnob("density", None, at=0.1))
    rig.play(7.0)
    assert not spliced(rig)


@pytest.mark.parametrize(
    "grid",
    [
        Grid(Mode.NATIVE),
        Grid(Mode.CLOCK, quantise=16),
        Grid(Mode.CLOCK, swing=66.0),
        Grid(Mode.BARS, quantise=8, swing=60.0),
        Grid(Mode.BARS, bars=1.0),
    ],
)
def test_every_grid_takes_splices(grid: Grid) -> None:
    rig = Rig(grid=grid, seed=2)
    for value in range(0, 127, 3):
        send_cc(rig, value)
        rig.play(0.31)
    assert spliced(rig)
    check_events(rig.output.sent, ended=False)
    assert len(rig.placed()) > 2


def test_a_held_phrase_repeats_and_nothing_is_missed() -> None:
    rig = Rig()
    play_to(rig, 3.0)
    do(rig, SetHold, True)
    rig.play(10.0)
    turn(rig, density=0.9)
    rig.play(5.0)
    placed = rig.placed()[-4:]
    assert {p.repeat for p in placed} == {True}
    assert len({p.index for p in placed}) == 1
    assert rig.sequencer.counters.decodes_missed == 0
    do(rig, SetHold, False)
    rig.play(5.0)
    assert not rig.placed()[-1].repeat
    assert decoded_at(rig, rig.placed()[-1].beat).z[0] == pytest.approx(2.0)
    check_events(rig.output.sent, ended=False)


def test_it_goes_through_the_states_of_its_table() -> None:
    rig = Rig(midi=True, grid=Grid(Mode.BARS, bars=1.0), swap=Swap.BEAT)
    source = Source(rig)

    def state() -> State:
        return rig.sequencer.player.state

    source.run(0.1)
    assert state() is State.READY, "the first phrase waits for the clock"
    source.start()
    source.run(0.1)
    assert state() is State.PLAYING
    send_cc(rig, 127)
    source.run(0.02)
    assert state() is State.CUTTING
    assert spliced(rig) == []
    source.run(0.9)
    assert state() is State.PLAYING
    assert len(spliced(rig)) == 1
    rig.decode_seconds = 2.0
    source.stop()
    source.run(0.1)
    assert state() is State.EMPTY
    source.run(3.0)
    assert state() is State.READY, "what would have followed"
