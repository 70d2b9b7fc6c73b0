"""A chord that is held is the harmony from the next beat on; on simulated time."""

from __future__ import annotations

import pytest

from nesvae_live.control.gestureinputs import SetChords, SetTranspose
from nesvae_live.control.inputs import MidiIn, Panic
from nesvae_live.engine.band.chord import DEGREES, SHAPES, Chord
from nesvae_live.engine.band.chords import BETWEEN, UNEVEN, Chords
from nesvae_live.latent.harmony import STRONG, Harmony
from nesvae_live.log.entries import Harmonised, Placed, Spliced
from nesvae_live.music.key import ROOTS
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import CHORD_CHANNELS
from tests.support.fakes import DrawnDecoder
from tests.support.remembering import RememberingDecoder
from tests.support.rig import Rig, do, turn

CHANNEL = 3


def chord_rig(**options: object) -> Rig:
    rig = Rig(decoder=RememberingDecoder(), seed=3, **options)  # type: ignore[arg-type]
    rig.play(2.0)
    assert do(rig, SetChords, CHANNEL)["ok"]
    rig.play(0.5)
    return rig


def press(rig: Rig, *notes: int, velocity: int = 90, channel: int = CHANNEL) -> None:
    for note in notes:
        rig.inbox.put(MidiIn("keys", (0x90 | channel, note, velocity), rig.time.value))


def harmony(rig: Rig) -> Harmony | None:
    """What the decoder was told last."""
    told: Harmony | None = rig.decoder.starts[-1].harmony  # type: ignore[attr-defined]
    return told


@pytest.mark.parametrize("swap", Swap)
@pytest.mark.parametrize("late", [0.02, 0.25, 0.45])
def test_from_the_next_beat_that_can_be_reached_it_is_the_harmony(swap: Swap, late: float) -> None:
    rig = chord_rig(swap=swap)
    while rig.clock.ref.beat_at(rig.time.value) % 1 > 0.02:
        rig.play(0.005)
    rig.play(late)
    began = rig.clock.ref.beat_at(rig.time.value)
    press(rig, 57, 60, 64)
    rig.play(1.0)
    first = next(
        e
        for e in rig.journal.entries
        if isinstance(e, Spliced | Placed) and rig.clock.ref.beat_at(e.at) >= began
    )
    assert began < first.beat <= began + 1.35
    if isinstance(first, Spliced):  # else a phrase begins there anyway
        assert first.beat == pytest.approx(round(first.beat), abs=1e-6)
    chord = rig.live.band.chord
    assert chord is not None
    assert (str(chord), chord.rising) == ("Am", (9, 0, 4))
    told = harmony(rig)
    assert told is not None
    assert told.chord == (0, 4, 9)
    assert told.scale == (0, 2, 4, 5, 7, 9, 11)
    assert told.tick is not None
    press(rig, 57, 60, 64, velocity=0)
    rig.play(1.5)
    assert harmony(rig) is None
    held = [(e.chord, e.tones) for e in rig.journal.entries if isinstance(e, Harmonised)]
    assert held[-2:] == [("Am", (0, 4, 9)), ("", ())]


def test_a_knob_still_waits_for_its_bar() -> None:
    rig = chord_rig(swap=Swap.BAR)
    while not 0.1 < rig.clock.ref.beat_at(rig.time.value) % 4 < 0.2:
        rig.play(0.005)
    turn(rig, style1=0.9)
    press(rig, 60, 64, 67)
    began = len([e for e in rig.journal.entries if isinstance(e, Spliced)])
    rig.play(2.2)
    first, *_, last = [e for e in rig.journal.entries if isinstance(e, Spliced)][began:]
    assert first.beat % 4 == pytest.approx(1.0, abs=1e-6)
    assert first.z[8] != pytest.approx(rig.live.condition.z[8])
    assert last.beat % 4 == pytest.approx(0.0, abs=1e-6)
    assert last.z[8] == pytest.approx(rig.live.condition.z[8])


def test_a_chord_that_is_struck_key_by_key_is_one_chord_of_those_before() -> None:
    rig = chord_rig()
    for notes in ((60, 64, 67), (67, 71, 74), (62, 65, 69)):
        for note in notes:
            press(rig, note)
            rig.play(0.02)
        rig.play(0.2)
        press(rig, *notes, velocity=0)
        rig.play(0.1)
    told = rig.live.condition.harmony
    assert told is not None
    assert told.chord == (2, 5, 9)
    assert told.scale == (0, 2, 4, 5, 7, 9, 11)


def test_voices_that_are_transposed_sound_the_chord_all_the_same() -> None:
    rig = chord_rig()
    press(rig, 60, 64, 67)
    rig.play(0.8)
    do(rig, SetTranspose, None, 5)
    rig.play(1.5)
    told = harmony(rig)
    assert told is not None
    for row in told.table()[STRONG]:
        assert {(tone + 5) % 12 for tone in range(12) if row[tone]} == {0, 4, 7}


def test_its_channel_plays_nothing_else_and_the_others_no_chords() -> None:
    rig = chord_rig()
    press(rig, 60, 64, 67, channel=0)
    rig.play(0.6)
    assert harmony(rig) is None
    press(rig, 60, 64, 67)
    rig.play(0.6)
    assert harmony(rig) is not None
    heard = rig.sequencer.gestures.buffer.tuples(1 / 24, rig.time.value)
    assert set(heard[:, :3].ravel().tolist()) >= {60}
    rig.inbox.put(Panic(at=rig.time.value))
    rig.play(1.0)
    assert harmony(rig) is None


def test_another_channel_lets_the_chord_go_and_what_cant_be_is_a_line() -> None:
    rig = chord_rig()
    press(rig, 60, 64, 67)
    rig.play(0.6)
    assert do(rig, SetChords, None)["ok"]
    rig.play(1.0)
    assert harmony(rig) is None
    assert "channel 10" in do(rig, SetChords, 9)["error"]
    assert "takes no chords" in do(Rig(decoder=DrawnDecoder()), SetChords, 0)["error"]


class Hand:
    """A hand on the keys of the channel."""

    def __init__(self) -> None:
        self.chords = Chords(lambda chord, _: self.names.append(str(chord or "")))
        self.names: list[str] = []
        self.now = 0.0
        self.chords.listen(CHANNEL, 0.0)

    def down(self, *notes: int) -> None:
        for note in notes:
            self.chords.receive("keys", (0x90 | CHANNEL, note, 80), self.now)

    def up(self, *notes: int) -> None:
        for note in notes:
            self.chords.receive("keys", (0x80 | CHANNEL, note, 0), self.now)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.chords.tick(self.now)


def test_between_two_chords_the_first_one_stays() -> None:
    hand = Hand()
    hand.down(60, 64, 67)
    hand.wait(1.0)
    hand.up(64)
    hand.wait(UNEVEN / 2)
    hand.up(60, 67)
    hand.wait(BETWEEN / 2)
    assert hand.names[-1] == "C"
    hand.down(65, 69, 72)
    assert hand.names[-1] == "F"
    hand.up(72)
    hand.wait(UNEVEN)
    assert hand.names[-1] == "F A"
    hand.up(65, 69)
    hand.wait(BETWEEN)
    assert hand.names[-1] == ""


def test_a_key_whose_end_was_lost_is_in_no_later_chord_but_one_that_is_held_stays() -> None:
    hand = Hand()
    hand.down(61)
    hand.wait(40.0)
    assert hand.names[-1] == "C#"
    hand.down(60, 64, 67)
    assert hand.names[-1] == "C"


@pytest.mark.parametrize("root", range(12))
def test_every_shape_is_known_in_every_inversion_but_where_two_are_the_same(root: int) -> None:
    for shape, name in SHAPES.items():
        notes = [60 + root + step for step in shape]
        chord = Chord.of(notes)
        assert chord is not None
        assert str(chord) == ROOTS[root] + name
        assert set(chord.tones) <= set(chord.scale())
        assert len(chord.scale()) in (7, 8)
    assert str(Chord.of([64 + root, 67 + root, 72 + root])) == ROOTS[root]
    assert Chord.of([]) is None


def test_the_scale_is_the_one_of_the_chords_before() -> None:
    before = [c for notes in ((60, 64, 67), (67, 71, 74)) if (c := Chord.of(notes))]
    minor = Chord.of([62, 65, 69])
    assert minor is not None
    assert minor.scale(before) == (0, 2, 4, 5, 7, 9, 11)
    assert minor.scale() == (0, 2, 4, 5, 7, 9, 10)
    assert set(DEGREES) == {"major", "harmonic"}
    assert 9 not in CHORD_CHANNELS
