"""Events through a real JACK server leave at their frame, and a killed process comes back."""

from __future__ import annotations

import os
import signal
from queue import SimpleQueue

import pytest

from nesvae_live.control.inputs import MidiIn
from nesvae_live.io.midi.framesender import FrameSender
from nesvae_live.io.midi.jackports import JackSlot
from nesvae_live.io.midi.opening import open_midi
from nesvae_live.music.events import NoteOff, NoteOn
from nesvae_live.music.voices import Voice
from tests.support.fakes import RealTime
from tests.support.jack import JackServer, own_server
from tests.support.notes import notes_on
from tests.support.probe import JackProbe
from tests.support.waiting import wait_until


@own_server
@pytest.mark.jack
def test_notes_lie_as_many_frames_apart_as_their_times_say(jack_server: JackServer) -> None:
    time = RealTime()
    with (
        open_midi("jack", [], None, inbox=SimpleQueue(), time=time, warn=print) as ports,
        JackProbe() as probe,
    ):
        assert isinstance(ports.output, FrameSender)
        probe.connect_midi_from("nesvae_live_out")
        start, step = time.now() + 0.2, 0.0123
        for i in range(60):
            ports.output.send(NoteOn(Voice.P1, 40 + i), start + i * step)
            ports.output.send(NoteOff(Voice.P1, 40 + i), start + (i + 0.5) * step)
        assert probe.wait_until(lambda: len(notes_on(probe.midi)) == 60)
        frames = [frame for frame, data in probe.midi if data[0] == 0x90]
    off = sorted(
        abs(frame - frames[0] - i * step * jack_server.sample_rate)
        for i, frame in enumerate(frames)
    )
    assert off[len(off) // 2] < 2.0  # JACK's own line is the host's clock, smoothed
    assert ports.output.lateness().sent == 120


@pytest.mark.jack
def test_a_process_that_is_killed_is_started_again_with_its_ports_and_cables(
    jack_server: JackServer,
) -> None:
    inbox: SimpleQueue[MidiIn] = SimpleQueue()
    with (
        open_midi("jack", [], None, inbox=inbox, time=RealTime(), warn=print) as ports,
        JackProbe() as probe,
    ):
        assert isinstance(ports.output, FrameSender)
        probe.connect_midi_from("nesvae_live_out")
        assert ports.tend() == []
        slot = ports.output._slot
        assert isinstance(slot, JackSlot)
        assert slot._host._process is not None
        os.kill(slot._host._process.pid, signal.SIGKILL)
        said: list[str] = []

        def told() -> bool:
            said.extend(ports.tend())
            return len(said) >= 2

        assert wait_until(told, every=0.1)
        assert "the JACK server threw 'nesvae_live out' out; it is open again" in said

        def heard() -> bool:
            ports.tend()
            assert ports.output is not None
            ports.output.send(NoteOn(Voice.P2, 60), 0.0)
            return bool(notes_on(probe.midi))

        assert wait_until(heard, every=0.1)
