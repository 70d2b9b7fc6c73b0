"""`jam replay --live`: plays a take again to real ports, in its own time."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO

from nesvae_live.app.options import BLOCK_FRAMES
from nesvae_live.app.say import Say
from nesvae_live.chip.apu import Apu
from nesvae_live.clock.hosttime import Time
from nesvae_live.engine.live.config import LOOKAHEAD
from nesvae_live.engine.live.protocols import Output
from nesvae_live.engine.outputs import DelayedOutput
from nesvae_live.io.audio.mixer import Mixer
from nesvae_live.io.audio.opening import open_audio
from nesvae_live.io.audio.renderer import Renderer
from nesvae_live.io.midi.opening import open_midi
from nesvae_live.log.entries import Entry, Opened
from nesvae_live.log.reader import JamError, line_to_opened
from nesvae_live.take.replay import Replay, ReplayError
from nesvae_live.take.replayfiles import Count, read_entries

COUNT_IN_SECONDS = 0.5
"""From the open ports to beat 0, as in `play`."""


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """Which ports and which sound device, as the options of `play` name them."""

    midi_api: str = "auto"
    midi_out: str | None = None
    audio: str = "auto"
    audio_device: str | None = None


class NoJournal:
    """A journal that keeps nothing."""

    def put(self, entry: Entry) -> None:
        """Drop the entry."""


def replay_live(
    log: Path,
    options: LiveOptions,
    time: Time,
    *,
    warn: Say,
    count: Count = lambda _: None,
    stopping: threading.Event | None = None,
) -> tuple[str, ...]:
    """Play a log again to ports; every note has ended when it returns.

    Args:
        log: the file.
        options: which ports and device.
        time: the clock of the ports.
        warn: told, a line each, what is amiss with the ports.
        count: told how many bytes of the log have been read.
        stopping: ends the replay when it is set.

    Returns:
        What is amiss with the log, a line each.

    Raises:
        JamError, ReplayError: the log can't be played again.
        MidiError, AudioError: what was asked for can't be had.
    """
    stopping = stopping or threading.Event()
    faults: list[str] = []
    with ExitStack() as stack:
        try:
            lines = stack.enter_context(log.open("rb"))
            opened = line_to_opened(lines.readline())
        except OSError as error:
            raise ReplayError(f"{log}: {error.strerror or error}") from None
        except JamError as error:
            raise JamError(f"{log}: {error}") from None
        midi = stack.enter_context(
            open_midi(
                options.midi_api,
                (),
                options.midi_out,
                inbox=SimpleQueue(),
                time=time,
                warn=warn,
                dialect=opened.dialect,
            )
        )
        device = open_audio(
            options.audio,
            options.audio_device,
            sample_rate=opened.sample_rate,
            block_frames=BLOCK_FRAMES,
            time=time,
            warn=warn,
        )
        outputs: list[Output] = [midi.output] if midi.output else []
        if device is not None:
            stack.callback(device.close)
            chip = Apu(device.sample_rate)
            chip.render(64)  # compiles it, before anything has to be on time
            mixer = Mixer(device.sample_rate, len(device.rings))
            renderer = Renderer(chip, time, NoJournal(), lambda _: None, device, mixer=mixer)
            outputs.append(renderer)
            stack.callback(renderer.stop)
        start = time.now() + COUNT_IN_SECONDS
        if device is not None:
            renderer.start(start)
        _play(lines, opened, outputs, start, time, stopping, faults, count)
        midi.silence()
    return tuple(faults)


def _play(
    lines: BinaryIO,
    opened: Opened,
    outputs: Sequence[Output],
    start: float,
    time: Time,
    stopping: threading.Event,
    faults: list[str],
    count: Count,
) -> None:
    """Play the entries of a log so that its beat 0 falls at `start`, in seconds of `time`."""
    shift = start - opened.origin

    def wait(stamp: float) -> None:
        while (left := stamp + shift - spare - time.now()) > 0 and not stopping.wait(
            min(left, 0.1)
        ):
            continue

    replay = Replay(
        opened,
        NoJournal(),
        outputs=tuple(DelayedOutput(output, shift) for output in outputs),
        pace=wait,
    )
    # What was decided later than the outputs here want it is decided earlier.
    spare = max(0.0, LOOKAHEAD - replay.sequencer.performance.lookahead)
    for entry in read_entries(lines, faults, count):
        if stopping.is_set():
            return
        replay.take(entry)
    replay.end()
    if replay.sequencer.done.is_set():
        wait(replay.sequencer.ended_at)
