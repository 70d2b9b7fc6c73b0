"""Events through a real JACK server leave at their frame, and a killed process comes back."""

from __future__ import annotations

import os
import signal
from queue import SimpleQueue

import pytest

from nesvae_live.bench.listener import NOTES, Listener
from nesvae_live.control.inputs import MidiIn
from nesvae_live.io.midi.framesender import FrameSender
from nesvae_live.io.midi.jackports import JackSlot
from nesvae_live.io.midi.opening import open_midi
from nesvae_live.music.events import NoteOff, NoteOn
from nesvae_live.music.voices import Voice
from tests.support.fakes import RealTime
from tests.support.jack import JackServer
from tests.support.notes import notes_on
from tests.support.probe import JackProbe
from tests.support.waiting import wait_until


@pytest.mark.jack
def test_notes_lie_on_the_frames_of_their_times(jack_server: JackServer) -> None:
    time = RealTime()
    with (
        open_midi("jack", [], None, inbox=SimpleQueue(), time=time, warn=print) as ports,
        Listener() as listener,
    ):
        assert isinstance(ports.output, FrameSender)
        listener.connect(NOTES, "nesvae_live_out")
        start, step = time.now() + 0.2, 0.0123
        for i in range(60):
            ports.output.send(NoteOn(Voice.P1, 40 + i), start + i * step)
            ports.output.send(NoteOff(Voice.P1, 40 + i), start + (i + 0.5) * step)
        output = ports.output
        assert wait_until(lambda: output.lateness().sent == 120)
        caught, _ = listener.collect()
    struck = [item for item in caught if item.data[0] == 0x90]
    assert [item.data[1] for item in struck] == list(range(40, 100))
    # By JACK's own line, which swings about the host's clock for seconds where a server was held up.
    off = sorted(abs(item.frames_behind(start + i * step)) for i, item in enumerate(struck))
    assert off[len(off) // 2] == 0


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
