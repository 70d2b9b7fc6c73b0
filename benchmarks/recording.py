"""What recording costs live: lateness and underruns with the recorder and without, by turns.

    python -m benchmarks.recording --rounds 4 --seconds 10

The engine with the shipped checkpoint, the MIDI sender and the renderer play in real time, 100 knobs
a second are turned, and a device that is only a clock reads blocks of 256 frames. With recording the
journal is the recorder, on a disk; without it, nothing is kept.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import numpy.typing as npt

from nesvae_live.chip.apu import Apu
from nesvae_live.clock.hosttime import PerfTime
from nesvae_live.control.inputs import SetKnob
from nesvae_live.engine.engine import Engine
from nesvae_live.engine.live.config import ClockSetup, PlayConfig, Setup
from nesvae_live.engine.phrases.request import Item
from nesvae_live.io.audio.renderer import Renderer
from nesvae_live.io.midi.sender import DeadlineSender
from nesvae_live.latent.decoding import SAMPLING
from nesvae_live.log.entries import Entry, Journal, Opened
from nesvae_live.model.song.songcheckpoint import load_song_checkpoint
from nesvae_live.model.song.songcritic import SongCritic, make_decoder
from nesvae_live.music.events import Event
from nesvae_live.paths import find_checkpoint
from nesvae_live.presets.preset import load_preset
from nesvae_live.take.recorder import Recorder

RATE, BLOCK = 48_000, 256
KNOBS = ("density", "register", "polyphony", "motion")


class Nothing:
    """A journal, and a tap, that keep nothing."""

    def put(self, entry: Entry) -> None:
        """Forget it."""

    def tap(self, samples: npt.NDArray[np.int16]) -> None:
        """Forget them."""


class Clockwork:
    """A device that reads its rings by the clock."""

    def __init__(self) -> None:
        self.rings = (np.zeros(16_384, np.float32), np.zeros(16_384, np.float32))
        self._began = time.perf_counter()

    block_ahead = 0

    def frames_played(self) -> int:
        """Whole blocks until now."""
        return int((time.perf_counter() - self._began) * RATE / BLOCK) * BLOCK


def play(seconds: float, critic: SongCritic, recorded: bool, folder: Path) -> str:
    """One round; its figures."""
    clock, inbox = PerfTime(), SimpleQueue[Item]()
    preset = load_preset()
    journal: Journal = Nothing()
    tap = Nothing().tap
    recorder = Recorder(folder, RATE, time=clock, warn=print, makers={})
    if recorded:
        recorder.start(datetime.now().astimezone())
        journal, tap = recorder, recorder.tap

    def transmit(event: Event) -> None:
        del event

    sender = DeadlineSender(transmit, lambda _: None, clock)
    renderer = Renderer(Apu(RATE), clock, journal, tap, Clockwork())
    checkpoint = load_song_checkpoint(find_checkpoint())
    style = np.zeros(checkpoint.config.style, np.float32)
    engine = Engine(
        Setup(
            PlayConfig(
                style,
                checkpoint.quantiles.reach(),
                seed=1,
                sampling=SAMPLING,
                patches=preset.voice_patches(()),
            ),
            preset.layout,
            clock=ClockSetup(140.0),
        ),
        decoder=critic,
        time=clock,
        inbox=inbox,
        outputs=[sender, renderer],
        journal=journal,
    )
    engine.prepare()
    at = round(clock.now() + 0.5, 6)
    journal.put(Opened(at, "", 140.0, "4/4", 4.0, RATE, 1, "", "", "", {}, {}, at))
    sender.start()
    renderer.start(at)
    engine.start(at)
    rng = np.random.default_rng(1)
    end = at + seconds
    while clock.now() < end:
        time.sleep(0.01)
        inbox.put(SetKnob(KNOBS[int(rng.integers(4))], float(rng.random()), at=clock.now()))
    engine.stop("the round is over")
    renderer.stop()
    sender.stop()
    recorder.close()
    late, counters = sender.lateness(), engine.sequencer.counters
    return (
        f"{'on ' if recorded else 'off'}  sent {late.sent}, late p50 {late.p50 * 1e3:.2f} ms, "
        f"p99 {late.p99 * 1e3:.2f}, worst {late.worst * 1e3:.2f}; decided late "
        f"{counters.events_late}, sounded late {renderer.counters.late}, underruns "
        f"{renderer.counters.underruns}, decodes missed {counters.decodes_missed}"
    )


def main() -> None:
    """Rounds by turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=10.0)
    arguments = parser.parse_args()
    sys.setswitchinterval(0.0005)
    checkpoint = load_song_checkpoint(find_checkpoint())
    critic = make_decoder(checkpoint)
    with tempfile.TemporaryDirectory() as folder:
        for n in range(2 * arguments.rounds):
            print(play(arguments.seconds, critic, n % 2 == 0, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
