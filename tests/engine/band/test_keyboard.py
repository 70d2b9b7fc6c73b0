"""Keyboards as they come: which note of which voice they play."""

from __future__ import annotations

from nesvae_live.engine.band.hands import Hands, Played
from nesvae_live.engine.band.keyboard import Keyboard
from nesvae_live.engine.band.moment import Moment
from nesvae_live.music.capture import STUCK_SECONDS
from nesvae_live.music.voices import Voice

SPLIT = 60


class Played88:
    """A keyboard under a test's fingers."""

    def __init__(self, *voices: Voice) -> None:
        self.keyboard = Keyboard()
        self.keyboard.play(voices)
        self.now = 0.0

    def send(self, *data: int, port: str = "keys") -> None:
        self.now += 0.1
        self.keyboard.receive(port, data, self.now, SPLIT)

    def on(self, note: int, channel: int = 0, port: str = "keys") -> None:
        self.send(0x90 | channel, note, 90, port=port)

    def off(self, note: int, channel: int = 0, port: str = "keys") -> None:
        self.send(0x80 | channel, note, 0, port=port)

    @property
    def notes(self) -> dict[Voice, int]:
        return dict(self.keyboard.notes)


def test_the_last_key_counts_and_the_one_before_it_comes_back() -> None:
    keys = Played88(Voice.P1)
    keys.on(60)
    keys.on(64)
    assert keys.notes == {Voice.P1: 64}
    keys.off(64)
    assert keys.notes == {Voice.P1: 60}
    keys.send(0x90, 60, 0)
    assert keys.notes == {}


def test_one_voice_is_played_on_every_channel_but_the_drums() -> None:
    keys = Played88(Voice.TR)
    for channel in (0, 5, 15):
        keys.on(40, channel)
        assert keys.notes == {Voice.TR: 40}
        keys.off(40, channel)
    keys.on(40, 9)
    assert keys.notes == {}


def test_two_keyboards_have_a_voice_each_whatever_their_keys() -> None:
    keys = Played88(Voice.P1, Voice.TR)
    keys.on(72, 0)
    keys.on(76, 2)
    assert keys.notes[Voice.TR] == 76
    keys.on(30, 0)
    assert keys.notes == {Voice.P1: 42, Voice.TR: 76}, "in its range, by octaves"


def test_one_keyboard_is_split() -> None:
    keys = Played88(Voice.P1, Voice.TR)
    keys.on(72)
    keys.on(40)
    assert keys.notes == {Voice.P1: 72, Voice.TR: 40}
    keys.off(40)
    keys.on(59)
    keys.on(60)
    assert keys.notes == {Voice.P1: 60, Voice.TR: 59}


def test_an_mpe_keyboard_is_one_too() -> None:
    keys = Played88(Voice.P1, Voice.P2)
    for channel in range(1, 5):
        keys.on(70, channel)
        keys.off(70, channel)
    keys.on(72, 1)
    keys.on(50, 2)
    assert keys.notes == {Voice.P1: 72, Voice.P2: 50}


def test_the_pedal_holds_a_note_until_the_next_one() -> None:
    keys = Played88(Voice.P1)
    keys.send(0xB0, 64, 127)
    keys.on(60)
    keys.off(60)
    assert keys.notes == {Voice.P1: 60}
    keys.on(62)
    keys.off(62)
    assert keys.notes == {Voice.P1: 62}
    keys.send(0xB0, 64, 0)
    assert keys.notes == {}


def test_keys_that_are_stuck_are_let_go() -> None:
    keys = Played88(Voice.P1)
    keys.on(60)
    assert not keys.keyboard.tick(keys.now + STUCK_SECONDS - 1)
    assert keys.keyboard.tick(keys.now + STUCK_SECONDS + 1)
    assert keys.notes == {}


def test_all_notes_off_ends_those_of_its_port_and_channel() -> None:
    keys = Played88(Voice.P1)
    keys.on(60, 0)
    keys.on(62, 1)
    keys.on(64, 0, "another")
    keys.send(0xB0, 123, 0)
    assert keys.notes == {Voice.P1: 64}
    keys.send(0xB0, 120, 0, port="another")
    assert keys.notes == {Voice.P1: 62}


def test_what_belongs_to_nobody_any_more_is_let_go_and_garbage_is_ignored() -> None:
    keys = Played88(Voice.P1, Voice.TR)
    keys.on(72)
    keys.on(40)
    keys.keyboard.play([Voice.P1])
    assert keys.notes == {Voice.P1: 72}
    for garbage in ((), (0x90,), (0x90, 60), (0x90, 200, 1), (0xF0, 1, 2), (0xE0, 1, 2)):
        keys.send(*garbage)
    assert keys.notes == {Voice.P1: 72}
    keys.keyboard.clear()
    assert keys.notes == {}


def line(at: float) -> float:
    return at * 2


def test_hands_lie_over_what_was_written_each_in_its_time() -> None:
    hands = Hands()
    written = [Moment(1.0, (60, 50, 40)), Moment(2.0, (61, 51, 41))]
    assert hands.over(written, 2.0, 0.0, line) == written
    hands.play(Played(1.25, Voice.P1, 80))
    hands.play(Played(1.75, Voice.P1, 0))
    hands.play(Played(2.5, Voice.P1, None))
    found = hands.over([Moment(3.0, (62, 52, 42))], 4.0, 2.0, line)
    assert [(m.beat, m.notes) for m in found] == [
        (2.5, (80, 51, 41)),
        (3.0, (80, 52, 42)),
        (3.5, (0, 52, 42)),
    ]
    assert [(m.beat, m.notes) for m in hands.over([], 6.0, 4.5, line)] == [(5.0, (62, 52, 42))]


def test_a_hand_that_comes_late_plays_on_the_first_beat_that_is_left() -> None:
    hands = Hands()
    hands.play(Played(1.0, Voice.TR, 30))
    assert [(m.beat, m.notes) for m in hands.over([], 5.0, 4.0, line)] == [(4.0, (0, 0, 30))]
