"""The session: everything that is open during play, from the ports to the take."""

from __future__ import annotations

import secrets
import sys
import threading
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Self, TypeVar

from nesvae_live.app.notices import Notices
from nesvae_live.app.openpanel import open_panel, panel_facts
from nesvae_live.app.options import (
    ROUND,
    WALK,
    PlayOptions,
    choose_performance,
    choose_setup,
    first_entry,
)
from nesvae_live.app.say import Say
from nesvae_live.chip.apu import Apu
from nesvae_live.clock.hosttime import PerfTime
from nesvae_live.control.gestureinputs import GoRound, SetAuto
from nesvae_live.control.inputs import Input, Refresh
from nesvae_live.control.reply import ignore
from nesvae_live.engine.config import Setup
from nesvae_live.engine.engine import Engine
from nesvae_live.engine.inference import Result
from nesvae_live.engine.outputs import DelayedOutput
from nesvae_live.engine.protocols import Callbacks, Decode, Encode, Output
from nesvae_live.io.audio.device import AudioDevice
from nesvae_live.io.audio.mixer import Mixer
from nesvae_live.io.audio.opening import open_audio
from nesvae_live.io.audio.renderer import Renderer
from nesvae_live.io.midi.clocksender import ClockSender
from nesvae_live.io.midi.leading import open_leaders
from nesvae_live.io.midi.opening import open_midi
from nesvae_live.io.midi.openports import MidiPorts
from nesvae_live.io.midi.ports import OWN_FEEDBACK
from nesvae_live.io.midi.transportslots import TransportSender
from nesvae_live.io.pace import Pace, take_pace
from nesvae_live.io.remote.link import LinkSession
from nesvae_live.io.remote.osc import OscServer
from nesvae_live.io.remote.server import ControlServer
from nesvae_live.latent.axes import axes_of, labels
from nesvae_live.log.entries import Opened
from nesvae_live.model.song.songcheckpoint import SongCheckpoint
from nesvae_live.music.balance import Balance
from nesvae_live.panel.keeper import PanelKeeper
from nesvae_live.panel.soundring import SoundRing
from nesvae_live.paths import default_jams_dir
from nesvae_live.presets.preset import Preset
from nesvae_live.presets.snapshotbank import BankError, SnapshotFile
from nesvae_live.take.folder import said_in_advance
from nesvae_live.take.processes import PartExport, Recovery
from nesvae_live.take.recorder import Recorder, Take
from nesvae_live.take.recover import FILES


@dataclass(frozen=True, slots=True)
class Session:
    """Everything that is open during play; the stack that `open` is given closes it.

    `folder` is that of the take, and `opened` the first entry of its log, except for the time of
    beat 0. `device` is None if no sound is played, `leader` if no other machine is to follow our
    clock, `transport` if we don't lead JACK's, `osc` and `panel` if they weren't asked for. Whoever
    sets `stopping` ends the performance.
    """

    options: PlayOptions
    preset: Preset
    setup: Setup
    time: PerfTime
    notices: Notices
    inbox: SimpleQueue[Input | Result]
    stopping: threading.Event
    midi: MidiPorts
    device: AudioDevice | None
    folder: Path
    opened: Opened
    recorder: Recorder
    recovery: Recovery
    part_export: PartExport
    snapshot_file: SnapshotFile
    renderer: Renderer
    engine: Engine
    leader: ClockSender | None
    transport: TransportSender | None
    osc: OscServer | None
    panel: PanelKeeper | None

    @classmethod
    def open(
        cls,
        stack: ExitStack,
        options: PlayOptions,
        preset: Preset,
        checkpoint: SongCheckpoint,
        decoder: Decode,
        encoder: Encode,
        pace: Pace | None = None,
    ) -> Self:
        """Open everything, in the order in which a failure costs least; it closes in reverse.

        `pace` says how far ahead things are done; None: as this machine and its device need it.

        Raises:
            ConfigError, BankError, MidiError, AudioError, RecordError, ControlError, OscError,
                LinkError, PanelError: something that was asked for can't be had.
        """
        seed = secrets.randbits(31) if options.seed is None else options.seed
        axes = labels(axes_of(checkpoint.about, checkpoint.config.style))
        snapshot_file = SnapshotFile(preset.bank_path, checkpoint.sha256, checkpoint.config.style)
        time = PerfTime()
        notices = Notices(time)
        inbox: SimpleQueue[Input | Result] = SimpleQueue()

        midi = stack.enter_context(
            open_midi(
                options.midi_api,
                options.inputs,
                options.midi_out,
                inbox=inbox,
                time=time,
                warn=notices.warn,
                dialect=preset.dialect,
                clock_out=options.clock_out,
                feedback=options.feedback or (OWN_FEEDBACK if preset.layout.shows else None),
            )
        )
        midi.watch_feedback(lambda heard: inbox.put(Refresh(at=time.now(), connected=heard)))

        device = open_audio(
            options.audio,
            options.audio_device,
            sample_rate=options.sample_rate,
            block_frames=options.block_frames,
            time=time,
            warn=notices.warn,
            voice_ports=options.voice_ports,
        )
        if device is not None:
            stack.enter_context(closing(device))
        sample_rate = device.sample_rate if device else options.sample_rate
        pace = pace or take_pace(device.period if device else midi.period)
        performance = choose_performance(options, preset, checkpoint, seed, pace)

        # The take, and beside it whatever earlier ones still lack.
        jams = options.jams or default_jams_dir()
        recorder = Recorder(jams, sample_rate, time=time, warn=notices.warn, makers=FILES)
        notices.journal = recorder
        recovery = stack.enter_context(closing(Recovery(jams, notices.warn)))
        if sys.stderr.isatty():
            print(said_in_advance(jams, sample_rate), file=sys.stderr)
        started = datetime.now().astimezone()
        folder = recorder.start(started)
        part_export = stack.enter_context(closing(PartExport(folder, notices.warn)))
        stack.enter_context(closing(recorder))

        # What plays: the renderer, the outputs, the engine.
        chip = Apu(sample_rate)
        chip.render(64)  # compiles it, before anything has to be on time
        balance = Balance(options.level, options.spread)
        mixer = Mixer(sample_rate, len(device.rings) if device else 2, balance)
        sound = SoundRing(sample_rate, pace.lead)
        renderer = Renderer(
            chip,
            time,
            recorder,
            recorder.tap,
            device,
            mixer=mixer,
            monitor=sound,
            lead_seconds=pace.lead,
            poll_seconds=pace.poll,
        )

        outputs: list[Output] = [DelayedOutput(renderer, (options.offset_audio or 0.0) / 1e3)]
        if midi.output is not None:
            outputs.insert(0, DelayedOutput(midi.output, (options.offset_midi or 0.0) / 1e3))
        setup = choose_setup(options, preset, performance, midi.inputs, snapshot_file.found)
        if snapshot_file.dropped:
            notices.warn(snapshot_file.dropped)
        engine = Engine(
            setup,
            decoder=decoder,
            encoder=encoder,
            time=time,
            inbox=inbox,
            outputs=outputs,
            journal=recorder,
            balance=balance,
            callbacks=Callbacks(
                show=midi.feedback.send if midi.feedback is not None else ignore,
                hear=renderer.mixer.set_balance,
                keep=part_export.keep,
                status=partial(_figures, renderer, device, midi, folder, axes),
            ),
        )
        _begin_auto(options.auto, inbox, time, notices.warn)
        leader, transport = open_leaders(
            engine.clock, midi, time, options.meter, pace.lead, transport=bool(options.clock_lead)
        )
        engine.prepare()
        if options.clock == "jack":
            midi.follow_transport(setup.clock.tempo, options.meter.beats_per_bar, inbox)

        # Whoever reaches us from outside, now that there is something to reach.
        control = _listen(
            stack, ControlServer(inbox, time, options.control, look=engine.lookout.look)
        )
        osc = None
        if options.osc is not None:
            status, to = engine.status, options.osc_to
            osc = _listen(stack, OscServer(inbox, time, engine.live, status, options.osc, to))
        if options.clock == "link":
            stack.enter_context(
                LinkSession(
                    setup.clock.tempo,
                    options.meter.beats_per_bar,
                    start_stop=options.link_start_stop,
                    inbox=inbox,
                    time=time,
                )
            )
        return cls(
            options=options,
            preset=preset,
            setup=setup,
            time=time,
            notices=notices,
            inbox=inbox,
            stopping=threading.Event(),
            midi=midi,
            device=device,
            folder=folder,
            opened=first_entry(options, preset, checkpoint, setup, started, sample_rate),
            recorder=recorder,
            recovery=recovery,
            part_export=part_export,
            snapshot_file=snapshot_file,
            renderer=renderer,
            engine=engine,
            leader=leader,
            transport=transport,
            osc=osc,
            panel=open_panel(
                stack,
                options,
                panel_facts(control.path, folder, options, preset, checkpoint, sound),
                time,
                notices.say,
            ),
        )

    def check(self) -> None:
        """Raise what went wrong in a thread of the engine, the renderer or the recorder, if any."""
        self.engine.check()
        self.renderer.check()
        self.recorder.check()

    def keep_snapshots(self) -> None:
        """Write the snapshots to their file, if they have changed."""
        try:
            self.snapshot_file.keep(self.engine.live.snapshots)
        except BankError as error:
            self.notices.warn(str(error))

    def take(self) -> Take | None:
        """The take, once the session is closed; None if nothing was recorded."""
        return self.recorder.close()  # it is closed, and says again what came of it


Server = TypeVar("Server", ControlServer, OscServer)


def _listen(stack: ExitStack, server: Server) -> Server:
    """Open a server, and let the stack close it."""
    server.open()
    return stack.enter_context(closing(server))


def _begin_auto(
    auto: str | None, inbox: SimpleQueue[Input | Result], time: PerfTime, warn: Say
) -> None:
    """Start what `--auto` asks for; `warn` is told why, if the snapshots don't allow a round."""

    def answer(given: Mapping[str, Any]) -> None:
        if not given["ok"]:
            warn(f"--auto {auto}: {given['error']}")

    if auto == WALK:
        inbox.put(SetAuto(on=True, at=time.now()))
    elif auto == ROUND:
        inbox.put(GoRound(on=True, bars=None, at=time.now(), reply=answer))


def _figures(
    renderer: Renderer,
    device: AudioDevice | None,
    midi: MidiPorts,
    folder: Path,
    axes: Mapping[str, str],
) -> dict[str, Any]:
    """What the status says of the outputs and the take, besides the engine's own figures."""
    counters = renderer.counters
    return {
        "audio": device.api if device else "none",
        "audio_late": counters.late,
        "underruns": counters.underruns,
        "blocks_late": device.blocks_late if device else 0,
        "midi": midi.api,
        "midi_late_ms": midi.lateness_ms(),
        "take": str(folder),
        "axes": axes,
    }
