"""What one performance holds open, from the ports to the take."""

from __future__ import annotations

import secrets
import sys
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import fields
from datetime import datetime
from importlib import metadata
from queue import SimpleQueue
from typing import Any

from nesvae_live import __version__
from nesvae_live.app.notices import Notices
from nesvae_live.app.options import ROUND, WALK, PlayOptions, choose_performance, choose_tempo
from nesvae_live.chip.apu import Apu
from nesvae_live.clock.hosttime import PerfTime
from nesvae_live.clock.sources import InternalClock
from nesvae_live.control.gestureinputs import GoRound, SetAuto
from nesvae_live.control.inputs import Input, Refresh
from nesvae_live.control.reply import ignore
from nesvae_live.control.surface import Surface
from nesvae_live.engine.config import ClockSetup, Setup
from nesvae_live.engine.engine import Engine
from nesvae_live.engine.inference import Result
from nesvae_live.engine.outputs import DelayedOutput
from nesvae_live.engine.protocols import Decode, Encode, Output
from nesvae_live.io.audio.device import open_audio
from nesvae_live.io.audio.mixer import Mixer
from nesvae_live.io.audio.renderer import Renderer
from nesvae_live.io.midi.clocksender import ClockSender
from nesvae_live.io.midi.opening import open_midi
from nesvae_live.io.midi.ports import OWN_FEEDBACK
from nesvae_live.io.remote.link import LinkSession
from nesvae_live.io.remote.osc import OscServer
from nesvae_live.io.remote.server import ControlServer
from nesvae_live.latent.axes import axes_of, labels
from nesvae_live.log.entries import Opened
from nesvae_live.log.plain import to_data
from nesvae_live.model.checkpoint import Checkpoint
from nesvae_live.music.balance import Balance
from nesvae_live.paths import default_jams_dir
from nesvae_live.presets.preset import Preset
from nesvae_live.presets.snapshotbank import BankError, SnapshotFile
from nesvae_live.take.folder import said_in_advance
from nesvae_live.take.processes import PartExport, Recovery
from nesvae_live.take.recorder import Recorder, Take
from nesvae_live.take.recover import FILES


class Session:
    """The parts of a performance, and what came of it: the take, and the fault that ended it."""

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
        self.checkpoint = checkpoint
        self.decoder = decoder
        self.encoder = encoder
        self.seed = secrets.randbits(31) if options.seed is None else options.seed
        self.performance = choose_performance(options, preset, checkpoint, self.seed)
        self.tempo = choose_tempo(options, preset)
        self.axes = labels(axes_of(checkpoint.about, checkpoint.config.style))
        self.keeper = SnapshotFile(preset.bank_path, checkpoint.sha256, checkpoint.config.style)
        self.time = PerfTime()
        self.notices = Notices(self.time)
        self.jams = options.jams or default_jams_dir()
        self.inbox: SimpleQueue[Input | Result] = SimpleQueue()
        self.stopping = threading.Event()
        self.take: Take | None = None
        self.osc: OscServer | None = None
        self.leader: ClockSender | None = None
        self.fault: BaseException | None = None

    def open(self, stack: ExitStack) -> None:
        """Open everything, in the order in which a failure costs least; close in the reverse."""
        options = self.options
        self._open_midi(stack)
        self.device = open_audio(
            options.audio,
            options.audio_device,
            sample_rate=options.sample_rate,
            block_frames=options.block_frames,
            time=self.time,
            warn=self.notices.warn,
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
            chip, self.time, self.recorder, self.recorder.tap, self.device, mixer=mixer
        )
        self._make_engine(balance)
        self.engine.prepare()
        control = ControlServer(self.inbox, self.time, options.control)
        control.open()
        stack.callback(control.close)
        self._open_network(stack)

    def _open_midi(self, stack: ExitStack) -> None:
        options, preset = self.options, self.preset
        self.midi = stack.enter_context(
            open_midi(
                options.midi_api,
                options.inputs,
                options.midi_out,
                inbox=self.inbox,
                time=self.time,
                warn=self.notices.warn,
                dialect=preset.dialect,
                clock_out=options.clock_out,
                feedback=options.feedback or (OWN_FEEDBACK if preset.layout.shows else None),
            )
        )
        self.midi.watch_feedback(
            lambda heard: self.inbox.put(Refresh(at=self.time.now(), connected=heard))
        )

    def _open_take(self, stack: ExitStack) -> None:
        """Begin to record; what was cut off earlier is completed beside it."""
        warn = self.notices.warn
        self.recorder = Recorder(
            self.jams,
            self.sample_rate,
            time=self.time,
            warn=warn,
            makers=FILES,
        )
        self.notices.journal = self.recorder
        self.recovery = Recovery(self.jams, warn)
        stack.callback(self.recovery.close)
        if sys.stderr.isatty():
            print(said_in_advance(self.jams, self.sample_rate), file=sys.stderr)
        self.started = datetime.now().astimezone()
        self.folder = self.recorder.start(self.started)
        self.part_export = PartExport(self.folder, warn)
        stack.callback(self.part_export.close)
        stack.callback(self._close_recorder)

    def _make_engine(self, balance: Balance) -> None:
        options, time = self.options, self.time
        outputs: list[Output] = [DelayedOutput(self.renderer, options.offset_audio / 1e3)]
        if self.midi.output is not None:
            outputs.insert(0, DelayedOutput(self.midi.output, options.offset_midi / 1e3))
        self.setup = Setup(
            performance=self.performance,
            layout=self.preset.layout,
            muted=tuple(sorted(self.preset.muted)),
            clock=ClockSetup(
                self.tempo,
                options.clock_port(self.midi.inputs),
                coasts=(options.clock_lost or self.preset.play.clock_lost) == "coast",
            ),
            snapshots=self.keeper.found,
        )
        if self.keeper.dropped:
            self.notices.warn(self.keeper.dropped)
        beats_per_bar = options.meter.beats_per_bar
        clock = self.setup.clock.clock(beats_per_bar)
        self.engine = Engine(
            performance=self.performance,
            clock=clock,
            decoder=self.decoder,
            outputs=outputs,
            journal=self.recorder,
            time=time,
            surface=Surface(self.setup.layout),
            muted=set(self.setup.muted),
            inbox=self.inbox,
            keep=self.part_export.keep,
            figures=self._figures,
            balance=balance,
            hear=self.renderer.mixer.hear,
            encoder=self.encoder,
            snapshots=self.keeper.found,
            show=self.midi.feedback.send if self.midi.feedback is not None else ignore,
        )
        if options.auto == WALK:
            self.inbox.put(SetAuto(on=True, at=time.now()))
        elif options.auto == ROUND:
            self.inbox.put(GoRound(on=True, bars=None, at=time.now(), reply=self._refused))
        if self.midi.send_clock is not None and isinstance(clock, InternalClock):
            self.leader = ClockSender(clock, self.midi.send_clock, time, beats_per_bar)
            self.midi.clock_joined = self.leader.join

    def _refused(self, answer: Mapping[str, Any]) -> None:
        """Tell that what was asked for at the start can't be had, if so."""
        if not answer["ok"]:
            self.notices.warn(f"--auto {self.options.auto}: {answer['error']}")

    def _open_network(self, stack: ExitStack) -> None:
        """Open what others on the network reach us by: OSC, and a Link session."""
        options, inbox, time = self.options, self.inbox, self.time
        if options.osc is not None:
            self.osc = OscServer(
                inbox, time, self.engine.live, self.engine.status, options.osc, options.osc_to
            )
            self.osc.open()
            stack.callback(self.osc.close)
        if options.clock == "link":
            bar, start_stop = options.meter.beats_per_bar, options.link_start_stop
            link = LinkSession(self.tempo, bar, start_stop=start_stop, inbox=inbox, time=time)
            stack.enter_context(link)

    def _close_recorder(self) -> None:
        self.take = self.recorder.close()

    def opened(self, at: float) -> Opened:
        """The first entry of the log of a performance whose beat 0 is at `at` seconds."""
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

    def keep_snapshots(self) -> None:
        """Write the snapshots down, if they have changed."""
        try:
            self.keeper.keep(self.engine.live.snapshots)
        except BankError as error:
            self.notices.warn(str(error))

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


def _versions() -> dict[str, str]:
    found = {"nesvae_live": __version__, "python": sys.version.split()[0]}
    for name in ("numpy", "numba", "mido", "python-rtmidi", "pyo"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
