"""A JACK client that gives back sound and MIDI later, by as many frames as one says.

As a synth it answers a note with a sound, after as many frames as MIDI is delayed.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

import numpy as np

CLIENT = "delay"


@contextmanager
def delay_line(
    audio: int, midi: int, *, gain: float = 1.0, noise: float = 0.0, synth: bool = False
) -> Iterator[None]:
    """Delay sound and MIDI, in a process of its own; `noise` is added, as by a cable."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(
        target=_run, args=(theirs, audio, midi, gain, noise, synth), daemon=True
    )
    process.start()
    theirs.close()
    try:
        assert ours.recv(), "it is there"
        yield
    finally:
        ours.close()
        process.join(10)
        process.kill()


def _run(pipe: Connection, audio: int, midi: int, gain: float, noise: float, synth: bool) -> None:
    import jack

    client = jack.Client(CLIENT, no_start_server=True)
    audio_in, audio_out = client.inports.register("in"), client.outports.register("out")
    midi_in = client.midi_inports.register("midi_in")
    midi_out = client.midi_outports.register("midi_out")
    held = np.zeros(audio, np.float32)
    events: list[tuple[int, bytes]] = []
    draw = np.random.default_rng(3)

    def process(frames: int) -> None:
        nonlocal held
        held = np.concatenate([held, audio_in.get_array()])
        hum = noise * draw.standard_normal(frames).astype(np.float32)
        audio_out.get_array()[:] = gain * held[:frames] + hum
        held = held[frames:]
        start = client.last_frame_time
        for offset, data in midi_in.incoming_midi_events():
            events.append((start + offset + midi, bytes(data)))
        midi_out.clear_buffer()
        while events and events[0][0] < start + frames:
            at, data = events.pop(0)
            offset = max(at - start, 0)
            if not synth:
                midi_out.write_midi_event(offset, data)
            elif data[0] & 0xF0 == 0x90:
                audio_out.get_array()[offset : offset + 200] += 0.2

    client.set_process_callback(process)
    client.activate()
    pipe.send(True)
    try:
        pipe.recv()
    except EOFError:
        client.close()
