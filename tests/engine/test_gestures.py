"""What hands do to everything but single knobs, on simulated time."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from nesvae_live.control.gestureinputs import (
    Capture,
    CapturePhrase,
    ClearSnapshot,
    Gesture,
    GoRound,
    LookBack,
    MoveFader,
    RecallSnapshot,
    ReleaseKnobs,
    Roll,
    SetAuto,
    SetHold,
    SetKey,
    SetPair,
    SetSeed,
    SetTemperature,
    SetTranspose,
    StartMorph,
    StoreSnapshot,
)
from nesvae_live.control.inputs import MidiIn, SetKnob, SetMute
from nesvae_live.latent.setting import Setting
from nesvae_live.log.entries import Arranged, Decoded, Placed, Spliced
from nesvae_live.music.events import NoteOn
from nesvae_live.music.grid import Grid, Mode
from nesvae_live.music.key import Key
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import Voice
from tests.support.rig import Rig, Source, check_events


def do(rig: Rig, make: Any, *content: Any) -> dict[str, Any]:
    """Carry a gesture out; its answer."""
    answers: list[dict[str, Any]] = []
    gesture: Gesture = make(*content, at=rig.time.value, reply=answers.append)
    rig.inbox.put(gesture)
    rig.play(0.005)
    (answer,) = answers
    return answer


def turn(rig: Rig, **knobs: float | None) -> None:
    for knob, value in knobs.items():
        assert do(rig, SetKnob, knob, value)["ok"]


def play_to(rig: Rig, beat: float) -> None:
    """Let time pass until the horizon has reached `beat`."""
    while rig.sequencer.player.placer.reached < beat:
        rig.play(0.005)


def bars_rig(**options: Any) -> Rig:
    """Bars of 2 s, phrases of a bar, everything on bar lines."""
    return Rig(grid=Grid(Mode.BARS, bars=1.0), swap=Swap.BAR, **options)


def decoded_at(rig: Rig, beat: float) -> Decoded | Spliced:
    """What sounds from a bar line on, as the log tells it."""
    entries = rig.journal.entries
    for entry in reversed(entries):
        if isinstance(entry, Spliced) and abs(entry.beat - beat) < 1e-6:
            return entry
    (index,) = {e.index for e in entries if isinstance(e, Placed) and abs(e.beat - beat) < 1e-6}
    return next(e for e in entries if isinstance(e, Decoded) and e.index == index)


def test_a_recall_is_heard_on_the_next_bar_line_whole_and_not_before() -> None:
    rig = bars_rig()
    turn(rig, density=0.2, style3=0.9, duty1=1.0)
    do(rig, SetMute, Voice.P2, True)
    do(rig, SetTranspose, Voice.TR, 5)
    do(rig, SetTemperature, 0.5)
    do(rig, SetSeed, 77)
    do(rig, StoreSnapshot, 3)
    turn(rig, density=0.8, style3=None, duty1=None, register=0.7)
    do(rig, SetMute, Voice.P2, False)
    do(rig, SetTranspose, None, 0)
    do(rig, SetTemperature, 1.5)
    do(rig, SetSeed, 5)
    play_to(rig, 5.0)
    before = rig.live.setting
    assert do(rig, RecallSnapshot, 3)["ok"]
    play_to(rig, 7.7)
    assert rig.live.setting == before
    play_to(rig, 9.0)
    after = rig.live.setting
    assert dict(after.knobs) == {"density": 0.2, "style3": 0.9, "duty1": 1.0}
    assert (after.temperature, after.seed) == (0.5, 77)
    arranged = [e for e in rig.journal.entries if isinstance(e, Arranged)][-1]
    assert (arranged.beat, arranged.muted, arranged.transpose) == (8.0, ("P2",), (0, 0, 5))
    was, now = decoded_at(rig, 4.0), decoded_at(rig, 8.0)
    assert was.z[0] == pytest.approx(1.5)
    assert now.z[0] == pytest.approx(-1.5)
    assert now.z[8 + 2] == pytest.approx(2.0)
    assert now.mask == (1, 0, 0, 0, 0, 0, 0, 0)
    assert now.seed == 77
    check_events(rig.output.sent, ended=False)


def test_a_snapshot_that_is_not_there_is_one_line_and_changes_nothing() -> None:
    rig = Rig()
    before = rig.live.setting
    for make, content in (
        (RecallSnapshot, (4,)),
        (StartMorph, (4, 2.0)),
        (SetPair, (1, 2)),
        (MoveFader, (0.5,)),
        (ClearSnapshot, (4,)),
    ):
        answer = do(rig, make, *content)
        assert answer["error"].startswith("no snapshot ")
    assert "1 to 64" in do(rig, StoreSnapshot, 65)["error"]
    do(rig, StoreSnapshot, 2)
    assert do(rig, RecallSnapshot, 4)["error"] == "no snapshot 4; there are: 2"
    do(rig, ClearSnapshot, 2)
    assert not rig.live.snapshots
    rig.play(2.0)
    assert rig.live.setting == before


def two_snapshots(rig: Rig) -> tuple[Setting, Setting]:
    """Snapshot 1 is where the performer then stands, 2 the other end."""
    turn(rig, density=0.9, register=0.25, style1=0.5 + 0.2, duty2=0.75)
    do(rig, SetTemperature, 1.3)
    do(rig, StoreSnapshot, 2)
    turn(rig, density=0.1, register=None, style1=0.5, style2=0.5 + 0.2, duty2=0.25)
    do(rig, SetTemperature, 0.7)
    do(rig, StoreSnapshot, 1)
    return rig.live.snapshots[1], rig.live.snapshots[2]


def test_a_morph_over_four_bars_has_the_values_computed_by_hand_at_every_bar() -> None:
    rig = bars_rig()
    two_snapshots(rig)
    play_to(rig, 1.0)
    assert do(rig, StartMorph, 2, 4.0)["ok"]
    # Style goes from (0, 1) to (1, 0), both 1 long: along a quarter of a circle.
    by_hand = {
        4.0: (0.1, 0.5, 0.25, 0.7, (0.0, 1.0)),
        8.0: (0.3, 0.4375, 0.375, 0.85, (0.382683, 0.923880)),
        12.0: (0.5, 0.375, 0.5, 1.0, (0.707107, 0.707107)),
        16.0: (0.7, 0.3125, 0.625, 1.15, (0.923880, 0.382683)),
        20.0: (0.9, 0.25, 0.75, 1.3, (1.0, 0.0)),
    }
    for beat, (density, register, duty2, temperature, style) in by_hand.items():
        play_to(rig, beat)
        knobs = rig.live.knobs.values
        assert knobs["density"] == pytest.approx(density)
        assert knobs.get("register", 0.5) == pytest.approx(register)
        assert knobs["duty2"] == pytest.approx(duty2)
        assert rig.live.temperature == pytest.approx(temperature)
        z = decoded_at(rig, beat).z
        assert z[0] == pytest.approx(-2.5 + 5.0 * density, abs=1e-5)
        assert z[1] == pytest.approx(-2.5 + 5.0 * register, abs=1e-5)
        assert z[8:10] == pytest.approx(style, abs=1e-5)
    assert rig.sequencer.automation.morph is None
    assert rig.live.knobs.values == rig.live.snapshots[2].knobs


def test_in_a_morph_nothing_jumps_by_more_than_a_step() -> None:
    rig = Rig(swap=Swap.NOW)
    a, b = two_snapshots(rig)
    do(rig, StartMorph, 2, 4.0)
    seen = [rig.live.condition.z]
    values = [dict(rig.live.knobs.values)]

    def look() -> None:
        seen.append(rig.live.condition.z)
        values.append(dict(rig.live.knobs.values))

    rig.play(9.0, look)
    largest = np.abs(np.diff(np.array(seen), axis=0)).max(0)
    steps = 4 * 16  # sixteenths in four bars
    assert largest[0] == pytest.approx(4.0 / steps, rel=0.01)
    assert largest[8:10].max() <= np.pi / 2 / steps * 1.01
    duty = [v["duty2"] for v in values]
    assert max(abs(y - x) for x, y in pairwise(duty)) <= 0.5 / steps * 1.01
    assert (duty[0], duty[-1]) == (a.knobs["duty2"], b.knobs["duty2"])
    assert duty == sorted(duty)


def test_a_knob_moved_by_hand_in_a_morph_wins_and_does_not_snap_back() -> None:
    rig = bars_rig()
    two_snapshots(rig)
    do(rig, StartMorph, 2, 2.0)
    play_to(rig, 8.0)
    turn(rig, density=0.05, style1=0.0)
    do(rig, SetTemperature, 2.0)
    do(rig, SetMute, Voice.TR, True)
    play_to(rig, 20.0)
    knobs = rig.live.knobs.values
    assert knobs["density"] == 0.05
    assert knobs["style1"] == 0.0
    assert knobs["register"] == 0.25
    assert rig.live.temperature == 2.0
    assert rig.live.muted == {Voice.TR}


def test_the_fader_goes_between_two_snapshots_and_leaves_a_touched_knob_alone() -> None:
    rig = Rig()
    two_snapshots(rig)
    do(rig, SetPair, 1, 2)
    for value, density in ((0.0, 0.1), (0.25, 0.3), (1.0, 0.9), (0.5, 0.5)):
        do(rig, MoveFader, value)
        assert rig.live.knobs.values["density"] == pytest.approx(density)
    turn(rig, density=0.77)
    do(rig, MoveFader, 1.0)
    assert rig.live.knobs.values["density"] == 0.77
    assert rig.live.knobs.values["register"] == 0.25
    do(rig, SetPair, 1, 2)
    do(rig, MoveFader, 1.0)
    assert rig.live.knobs.values["density"] == pytest.approx(0.9)


def test_a_snapshot_without_a_style_leaves_the_style_where_it_is() -> None:
    rig = Rig()
    turn(rig, density=0.3, style1=0.9)
    here = rig.live.setting
    rig.live.snapshots = {1: Setting({"density": 0.6}, None, 0.9, 0), 2: here}
    do(rig, RecallSnapshot, 1)
    rig.play(0.5)
    assert rig.live.knobs.values["density"] == 0.6
    assert rig.live.style is here.style
    do(rig, MoveFader, 0.5)
    assert rig.live.knobs.values["density"] == pytest.approx(0.45)


def test_hold_lets_the_phrase_go_round_and_nothing_is_missed() -> None:
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


def holds(rig: Rig) -> bool:
    return rig.live.hold


def test_going_back_plays_the_phrase_of_then_and_forward_goes_on() -> None:
    rig = bars_rig()
    turn(rig, density=0.2)
    play_to(rig, 6.0)  # phrase 1 plays, on 4..8
    then = rig.sequencer.player.placed
    turn(rig, density=0.8)
    play_to(rig, 14.0)  # phrase 3, on 12..16
    assert do(rig, LookBack, 2)["ok"]
    play_to(rig, 23.0)
    back = rig.placed()[-2:]
    assert [(p.index, p.beat, p.repeat) for p in back] == [(1, 16.0, True), (1, 20.0, True)]
    assert then is not None
    assert rig.sequencer.player.placed is not None
    assert rig.sequencer.player.placed.tuples == then.tuples
    assert rig.live.knobs.values["density"] == 0.2
    for _ in range(2):
        assert do(rig, LookBack, -1)["ok"]
    play_to(rig, 25.0)
    assert rig.placed()[-1].index == 3
    assert holds(rig)
    assert do(rig, LookBack, -1)["ok"]
    play_to(rig, 29.0)
    assert not holds(rig)
    assert (rig.placed()[-1].index, rig.placed()[-1].repeat) == (4, False)
    assert do(rig, LookBack, 100)["ok"]
    assert "no phrase is older" in do(rig, LookBack, 1)["error"]
    check_events(rig.output.sent, ended=False)


def test_64_phrases_are_remembered() -> None:
    rig = Rig()
    rig.play(300.0)
    assert len(rig.sequencer.player.history) == 64
    newest = rig.placed()[-1].index
    do(rig, LookBack, 1000)
    rig.play(0.2)
    assert rig.placed()[-1].index == newest - 63


def test_a_key_keeps_every_note_in_it_and_letting_go_of_it_frees_them() -> None:
    rig = Rig()
    do(rig, SetKey, Key.parse("Eb minor"))
    rig.play(0.5)
    begin = rig.time.value
    rig.play(20.0)
    in_key = {(3 + s) % 12 for s in (0, 2, 3, 5, 7, 8, 10)}
    heard = [e for at, e in rig.output.sent if isinstance(e, NoteOn) and at > begin]
    assert len(heard) > 50
    assert {e.note % 12 for e in heard} <= in_key
    do(rig, SetKey, None)
    rig.play(0.5)
    begin = rig.time.value
    rig.play(20.0)
    free = {e.note % 12 for at, e in rig.output.sent if isinstance(e, NoteOn) and at > begin}
    assert free - in_key
    check_events(rig.output.sent, ended=False)


def test_a_voice_is_transposed_alone_by_as_much_as_was_said() -> None:
    plain, moved = Rig(bars=8), Rig(bars=8)
    do(moved, SetTranspose, Voice.P2, 7)
    plain.play(0.005)
    for rig in (plain, moved):
        rig.play(20.0)

    def notes(rig: Rig, voice: Voice) -> list[int]:
        return [e.note for _, e in rig.output.sent if isinstance(e, NoteOn) and e.voice is voice]

    assert notes(moved, Voice.P1) == notes(plain, Voice.P1)
    differences = {
        b - a for a, b in zip(notes(plain, Voice.P2), notes(moved, Voice.P2), strict=True)
    }
    assert differences <= {7, 7 - 12}
    assert 7 in differences
    assert "semitones" in do(Rig(), SetTranspose, None, 25)["error"]


def test_letting_all_knobs_go_lets_the_mask_go() -> None:
    rig = bars_rig()
    turn(rig, density=0.2, focus=0.9, style1=0.1, noise=0.4)
    play_to(rig, 9.0)
    do(rig, ReleaseKnobs)
    play_to(rig, 13.0)
    assert not rig.live.knobs.values
    assert not any(decoded_at(rig, 12.0).mask)


def test_chance_stays_within_its_bounds_and_is_the_seeds() -> None:
    ends = []
    for _ in range(2):
        rig = Rig(seed=9)
        turn(rig, density=0.95, style1=0.5)
        for _ in range(3):
            before = dict(rig.live.knobs.values)
            do(rig, Roll, 0.1)
            rig.play(0.3)
            after = rig.live.knobs.values
            for knob, value in after.items():
                assert abs(value - before.get(knob, 0.5)) <= 0.1
                assert 0.0 <= value <= 1.0
            assert dict(after) != before
        assert np.abs(rig.live.style).max() <= 3 * 0.1 * 5.0 + 1e-6
        ends.append(dict(rig.live.knobs.values))
    assert ends[0] == ends[1]
    assert len(ends[0]) == 9


def test_in_auto_mode_the_knobs_wander_and_a_touched_one_is_the_hands_until_it_is_let_go() -> None:
    rig = bars_rig()
    turn(rig, noise=0.3)
    do(rig, SetAuto, True)
    play_to(rig, 60.0)
    knobs = [decoded_at(rig, 4.0 * bar).z[:8] for bar in range(4, 15)]
    assert all(decoded_at(rig, 4.0 * bar).mask == (1,) * 8 for bar in range(4, 15))
    assert all(np.std([k[i] for k in knobs]) > 0.1 for i in range(8))
    turn(rig, density=0.33)
    play_to(rig, 100.0)
    assert {round(decoded_at(rig, 4.0 * bar).z[0], 4) for bar in range(17, 25)} == {-0.85}
    assert len({decoded_at(rig, 4.0 * bar).z[1] for bar in range(17, 25)}) == 8
    turn(rig, density=None)
    play_to(rig, 120.0)
    assert len({decoded_at(rig, 4.0 * bar).z[0] for bar in range(26, 30)}) == 4
    do(rig, SetAuto, False)
    play_to(rig, 128.0)
    stays = dict(rig.live.knobs.values)
    play_to(rig, 140.0)
    assert dict(rig.live.knobs.values) == stays
    assert rig.live.knobs.values["noise"] == 0.3
    assert rig.sequencer.counters.decodes_missed == 0


def three_snapshots(rig: Rig) -> None:
    for slot, density in ((2, 0.1), (5, 0.9), (9, 0.5)):
        turn(rig, density=density, register=density)
        do(rig, StoreSnapshot, slot)


def test_a_round_goes_from_snapshot_to_snapshot_on_the_bars_and_begins_again() -> None:
    rig = bars_rig()
    assert "takes 2 snapshots" in do(rig, GoRound, True, 2.0)["error"]
    three_snapshots(rig)
    assert do(rig, GoRound, True, 2.0)["ok"]
    play_to(rig, 4.0 * 9)
    density = [0.5 + float(decoded_at(rig, 4.0 * bar).z[0]) / 5.0 for bar in range(1, 9)]
    assert density == pytest.approx([0.5, 0.3, 0.1, 0.5, 0.9, 0.7, 0.5, 0.3])
    assert rig.live.round
    assert rig.sequencer.counters.decodes_missed == 0


def test_on_a_round_a_touched_knob_is_the_hands_until_it_is_let_go() -> None:
    rig = bars_rig()
    three_snapshots(rig)
    do(rig, GoRound, True, 1.0)
    play_to(rig, 8.0)
    turn(rig, density=0.33)
    play_to(rig, 40.0)
    assert rig.live.knobs.values["density"] == 0.33
    assert rig.live.knobs.values["register"] != 0.33
    turn(rig, density=None)
    play_to(rig, 60.0)
    assert rig.live.knobs.values["density"] == rig.live.knobs.values["register"]


def test_a_round_ends_where_it_is_or_with_what_else_moves_the_knobs() -> None:
    rig = bars_rig()
    three_snapshots(rig)
    do(rig, GoRound, True, 4.0)
    play_to(rig, 10.0)
    do(rig, GoRound, False, None)
    stays = dict(rig.live.knobs.values)
    play_to(rig, 40.0)
    assert dict(rig.live.knobs.values) == stays
    do(rig, GoRound, True, 1.0)
    do(rig, RecallSnapshot, 5)
    assert not rig.live.round
    play_to(rig, 60.0)
    assert rig.live.knobs.values["density"] == 0.9


def test_a_round_goes_on_with_the_snapshots_that_there_are() -> None:
    rig = bars_rig()
    three_snapshots(rig)
    do(rig, GoRound, True, 1.0)
    for slot in (2, 5):
        do(rig, ClearSnapshot, slot)
    play_to(rig, 40.0)
    assert rig.live.round
    assert rig.live.knobs.values["density"] == pytest.approx(0.5)
    do(rig, ClearSnapshot, 9)
    play_to(rig, 60.0)
    assert not rig.live.round


def test_the_walk_sets_out_from_where_the_knobs_stand() -> None:
    rig = bars_rig()
    turn(rig, density=1.0)
    do(rig, SetAuto, True)
    play_to(rig, 5.0)
    first = decoded_at(rig, 4.0).z
    walk = rig.sequencer.automation.wander
    assert walk is not None
    assert first[0] == pytest.approx(2.5 + (walk.walk.at(0)[0] - 2.5) / 8, abs=1e-4)


def play_notes(rig: Rig, notes: list[tuple[int, int, float]]) -> None:
    """(channel, note, seconds), one after the other, as a keyboard sends them."""
    for channel, note, seconds in notes:
        rig.inbox.put(MidiIn("keys", (0x90 | channel, note, 80), rig.time.value))
        rig.play(seconds)
        rig.inbox.put(MidiIn("keys", (0x80 | channel, note, 0), rig.time.value))


def test_what_was_played_is_the_position_after_a_capture_and_plays_first() -> None:
    rig = bars_rig()
    turn(rig, density=0.9, style4=0.9, noise=0.5)
    assert "nothing was played" in do(rig, Capture)["error"]
    play_notes(rig, [(0, 64, 0.5), (0, 67, 0.25), (0, 71, 0.25)])
    do(rig, SetHold, True)
    assert do(rig, Capture)["ok"]
    asked = rig.asked[-1][1] if rig.asked else None
    line = 4.0 * np.ceil(rig.sequencer.player.next_line() / 4.0)
    play_to(rig, line + 1.0)
    if asked is not None:
        assert asked.captured is not None
        assert asked.captured.tolist() == [[64, 0, 0, 12], [67, 0, 0, 6], [71, 0, 0, 6]]
    first = decoded_at(rig, line)
    assert isinstance(first, Decoded)
    assert first.follows == -1
    assert first.z[0] == pytest.approx(0.0)  # 24 steps
    assert first.z[8:] == pytest.approx([(64 + 67 + 71) / 3 / 64.0] * 32)
    knobs = rig.live.knobs.values
    assert knobs["density"] == pytest.approx(0.5)
    assert "style4" not in knobs
    assert knobs["noise"] == 0.5
    assert not rig.live.hold
    play_to(rig, line + 5.0)
    following = decoded_at(rig, line + 4.0)
    assert isinstance(following, Decoded)
    assert following.follows == first.index
    assert following.z == pytest.approx(first.z)
    check_events(rig.output.sent, ended=False)


def test_a_phrase_of_a_file_is_captured_as_it_is() -> None:
    rig = Rig()
    assert do(rig, CapturePhrase, ((60, 0, 40, 6), (60, 0, 0, 6)))["ok"]
    rig.play(1.0)
    captured = [e for e in rig.journal.entries if isinstance(e, Decoded) and e.follows == -1][-1]
    assert captured.index > 0
    assert captured.z[0] == pytest.approx(1.2)  # 12 steps
    assert do(rig, CapturePhrase, ((5, 0, 0, 1),))["error"].startswith("tuple 0")
    assert do(rig, CapturePhrase, ())["error"] == "0 tuples: a phrase has 1 to 13"


def test_a_position_that_is_set_while_the_clock_stands_is_there_when_it_starts() -> None:
    rig = Rig(midi=True, grid=Grid(Mode.BARS, bars=1.0), swap=Swap.BAR)
    source = Source(rig)
    turn(rig, density=0.2)
    do(rig, SetMute, Voice.P1, True)
    do(rig, StoreSnapshot, 1)
    turn(rig, density=0.9)
    do(rig, SetMute, Voice.P1, False)
    do(rig, RecallSnapshot, 1)
    source.run(0.3)
    assert rig.live.knobs.values["density"] == 0.2
    assert rig.live.muted == {Voice.P1}
    source.start()
    source.run(2.0)
    assert decoded_at(rig, 0.0).z[0] == pytest.approx(-1.5)
    check_events(rig.output.sent, ended=False)
