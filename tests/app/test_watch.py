"""What is lost and comes back, with parts that are made up: every line is said once."""

from __future__ import annotations

from typing import cast

import pytest

from nesvae_live.app.notices import Notices
from nesvae_live.app.watch import ConnectionWatch
from nesvae_live.io.audio.device import AudioDevice
from nesvae_live.io.midi.openports import MidiPorts
from nesvae_live.log.entries import Noted
from tests.support.fakes import ListJournal, ManualTime

GONE = "the JACK server went away"


class Part:
    """A sound device, or ports, that can be lost."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.recovered = 0
        self.tended = 0

    def lost(self) -> str | None:
        return self.reason

    def recover(self) -> None:
        self.recovered += 1

    def tend(self) -> list[str]:
        self.tended += 1
        return []


class Scene:
    """Both parts, and what was said of them."""

    def __init__(self) -> None:
        self.sound, self.midi = Part(), Part()
        self.journal = ListJournal()
        notices = Notices(ManualTime())
        notices.journal = self.journal
        self.connections = ConnectionWatch(
            cast("AudioDevice", self.sound), cast("MidiPorts", self.midi), notices
        )

    def look(self, times: int = 1) -> list[str]:
        """Look so often; what was said."""
        before = len(self.journal.entries)
        for _ in range(times):
            self.connections.poll()
        return [e.text for e in self.journal.entries[before:] if isinstance(e, Noted)]


def test_what_one_cause_took_is_one_line_though_it_is_noticed_at_two_times() -> None:
    scene = Scene()
    scene.midi.reason = GONE
    assert scene.look() == []
    scene.sound.reason = GONE
    assert scene.look(2) == [f"{GONE}: the take goes on, without sound or MIDI"]
    assert not scene.connections.has_midi


def test_each_part_that_is_back_is_said_and_a_second_loss_is_said_again() -> None:
    scene = Scene()
    for _ in range(2):
        scene.sound.reason = scene.midi.reason = GONE
        assert len(scene.look(3)) == 1
        scene.sound.reason = scene.midi.reason = None
        assert scene.look(3) == ["the sound is back", "MIDI is back"]
    assert scene.connections.has_midi
    assert scene.sound.recovered >= 2
    assert scene.midi.recovered >= 2


def test_another_reason_while_it_is_lost_is_said_once() -> None:
    scene = Scene()
    scene.sound.reason = GONE
    scene.look(2)
    scene.sound.reason = "another program has the device"
    assert scene.look(5) == ["another program has the device: there is no sound"]


def test_ports_are_tended_while_they_are_there() -> None:
    scene = Scene()
    scene.look(3)
    assert scene.midi.tended == 3
    scene.midi.reason = GONE
    scene.look(3)
    assert scene.midi.tended == 3


def test_what_is_said_stands_on_the_terminal_and_a_warning_only_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    notices = Notices(ManualTime())
    for _ in range(2):
        notices.warn("the disk is full")  # with no log yet
        notices.say("hello")
    assert capsys.readouterr().err == (
        "nesvae-live: the disk is full\nnesvae-live: hello\nnesvae-live: hello\n"
    )
