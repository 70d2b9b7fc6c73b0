"""One case of `bench audio`, in a process of its own: an engine, alone or under load.

The load is the whole instrument, playing as shipped (ports, sequencer, decoder, performer, drummer,
recorder), and beside it a decoder that never pauses. Its knobs are turned from outside (`bench.knobs`).
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nesvae_live.app.during.choices import load
from nesvae_live.app.options import PlayOptions
from nesvae_live.app.play import run
from nesvae_live.app.session import Session
from nesvae_live.chip.apu import Apu
from nesvae_live.clock.hosttime import PerfTime
from nesvae_live.control.inputs import SetKnob
from nesvae_live.engine.phrases.inference import Inference
from nesvae_live.engine.phrases.request import Result
from nesvae_live.io.audio.device import AudioDevice
from nesvae_live.io.audio.opening import open_audio
from nesvae_live.io.audio.probe import probe, quiet
from nesvae_live.io.audio.renderer import Renderer
from nesvae_live.log.entries import Entry
from nesvae_live.model.song.songcheckpoint import load_song_checkpoint
from nesvae_live.model.song.songcritic import make_decoder
from nesvae_live.music.drums import NOISE_KNOB
from nesvae_live.music.events import NoteOff, NoteOn
from nesvae_live.music.voices import Voice
from nesvae_live.paths import find_checkpoint
from nesvae_live.presets.preset import load_preset

ENGINES = ("empty", "osc", "chip")
READY, BEGINS = "ready", "begins"
SETTLE_SECONDS = 1.0
"""How long everything settles before it is measured."""


@dataclass(frozen=True, slots=True)
class Case:
    """What plays (one of `ENGINES`), whether under load, and for how many seconds."""

    engine: str
    loaded: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a case: `cpu` in cores, of all its processes; the others are counts.

    `blocks_late` blocks were asked for more than a block late; `underruns` are the ring's.
    """

    blocks: int = 0
    blocks_late: int = 0
    underruns: int = 0
    slips: int = 0
    events_late: int = 0
    decodes: int = 0
    inputs: int = 0
    cpu: float = 0.0

    def since(self, earlier: Figures, seconds: float) -> Figures:
        """The difference from `earlier` figures; `cpu` becomes a share of `seconds`."""
        now, then = asdict(self), asdict(earlier)
        return Figures(
            **{name: now[name] - then[name] for name in now if name != "cpu"}
            | {"cpu": round((self.cpu - earlier.cpu) / seconds, 4)}
        )


Read = Callable[[], Figures]


def main(argument: str) -> None:
    """Run the case, a JSON object; prints `READY`, then `BEGINS`, then its figures."""
    case = Case(**json.loads(argument))
    if case.loaded:
        _run_loaded(case)
        return
    with _chip() if case.engine == "chip" else _others(case.engine) as read:
        _measure(read, case.seconds)


def _measure(read: Read, seconds: float) -> None:
    print(READY, flush=True)
    time.sleep(SETTLE_SECONDS)
    print(BEGINS, flush=True)
    earlier, began = read(), time.perf_counter()
    time.sleep(seconds)
    figures = read().since(earlier, time.perf_counter() - began)
    print(json.dumps(asdict(figures)), flush=True)


@contextmanager
def _others(engine: str) -> Iterator[Read]:
    """Run nothing, or pyo's tables; yields how to read the figures."""
    osc = Osc() if engine == "osc" else None
    yield lambda: Figures(
        blocks=osc.blocks if osc else 0,
        blocks_late=osc.blocks_late if osc else 0,
        cpu=time.process_time(),
    )


@contextmanager
def _chip() -> Iterator[Read]:
    """Run only the chip's renderer and its device, with four voices at ten notes a second."""
    clock = PerfTime()
    device = open_audio("jack", None, sample_rate=1, block_frames=1, time=clock, warn=print)
    assert device is not None  # it was asked for by name
    chip = Apu(device.sample_rate)
    renderer = Renderer(chip, clock, _NoJournal(), lambda _samples: None, device)
    start = clock.now() + 0.5
    notes = {Voice.P1: (60, 67), Voice.P2: (52, 64), Voice.TR: (40, 47), Voice.NO: (3, 9)}
    for tenth in range(3600):
        at = start + tenth / 10
        for voice, pair in notes.items():
            renderer.send(NoteOff(voice, pair[(tenth + 1) % 2]), at)
            renderer.send(NoteOn(voice, pair[tenth % 2]), at)
    renderer.start(start)
    try:
        yield lambda: _figures(device, renderer, Figures(cpu=time.process_time()))
    finally:
        renderer.stop()
        device.close()


def _run_loaded(case: Case) -> None:
    """Run the instrument under full load; it has a sound device if the engine is the chip."""
    checkpoint = load_song_checkpoint(find_checkpoint(None))
    preset = load_preset("default")
    loaded, restless = load(preset, checkpoint), make_decoder(checkpoint)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        options = PlayOptions(
            audio="jack" if case.engine == "chip" else "none",
            midi_api="jack",
            jams=Path(folder),
            control=Path(folder) / "control",
            status=False,
        )
        session = Session.open(stack, options, loaded)
        session.inbox.put(SetKnob(NOISE_KNOB, 0.5, at=session.stage.time.now()))  # drums are heard
        osc = Osc() if case.engine == "osc" else None
        decodes: list[float] = []

        def again(result: Result) -> None:
            decodes.append(result.seconds)
            inference.ask(result.request)

        def read() -> Figures:
            figures = Figures(
                blocks=osc.blocks if osc else 0,
                blocks_late=osc.blocks_late if osc else 0,
                decodes=len(decodes),
                inputs=session.engine.sequencer.counters.inputs,
                cpu=time.process_time(),
            )
            return _figures(session.stage.device, session.heard.renderer, figures)

        def measure() -> None:
            _measure(read, case.seconds)
            session.stage.stopping.set()

        inference = Inference(restless, session.stage.time, again)
        inference.start()
        inference.ask(session.engine.sequencer.first_request())
        thread = threading.Thread(target=measure)
        thread.start()
        run(session)  # in the main thread, for its signals
        thread.join()
        inference.stop()


def _figures(device: AudioDevice | None, renderer: Renderer, others: Figures) -> Figures:
    """Add to the figures what a device and its renderer counted, and its process computed."""
    if device is None:
        return others
    return Figures(
        blocks=device.frames_played() // device.block_frames,
        blocks_late=device.blocks_late,
        underruns=renderer.counters.underruns,
        slips=renderer.counters.slips,
        events_late=renderer.counters.late,
        decodes=others.decodes,
        inputs=others.inputs,
        cpu=others.cpu + device.cpu_seconds,
    )


class _NoJournal:
    def put(self, entry: Entry) -> None:
        """Forget it."""


class Osc:
    """Plays four voices of `Osc` tables in this process from now on, as pyo alone would do it."""

    def __init__(self) -> None:
        self.blocks = 0
        self.blocks_late = 0
        offer = probe()
        with quiet():
            import pyo

            server = pyo.Server(
                sr=offer.jack_rate,
                nchnls=2,
                buffersize=offer.jack_block,
                duplex=0,
                audio="jack",
                jackname="nesvae_bench_osc",
                verbosity=0,
            )
            server.deactivateMidi()
            server.setJackAuto(False, False)
            server.boot()
        tables = [pyo.SquareTable(), pyo.SquareTable(), pyo.TriangleTable(), pyo.SawTable()]
        self._voices: list[Any] = [
            pyo.Osc(table, freq=110.0 * (i + 2), mul=0.1).mix(2).out()
            for i, table in enumerate(tables)
        ]
        self._longest = 2 * offer.jack_block / offer.jack_rate
        self._at = time.perf_counter() + 1.0
        self._server = server
        server.setCallback(self._count)
        server.start()

    def _count(self) -> None:
        """Count a block. Runs in pyo's thread."""
        now = time.perf_counter()
        self.blocks_late += now - self._at > self._longest
        self._at = now
        self.blocks += 1


if __name__ == "__main__":
    main(sys.argv[1])
