"""Somebody plays a voice: it is what they play, and the others go on from each of their notes."""

from __future__ import annotations

import random

import pytest

from nesvae_live.control.gestureinputs import GiveVoice, SetKeysReturn, SetKeysSplit, SetTranspose
from nesvae_live.control.inputs import MidiIn, Panic, SetKnob
from nesvae_live.engine.live.config import LOOKAHEAD
from nesvae_live.latent.given import UNKNOWN, Source
from nesvae_live.log.entries import Spliced
from nesvae_live.model.song.songconfig import YOURS
from nesvae_live.music.events import NoteOff, NoteOn
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import VOICES, Voice
from tests.support.remembering import RememberingDecoder
from tests.support.rig import Rig, check_events, do, sounding, turn
from tests.support.rig import Source as Daw

BEAT = 0.5


def keys_rig(*voices: Voice, **options: object) -> Rig:
    rig = Rig(decoder=RememberingDecoder(), seed=3, **options)  # type: ignore[arg-type]
    rig.play(3.0)
    for voice in voices:
        assert do(rig, GiveVoice, voice, Source.KEYS)["ok"]
    rig.play(1.0)
    return rig


def key(rig: Rig, note: int, velocity: int = 90, channel: int = 0) -> None:
    rig.inbox.put(MidiIn("keys", (0x90 | channel, note, velocity), rig.time.value))


def heard(rig: Rig, voice: Voice, since: float = 0.0) -> list[tuple[float, int]]:
    """When a voice had which note, 0 for silence."""
    return [
        (at, event.note if isinstance(event, NoteOn) else 0)
        for at, event in rig.output.sent
        if event.voice is voice and isinstance(event, NoteOn | NoteOff) and at >= since
    ]


def starts(rig: Rig) -> list[object]:
    return [s.given for s in rig.decoder.starts]  # type: ignore[attr-defined]


def test_until_the_first_key_the_network_plays_it() -> None:
    rig = keys_rig(Voice.P1)
    rig.play(4.0)
    assert not any(given is not None for given in starts(rig))
    assert len(heard(rig, Voice.P1, 4.0)) > 4
    assert not rig.sequencer.counters.splices


@pytest.mark.parametrize("voice", [Voice.P1, Voice.TR])
def test_a_key_sounds_a_lookahead_later_for_as_long_as_it_is_down(voice: Voice) -> None:
    rig = keys_rig(voice)
    began = rig.time.value
    key(rig, 65)
    rig.play(0.305)
    key(rig, 65, 0)
    rig.play(0.5)
    (on, _, note), *rest = [(at, at - began, n) for at, n in heard(rig, voice, began) if n == 65]
    assert note == 65
    assert on == pytest.approx(began + LOOKAHEAD, abs=1e-6)
    assert not rest
    ends = [at for at, n in heard(rig, voice, on + 1e-6) if n == 0]
    assert ends[0] == pytest.approx(began + 0.305 + LOOKAHEAD, abs=1e-6)
    assert all(n == 0 for at, n in heard(rig, voice, ends[0]))


def test_the_others_go_on_from_each_note_and_know_not_for_how_long_it_stays() -> None:
    rig = keys_rig(Voice.P1)
    for note in (60, 67, 64):
        tails = rig.sequencer.counters.splices
        began = rig.time.value
        key(rig, note)
        rig.play(0.4)
        assert rig.sequencer.counters.splices > tails
        cut = [e for e in rig.journal.entries if isinstance(e, Spliced)][-1]
        assert rig.clock.ref.time_of(cut.beat) - began < 0.25
        track = starts(rig)[-1]
        assert set(track[:, 0]) == {note - VOICES[0].lowest + 1}  # type: ignore[index]
        assert track[0, 1:4].tolist() == [*YOURS[1:], UNKNOWN]  # type: ignore[index]
        assert sounding(rig.output.sent)[Voice.P1] == note
    assert rig.sequencer.counters.decodes_missed == 0


def test_after_a_pause_the_voice_is_the_networks_again_and_then_the_players_once_more() -> None:
    rig = keys_rig(Voice.P1)
    assert do(rig, SetKeysReturn, 2.0)["ok"]
    key(rig, 70)
    rig.play(0.3)
    key(rig, 70, 0)
    let_go = rig.time.value
    rig.play(6.0)
    notes = [(at, n) for at, n in heard(rig, Voice.P1, let_go) if n]
    assert notes[0][0] >= let_go + 2.0 * BEAT
    assert notes[0][0] < let_go + 2.0 * BEAT + 2.0
    assert starts(rig)[-1] is None
    key(rig, 71)
    rig.play(0.5)
    assert sounding(rig.output.sent)[Voice.P1] == 71


def test_it_stays_theirs_if_they_say_so() -> None:
    rig = keys_rig(Voice.P1)
    assert do(rig, SetKeysReturn, None)["ok"]
    key(rig, 70)
    rig.play(0.3)
    key(rig, 70, 0)
    rig.play(8.0)
    after = [n for at, n in heard(rig, Voice.P1, rig.time.value - 7.0) if n]
    assert not after
    assert starts(rig)[-1] is not None


@pytest.mark.parametrize("swap", [Swap.BAR, Swap.BEAT])
def test_a_knob_waits_for_its_line_while_keys_are_heard_at_once(swap: Swap) -> None:
    rig = keys_rig(Voice.P1, swap=swap)
    while rig.clock.ref.beat_at(rig.time.value) % 4 > 0.1:
        rig.play(0.005)
    rig.play(0.1)
    turn(rig, style1=0.9)
    began = rig.time.value
    key(rig, 66)
    rig.play(0.4)
    first = next(e for e in rig.journal.entries if isinstance(e, Spliced) and e.at >= began)
    assert rig.clock.ref.time_of(first.beat) - began < 0.25
    assert first.z[8] != pytest.approx(rig.live.condition.z[8]), "the knob is not in it"
    rig.play(3.0)
    placed = rig.sequencer.player.playing.placed
    assert placed is not None
    assert placed.asked is not None
    assert placed.asked.z[8] == pytest.approx(rig.live.condition.z[8])


def test_two_voices_on_one_keyboard_are_split_where_one_says() -> None:
    rig = keys_rig(Voice.P1, Voice.TR)
    assert do(rig, SetKeysSplit, 50)["ok"]
    key(rig, 55)
    key(rig, 45)
    rig.play(0.3)
    assert sounding(rig.output.sent)[Voice.P1] == 55
    assert sounding(rig.output.sent)[Voice.TR] == 45
    assert "split" in do(rig, SetKeysSplit, 5)["error"]
    assert "beats" in do(rig, SetKeysReturn, 1000.0)["error"]


def test_given_to_another_while_a_key_is_down_it_is_let_go() -> None:
    rig = keys_rig(Voice.P2)
    key(rig, 60)
    rig.play(0.5)
    assert do(rig, GiveVoice, Voice.P2, Source.HELD)["ok"]
    rig.play(3.0)
    assert starts(rig)[-1] is not None
    assert do(rig, GiveVoice, Voice.P2, Source.MODEL)["ok"]
    rig.play(3.0)
    assert starts(rig)[-1] is None
    check_events(rig.output.sent, ended=False)


def test_what_is_played_is_transposed_like_all_that_is_written() -> None:
    rig = keys_rig(Voice.P1)
    do(rig, SetTranspose, Voice.P1, 5)
    key(rig, 60)
    rig.play(0.3)
    assert sounding(rig.output.sent)[Voice.P1] == 65


def test_where_the_clock_stands_nothing_sounds_and_what_is_down_sounds_with_it() -> None:
    rig = Rig(decoder=RememberingDecoder(), seed=3, midi=True)
    daw = Daw(rig)
    daw.start()
    daw.run(3.0)
    assert do(rig, GiveVoice, Voice.P1, Source.KEYS)["ok"]
    daw.stop()
    daw.run(0.5)
    stands = rig.time.value
    for note in range(60, 70):
        key(rig, note)
        daw.run(0.05)
        if note < 69:
            key(rig, note, 0)
    daw.run(0.5)
    assert not [e for at, e in rig.output.sent if at > stands and isinstance(e, NoteOn)]
    daw.go_on()
    daw.run(1.0)
    assert sounding(rig.output.sent)[Voice.P1] == 69
    check_events(rig.output.sent, ended=False)


def test_nothing_hangs_whatever_a_player_does() -> None:
    draw = random.Random(7)
    rig = keys_rig(Voice.P1, Voice.TR)
    for _ in range(400):
        for _ in range(draw.choice([1, 1, 2, 30])):
            status = draw.choice([0x90, 0x90, 0x80, 0xB0, 0xE0]) | draw.choice([0, 0, 2, 5, 9])
            first = (
                draw.choice([64, 64, 120, 123])
                if status & 0xF0 == 0xB0
                else 50 + draw.randrange(20)
            )
            data = (status, first, draw.choice([0, 90]))
            rig.inbox.put(MidiIn(draw.choice(["keys", "pads"]), data, rig.time.value))
        if draw.random() < 0.05:
            rig.inbox.put(Panic(at=rig.time.value))
        if draw.random() < 0.1:
            rig.inbox.put(SetKnob("density", draw.random(), at=rig.time.value))
        rig.play(draw.choice([0.005, 0.02, 0.1]))
    check_events(rig.output.sent, ended=False)
    rig.play(40.0)  # what is stuck is let go, and after a pause the network plays on
    assert starts(rig)[-1] is None
    late = [n for _, n in heard(rig, Voice.P1, rig.time.value - 4.0) if n]
    assert late
    check_events(rig.output.sent, ended=False)
    assert rig.sequencer.counters.events_late == 0
