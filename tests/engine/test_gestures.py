"""What people do to everything but single knobs, on simulated time."""

from __future__ import annotations

import numpy as np
import pytest

from nesvae_live.control.gestureinputs import (
    AIM_SECONDS,
    MORPH,
    STORE,
    AimRecall,
    Capture,
    CapturePhrase,
    ClearSnapshot,
    LookBack,
    MoveFader,
    RecallSnapshot,
    SetAuto,
    SetHold,
    SetKey,
    SetPair,
    SetPoint,
    SetTranspose,
    StartMorph,
    StorePoint,
    StoreSnapshot,
)
from nesvae_live.control.inputs import MidiIn, SetMute
from nesvae_live.log.entries import Decoded, Spliced
from nesvae_live.music.events import NoteOn
from nesvae_live.music.grid import Grid, Mode
from nesvae_live.music.key import Key
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import Voice
from tests.support.rig import (
    Rig,
    Source,
    bars_rig,
    check_events,
    decoded_at,
    do,
    play_to,
    turn,
)


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


def test_a_recall_button_stores_or_morphs_if_that_was_said_just_before() -> None:
    rig = Rig()
    do(rig, AimRecall, STORE)
    assert do(rig, RecallSnapshot, 3)["ok"]
    assert list(rig.live.snapshots) == [3]
    do(rig, AimRecall, MORPH)
    assert do(rig, RecallSnapshot, 3)["ok"]
    morph = rig.sequencer.automation.morph
    assert morph is not None
    assert morph.slot == 3
    assert do(rig, RecallSnapshot, 3)["ok"]  # once only
    assert rig.sequencer.automation.morph is None


def test_what_was_said_is_taken_back_by_the_same_button_and_forgotten_after_a_while() -> None:
    rig = Rig()
    do(rig, StoreSnapshot, 1)
    before = rig.live.snapshots
    do(rig, AimRecall, STORE)
    do(rig, AimRecall, STORE)
    do(rig, RecallSnapshot, 1)
    assert rig.live.snapshots is before
    do(rig, AimRecall, STORE)
    rig.play(AIM_SECONDS + 0.1)
    do(rig, RecallSnapshot, 1)
    assert rig.live.snapshots is before
    do(rig, AimRecall, MORPH)
    do(rig, AimRecall, STORE)  # the newer holds
    do(rig, RecallSnapshot, 2)
    assert sorted(rig.live.snapshots) == [1, 2]


def holds(rig: Rig) -> bool:
    return rig.live.hold


def test_going_back_plays_the_phrase_of_then_and_forward_goes_on() -> None:
    rig = bars_rig()
    turn(rig, density=0.2)
    play_to(rig, 6.0)  # phrase 1 plays, on 4..8
    then = rig.sequencer.player.playing.placed
    turn(rig, density=0.8)
    play_to(rig, 14.0)  # phrase 3, on 12..16
    assert do(rig, LookBack, 2)["ok"]
    play_to(rig, 23.0)
    back = rig.placed()[-2:]
    assert [(p.index, p.beat, p.repeat) for p in back] == [(1, 16.0, True), (1, 20.0, True)]
    assert then is not None
    assert rig.sequencer.player.playing.placed is not None
    assert rig.sequencer.player.playing.placed.tuples == then.tuples
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
    assert len(rig.sequencer.player.playing.history) == 64
    newest = rig.placed()[-1].index
    do(rig, LookBack, 1000)
    rig.play(0.2)
    assert rig.placed()[-1].index == newest - 63


def test_a_key_keeps_every_note_in_it_and_without_it_they_are_free() -> None:
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


def test_a_point_of_the_map_is_where_everything_stands_from_the_next_tail_on() -> None:
    rig = Rig(swap=Swap.NOW)
    rig.play(1.0)
    turn(rig, noise=0.5, style3=0.9)
    do(rig, SetAuto, True)
    point = tuple(float(x) for x in np.linspace(-1.0, 1.0, 40))
    assert do(rig, SetPoint, point) == {"ok": True}
    assert not rig.live.auto
    assert rig.live.condition.z == pytest.approx(point, abs=1e-5)
    assert rig.live.condition.mask.all()
    assert rig.live.knobs.values["noise"] == 0.5
    assert "style3" not in rig.live.knobs.values
    rig.play(1.5)
    spliced = [e for e in rig.journal.entries if isinstance(e, Spliced)][-1]
    assert spliced.z == pytest.approx(point, abs=1e-5)
    assert do(rig, SetPoint, (0.0,) * 3)["error"] == "a point has 40 coordinates here, not 3"
    assert do(rig, SetPoint, (11.0,) + (0.0,) * 39)["error"].startswith("a point's coordinates")
    check_events(rig.output.sent, ended=False)


def test_a_point_of_the_map_is_stored_and_the_music_goes_on_where_it_is() -> None:
    rig = Rig(swap=Swap.NOW)
    rig.play(1.0)
    turn(rig, density=0.3, noise=0.5)
    before = rig.live.condition.key
    point = tuple(float(x) for x in np.linspace(-1.0, 1.0, 40))
    assert do(rig, StorePoint, 5, point) == {"ok": True}
    assert rig.live.condition.key == before
    assert rig.live.snapshots[5].knobs["noise"] == 0.5
    do(rig, RecallSnapshot, 5)
    rig.play(2.0)
    assert rig.live.condition.z == pytest.approx(point, abs=1e-5)
    assert do(rig, StorePoint, 65, point)["error"].startswith("snapshot 65")
    assert do(rig, StorePoint, 5, (0.0,) * 3)["error"].startswith("a point has 40")
