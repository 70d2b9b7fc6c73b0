"""A performance from start to end: everything is built here, and everything ends here."""

from __future__ import annotations

import gc
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, fields, replace
from datetime import datetime
from importlib import metadata
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np

from nesvae_live import __version__
from nesvae_live.apu import Apu
from nesvae_live.auto import Spread
from nesvae_live.axes import axes_of, labels
from nesvae_live.book import Swap
from nesvae_live.checkpoint import Checkpoint, load_checkpoint
from nesvae_live.clock import InternalClock
from nesvae_live.clocksender import ClockSender
from nesvae_live.completing import Completing
from nesvae_live.config import Preset, default_jams_dir, find_checkpoint, load_preset
from nesvae_live.critic import Critic
from nesvae_live.decoder import Decoder
from nesvae_live.decoding import Sampling
from nesvae_live.demo import Gesture
from nesvae_live.desk import unshown
from nesvae_live.diskroom import said_in_advance
from nesvae_live.encoder import Encoder
from nesvae_live.engine import Engine
from nesvae_live.finder import Finder
from nesvae_live.grid import Grid, Mode
from nesvae_live.hotplug import Hotplug
from nesvae_live.inference import Result
from nesvae_live.inputs import Input, Refresh, SetAuto, SetKnob
from nesvae_live.io.audio import AudioDevice, open_audio
from nesvae_live.io.control import ControlServer
from nesvae_live.io.link import LinkSession
from nesvae_live.io.midi import IN_PORT, OWN_FEEDBACK, Midi, MidiError, open_midi
from nesvae_live.io.osc import OscServer
from nesvae_live.io.record import Recorder, Take
from nesvae_live.journal import Noted, Opened
from nesvae_live.keeping import Keeping
from nesvae_live.linkclocks import LINK_PORT
from nesvae_live.mixer import Balance, Mixer
from nesvae_live.performance import Performance
from nesvae_live.plain import to_data
from nesvae_live.presetfile import Saver
from nesvae_live.presets import known_controllers
from nesvae_live.protocols import Decode, Encode, Output
from nesvae_live.recover import FILES
from nesvae_live.renderer import Renderer
from nesvae_live.setup import ClockSetup, Setup
from nesvae_live.shifted import Shifted
from nesvae_live.snapshotbank import BankError, Keeper
from nesvae_live.statusline import StatusLine
from nesvae_live.surface import Surface
from nesvae_live.timing import Meter

TEMPO = 120.0
SAMPLING = Sampling(temperature=0.85, top_p=0.93, guidance=2.5, candidates=2)
SAMPLE_RATE = 44_100
BLOCK_FRAMES = 256
POLL_SECONDS = 0.1
PORT_POLLS = 10
"""Which ports there are is asked every so many polls."""
LOST_POLLS = 5
"""Whether a port or device was lost is asked every so many polls."""
LOOKAHEAD = 0.05
"""Seconds by which everything is decided ahead, for the sound to be rendered in time."""
COUNT_IN_SECONDS = 0.5
"""From everything being open to beat 0: the playhead needs a quarter to lock on the device."""
DEVICE_RATES = range(8_000, 192_001)


@dataclass(frozen=True, slots=True)
class PlayOptions:
    """What the command line asks for; None leaves it to the preset and the defaults."""

    preset: str = "default"
    checkpoint: str | None = None
    midi_api: str = "auto"
    midi_in: tuple[str, ...] = ()
    midi_out: str | None = None
    feedback: str | None = None
    audio: str = "auto"
    audio_device: str | None = None
    sample_rate: int = SAMPLE_RATE
    block_frames: int = BLOCK_FRAMES
    level: float = 0.0
    spread: float = 0.0
    voice_ports: bool = False
    tempo: float | None = None
    meter: Meter = Meter()
    clock: str = "internal"
    clock_in: str | None = None
    clock_out: bool = False
    link_start_stop: bool = False
    grid: str | None = None
    quantise: int | None = None
    swing: float = 50.0
    bars_per_phrase: float | None = None
    swap: str | None = None
    offset_midi: float = 0.0
    offset_audio: float = 0.0
    bars: int | None = None
    seed: int | None = None
    jams: Path | None = None
    status: bool | None = None
    control: Path | None = None
    patch: tuple[str, ...] = ()
    auto: bool = False
    osc: tuple[str, int] | None = None
    osc_to: tuple[str, int] | None = None
    demo: bool = False

    @property
    def inputs(self) -> tuple[str, ...]:
        """The MIDI inputs that are named, the clock's too."""
        named = self.clock_in is None or self.clock_in in (IN_PORT, *self.midi_in)
        return self.midi_in if named else (*self.midi_in, str(self.clock_in))

    @property
    def follows(self) -> bool:
        """Whether the time is another's."""
        return self.clock != "internal"

    def phrase_grid(self) -> Grid:
        """How phrases lie in time; a clock that is followed has bars to be filled."""
        mode = Mode(self.grid or (Mode.BARS if self.follows else Mode.CLOCK))
        return Grid(mode, bars=self.bars_per_phrase, quantise=self.quantise, swing=self.swing)

    def lookahead(self) -> float:
        """Seconds by which everything is decided ahead: more, if an output is to be early."""
        return LOOKAHEAD + max(0.0, -self.offset_midi, -self.offset_audio) / 1e3


class PerformanceError(Exception):
    """The performance ended by a fault; one line says what it was."""


class PerfTime:
    """The time of everything live: `time.perf_counter`, in the microseconds that the log has."""

    def now(self) -> float:
        """Seconds."""
        return time.perf_counter_ns() // 1000 / 1e6


def play(options: PlayOptions) -> Take | None:
    """Play until it is over, is stopped, or can't go on.

    Returns:
        The take.

    Raises:
        PerformanceError: a part of the engine failed; the take is whole up to there.
        ConfigError, BankError, CheckpointError, MidiError, AudioError, RecordError, ControlError, OscError: something
            that was asked for can't be had; nothing has sounded then.
    """
    preset = load_preset(options.preset)
    checkpoint = load_checkpoint(find_checkpoint(options.checkpoint))
    decoder = Decoder(checkpoint)
    decoder.warm_up()
    critic = Critic(decoder, checkpoint.quantiles)
    finder = Finder(Encoder(checkpoint), checkpoint.quantiles)
    finder.warm_up()
    stage = Stage(options, preset, checkpoint, critic, finder)
    with ExitStack() as stack:
        stage.open(stack)
        why = stage.run()
    if stage.fault is not None:
        raise PerformanceError(f"{why}; the take up to there is in {stage.folder}") from stage.fault
    return stage.take


class Stage:
    """What one performance holds open."""

    def __init__(
        self,
        options: PlayOptions,
        preset: Preset,
        checkpoint: Checkpoint,
        decoder: Decode,
        encoder: Encode,
    ) -> None:
        self.options = options
        self.preset = preset
        self.patches = preset.voice_patches(options.patch)
        self.checkpoint = checkpoint
        self.decoder = decoder
        self.encoder = encoder
        self.axes = labels(axes_of(checkpoint.about, checkpoint.config.style))
        self.keeper = Keeper(preset.bank_path, checkpoint.sha256, checkpoint.config.style)
        self.time = PerfTime()
        self.jams = options.jams or default_jams_dir()
        self.seed = secrets.randbits(31) if options.seed is None else options.seed
        self.stopping = threading.Event()
        self.take: Take | None = None
        self.osc: OscServer | None = None
        self.leader: ClockSender | None = None
        self.fault: BaseException | None = None
        self.warned: set[str] = set()
        self.lost: dict[str, str] = {}
        self._seen_lost: dict[str, list[str]] = {}
        self._panics = 0

    def open(self, stack: ExitStack) -> None:
        """Open everything, in the order in which a failure costs least; close in the reverse."""
        options, time_ = self.options, self.time
        tempo = options.tempo or self.preset.play.tempo or TEMPO
        inbox: SimpleQueue[Input | Result] = SimpleQueue()
        self.inbox = inbox
        self.midi = stack.enter_context(
            open_midi(
                options.midi_api,
                options.inputs,
                options.midi_out,
                inbox=inbox,
                time=time_,
                warn=self.warn,
                dialect=self.preset.dialect,
                clock_out=options.clock_out,
                feedback=options.feedback or (OWN_FEEDBACK if self.preset.layout.shows else None),
            )
        )
        self.midi.watch_feedback(lambda heard: inbox.put(Refresh(time_.now(), heard)))
        self.device = open_audio(
            options.audio,
            options.audio_device,
            sample_rate=options.sample_rate,
            block_frames=options.block_frames,
            time=time_,
            warn=self.warn,
            voice_ports=options.voice_ports,
        )
        if self.device is not None:
            stack.callback(self.device.close)
        self.sample_rate = self.device.sample_rate if self.device else options.sample_rate
        self._open_take(stack)
        chip = Apu(self.sample_rate)
        chip.render(64)  # compiles, before anything has to be on time
        balance = Balance(options.level, options.spread)
        mixer = Mixer(self.sample_rate, len(self.device.rings), balance) if self.device else None
        self.renderer = Renderer(
            chip, time_, self.recorder, self.recorder.tap, self.device, mixer=mixer
        )
        outputs: list[Output] = [Shifted(self.renderer, options.offset_audio / 1e3)]
        if self.midi.output is not None:
            outputs.insert(0, Shifted(self.midi.output, options.offset_midi / 1e3))
        rng = np.random.default_rng([self.seed, 1])
        play = self.preset.play
        self.setup = Setup(
            performance=Performance(
                style=rng.standard_normal(self.checkpoint.config.style).astype(np.float32),
                reach=self.checkpoint.quantiles.reach(),
                seed=self.seed,
                meter=options.meter,
                bars=options.bars,
                grid=options.phrase_grid(),
                swap=Swap(options.swap or (Swap.BAR if options.follows else Swap.NOW)),
                lookahead=options.lookahead(),
                patches=self.patches,
                sampling=replace(
                    SAMPLING,
                    temperature=play.temperature or SAMPLING.temperature,
                    top_p=play.top_p or SAMPLING.top_p,
                ),
                spread=Spread.of(self.checkpoint.about, self.checkpoint.config.style),
            ),
            layout=self.preset.layout,
            muted=tuple(sorted(self.preset.muted)),
            clock=ClockSetup(tempo, self._clock_port()),
            snapshots=self.keeper.found,
        )
        if self.keeper.dropped:
            self.warn(self.keeper.dropped)
        self.engine = Engine(
            performance=self.setup.performance,
            clock=self.setup.clock.clock(options.meter.beats_per_bar),
            decoder=self.decoder,
            outputs=outputs,
            journal=self.recorder,
            time=time_,
            surface=Surface(self.setup.layout),
            muted=set(self.setup.muted),
            inbox=inbox,
            keep=self.keeping.keep,
            figures=self._figures,
            balance=balance,
            hear=self.renderer.mixer.hear,
            encoder=self.encoder,
            snapshots=self.keeper.found,
            show=self.midi.feedback.send if self.midi.feedback is not None else unshown,
        )
        if options.auto:
            inbox.put(SetAuto(on=True, at=time_.now()))
        clock = self.engine.clock
        if self.midi.send_clock is not None and isinstance(clock, InternalClock):
            self.leader = ClockSender(
                clock, self.midi.send_clock, time_, options.meter.beats_per_bar
            )
            self.midi.clock_joined = self.leader.join
        self.engine.prepare()
        control = ControlServer(inbox, time_, options.control)
        control.open()
        stack.callback(control.close)
        self.tempo = tempo
        self._open_network(stack)

    def _open_network(self, stack: ExitStack) -> None:
        """Open what others on the network reach us by: OSC, and a Link session."""
        options, inbox, time_ = self.options, self.inbox, self.time
        if options.osc is not None:
            self.osc = OscServer(
                inbox, time_, self.engine.performer, self.engine.status, options.osc, options.osc_to
            )
            self.osc.open()
            stack.callback(self.osc.close)
        if options.clock == "link":
            bar, start_stop = options.meter.beats_per_bar, options.link_start_stop
            link = LinkSession(self.tempo, bar, start_stop=start_stop, inbox=inbox, time=time_)
            stack.enter_context(link)

    def _open_take(self, stack: ExitStack) -> None:
        """Begin to record; what was cut off earlier is completed beside it."""
        self.recorder = Recorder(
            self.jams,
            self.sample_rate,
            time=self.time,
            warn=self.warn,
            makers=FILES,
        )
        self.completing = Completing(self.jams, self.warn)
        stack.callback(self.completing.close)
        if sys.stderr.isatty():
            print(said_in_advance(self.jams, self.sample_rate), file=sys.stderr)
        self.started = datetime.now().astimezone()
        self.folder = self.recorder.start(self.started)
        self.keeping = Keeping(self.folder, self.warn)
        stack.callback(self.keeping.close)
        stack.callback(self._close_recorder)

    def _clock_port(self) -> str | None:
        """The input whose clock is followed, None for the internal clock."""
        options = self.options
        if not options.follows:
            return None
        if options.clock_out:
            raise MidiError(
                f"--clock-out leads by the internal clock: it can't go with --clock {options.clock}"
            )
        if options.clock == "link":
            return LINK_PORT
        ports = self.midi.inputs
        name = options.clock_in or (IN_PORT if IN_PORT in ports or len(ports) != 1 else ports[0])
        found = [port for port in ports if name in port]
        if len(found) != 1:
            there = ", ".join(repr(port) for port in ports) or "none"
            raise MidiError(
                f"--clock midi: {len(found)} open inputs are named {name!r}; open are {there}: "
                "name one with --clock-in"
            )
        return found[0]

    def run(self) -> str:
        """Play; returns why it ended. Every note is ended when it returns."""
        _settle()
        restore = _catch_signals(self.stopping)
        at = round(self.time.now() + COUNT_IN_SECONDS, 6)
        self.recorder.put(self._opened(at))
        end = at
        try:
            self.renderer.start(at)
            self.engine.start(at)
            if self.leader is not None:
                self.leader.start()
            why = self._watch(at)
        except BaseException as error:  # noqa: BLE001 - told below, when every note is ended
            self.fault, why = error, _one_line(error)
            self.recorder.put(Noted(self.time.now(), why))
        finally:
            self.engine.stop(why)
            if self.leader is not None:
                self.leader.stop()
            sequencer = self.engine.sequencer
            meter = self.options.meter
            end = sequencer.ended_at
            if self.engine.clock.runs:
                end = self.engine.clock.ref.time_of(meter.whole_bars(sequencer.ended_beat))
            while not self.engine.finished() and self.fault is None:
                time.sleep(0.005)
            self.midi.silence()
            self.renderer.stop(end)
            if (ending := self.engine.ending) is not None:
                self.recorder.put(ending)
            self._keep_snapshots()
            restore()
        return why

    def _watch(self, at: float) -> str:
        gesture = Gesture() if self.options.demo else None
        status = StatusLine(sys.stderr, self.options.status)
        beats_per_bar = self.options.meter.beats_per_bar
        polls = 0
        saver = Saver(self.engine.sequencer.desk.learner, self.preset, self.say)
        hotplug = Hotplug(self.midi.sources, known_controllers(), self.preset, self.say)
        try:
            while True:
                if self.stopping.wait(POLL_SECONDS):
                    return "it was stopped"
                if self.engine.sequencer.done.is_set():
                    return self.engine.sequencer.why
                self.engine.check()
                self.renderer.check()
                self.recorder.check()
                bar = (self.time.now() - at) * self.tempo / 60.0 / beats_per_bar
                for knob, value in gesture.due(bar) if gesture else ():
                    self.inbox.put(SetKnob(knob, value, self.time.now()))
                if warning := self.engine.clock.warning:
                    self.warn(warning)
                polls += 1
                saver.look()
                if polls % LOST_POLLS == 0:
                    self.completing.look()
                    self.keeping.look()
                    self._look_for_losses()
                    self._keep_snapshots()
                    self._look_at_osc()
                if polls % PORT_POLLS == 0 and "MIDI" not in self.lost:
                    hotplug.look()
                status.show(self.engine.status)
        finally:
            status.end()

    def _look_at_osc(self) -> None:
        if self.osc is not None and (reason := self.osc.lost()) is not None:
            self.warn(f"{reason}: the music goes on")

    def _keep_snapshots(self) -> None:
        try:
            self.keeper.keep(self.engine.performer.snapshots)
        except BankError as error:
            self.warn(str(error))

    def _look_for_losses(self) -> None:
        """Say what is lost, parts with one reason in one line: so it waits for a second look."""
        lost: dict[str, list[str]] = {}
        for name, part in (("sound", self.device), ("MIDI", self.midi)):
            reason = part.lost() if part is not None and name not in self.lost else None
            if reason is not None:
                lost.setdefault(reason, []).append(name)
        if lost == self._seen_lost:
            for reason, names in lost.items():
                self.lost.update(dict.fromkeys(names, reason))
                self.warn(
                    f"{reason}: the music goes on into the take, without {' or '.join(names)}"
                )
        self._seen_lost = lost
        if self.device is not None and "sound" in self.lost:
            self._recover("sound", self.device)
        if "MIDI" in self.lost:
            self._recover("MIDI", self.midi)
        elif "MIDI" not in lost.get(self.midi.lost() or "", ()):
            panics, self._panics = self._panics, self.engine.sequencer.counters.panics
            for line in self.midi.tend(panicked=panics != self._panics):
                self.say(line)

    def _recover(self, name: str, part: AudioDevice | Midi) -> None:
        """Get the sound or MIDI back; of every loss and every return one line is said."""
        reason = part.lost()
        if reason is None:
            del self.lost[name]
            self.warned.clear()
            self.warn(f"{'the sound' if name == 'sound' else name} is back")
            return
        part.recover()
        if reason != self.lost[name]:
            self.lost[name] = reason
            self.warn(f"{reason}: there is no {name}")

    def warn(self, text: str) -> None:
        """Say a thing once, on the terminal and in the log."""
        if text not in self.warned:
            self.warned.add(text)
            self.say(text)

    def say(self, text: str) -> None:
        """Say a thing on the terminal and in the log."""
        print(f"nesvae-live: {text}", file=sys.stderr)
        if hasattr(self, "recorder"):
            self.recorder.put(Noted(self.time.now(), text))

    def _figures(self) -> dict[str, Any]:
        counters, midi = self.renderer.counters, self.midi
        return {
            "audio": self.device.api if self.device else "none",
            "audio_late": counters.late,
            "underruns": counters.underruns,
            "blocks_late": self.device.blocks_late if self.device else 0,
            "midi": midi.api,
            "midi_late_ms": midi.lateness_ms(),
            "take": str(self.folder),
            "axes": self.axes,
        }

    def _opened(self, at: float) -> Opened:
        options, checkpoint = self.options, self.checkpoint
        return Opened(
            at=at,
            started=self.started.isoformat(timespec="seconds"),
            tempo=self.tempo,
            meter=str(options.meter),
            beats_per_bar=options.meter.beats_per_bar,
            sample_rate=self.sample_rate,
            seed=self.seed,
            checkpoint=checkpoint.path.name if checkpoint.path else "",
            checkpoint_sha256=checkpoint.sha256,
            preset=self.preset.name,
            settings={f.name: str(getattr(options, f.name)) for f in fields(options)},
            versions=_versions(),
            origin=at,
            setup=to_data(self.setup),
            dialect=self.preset.dialect,
        )

    def _close_recorder(self) -> None:
        self.take = self.recorder.close()


def _settle() -> None:
    """Make ready for being on time: switch threads quickly, and collect no garbage of start-up."""
    sys.setswitchinterval(0.0005)
    gc.collect()
    gc.freeze()


def _catch_signals(stopping: threading.Event) -> Callable[[], None]:
    """Let SIGINT, SIGTERM and SIGHUP end the performance; returns what undoes that."""
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    caught = {
        number: signal.signal(number, lambda *_: stopping.set())
        for name in names
        if (number := getattr(signal, name, None)) is not None
    }

    def restore() -> None:
        for number, handler in caught.items():
            signal.signal(number, handler)

    return restore


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _versions() -> dict[str, str]:
    found = {"nesvae_live": __version__, "python": sys.version.split()[0]}
    for name in ("numpy", "numba", "mido", "python-rtmidi", "pyo"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
