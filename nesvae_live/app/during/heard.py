"""What makes the sound and takes the notes of a session, and what the engine tells of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from nesvae_live.app.during.again import Again
from nesvae_live.app.during.gate import Gate
from nesvae_live.app.during.recording import Recording
from nesvae_live.chip.apu import Apu
from nesvae_live.clock.hosttime import Time
from nesvae_live.control.reply import ignore
from nesvae_live.engine.live.protocols import Callbacks, Output
from nesvae_live.engine.outputs import DelayedOutput
from nesvae_live.io.audio.device import AudioDevice
from nesvae_live.io.audio.insert import Insert
from nesvae_live.io.audio.mixer import Mixer
from nesvae_live.io.audio.renderer import Renderer
from nesvae_live.io.midi.openports import MidiPorts
from nesvae_live.io.pace import Pace
from nesvae_live.io.realtime import DECIDING, ask_for_realtime
from nesvae_live.music.balance import Balance
from nesvae_live.panel.soundring import SoundRing
from nesvae_live.take.recorder import Recorder


@dataclass(frozen=True, slots=True)
class Heard:
    """The renderer and all outputs; `gate` stands before MIDI."""

    renderer: Renderer
    outputs: list[Output]
    insert: Insert
    gate: Gate | None

    @classmethod
    def open(
        cls,
        output: Output | None,
        device: AudioDevice | None,
        sample_rate: int,
        time: Time,
        pace: Pace,
        recorder: Recorder,
        balance: Balance,
        sound: SoundRing,
        *,
        offsets: tuple[float, float],
    ) -> Self:
        """Make it all; nothing sounds yet.

        Args:
            output: for the notes.
            device: for the sound.
            sample_rate: in Hz.
            time: the clock of both.
            pace: how far ahead things are done.
            recorder: takes every sample.
            sound: takes what is heard, for pages.
            balance: in which the voices are heard to begin with.
            offsets: of the notes and of the sound, in ms.
        """
        chip = Apu(sample_rate)
        chip.render(64)  # compiles it, before anything has to be on time
        insert = Insert(sample_rate)
        renderer = Renderer(
            chip,
            time,
            recorder,
            recorder.tap,
            device,
            mixer=Mixer(sample_rate, device.outputs if device else 2, balance),
            monitor=sound,
            insert=insert,
            lead_seconds=pace.lead,
            poll_seconds=pace.poll,
        )
        midi_ms, audio_ms = offsets
        outputs: list[Output] = [DelayedOutput(renderer, audio_ms / 1e3)]
        gate = None
        if output is not None:
            gate = Gate(DelayedOutput(output, midi_ms / 1e3))
            outputs.insert(0, gate)
        return cls(renderer, outputs, insert, gate)


def callbacks(
    heard: Heard,
    device: AudioDevice | None,
    midi: MidiPorts,
    recording: Recording,
    again: Again,
    axes: Mapping[str, str],
    said: Callable[[], tuple[int, str] | None],
) -> Callbacks:
    """Whom the engine of a session tells and asks.

    `axes` has the style axes' labels by their knobs, `said` gives the newest notice and its number.
    """
    mixer = heard.renderer.mixer

    def status() -> dict[str, Any]:
        counters = heard.renderer.counters
        return {
            "audio": device.api if device else "none",
            "audio_late": counters.late,
            "underruns": counters.underruns,
            "blocks_late": device.blocks_late if device else 0,
            "midi": midi.api,
            "midi_in": list(midi.inputs),
            "midi_late_ms": midi.lateness_ms(),
            "take": str(recording.folder),
            "axes": axes,
            "again": again.status,
            "said": said(),
        }

    return Callbacks(
        begin=partial(ask_for_realtime, DECIDING),
        show=midi.feedback.send if midi.feedback is not None else ignore,
        hear=mixer.set_balance,
        keep=recording.part_export.keep,
        status=status,
    )
