"""The session: a take, and what plays it on the stage."""

from __future__ import annotations

import secrets
import sys
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Self

from nesvae_live.app.during.again import Again
from nesvae_live.app.during.beginning import begin_with
from nesvae_live.app.during.choices import Loaded
from nesvae_live.app.during.gate import Gate
from nesvae_live.app.during.heard import Heard, figures
from nesvae_live.app.encode import open_snapshots
from nesvae_live.app.openpanel import panel_facts
from nesvae_live.app.options import PlayOptions, choose_performance, choose_setup, first_entry
from nesvae_live.app.stage import Stage
from nesvae_live.control.inputs import Refresh
from nesvae_live.control.reply import ignore
from nesvae_live.engine.config import Setup
from nesvae_live.engine.engine import Engine
from nesvae_live.engine.inference import Item
from nesvae_live.engine.protocols import Callbacks, Decode, Encode
from nesvae_live.io.audio.renderer import Renderer
from nesvae_live.io.midi.clocksender import ClockSender
from nesvae_live.io.midi.leading import open_leaders
from nesvae_live.io.midi.transportslots import TransportSender
from nesvae_live.io.pace import Pace
from nesvae_live.io.realtime import DECIDING, ask_for_realtime
from nesvae_live.io.remote.asides import Tuples
from nesvae_live.io.remote.client import default_path
from nesvae_live.latent.adopted import Adopted, order_of
from nesvae_live.latent.axes import axes_of, labels
from nesvae_live.log.entries import Opened
from nesvae_live.model.song.songcheckpoint import SongCheckpoint
from nesvae_live.music.balance import Balance
from nesvae_live.music.capture import checked_phrase
from nesvae_live.music.grid import Mode
from nesvae_live.panel.facts import PanelFacts
from nesvae_live.presets.preset import Preset
from nesvae_live.presets.snapshotbank import BankError, SnapshotFile
from nesvae_live.take.growing import said_in_advance
from nesvae_live.take.processes import PartExport, Recovery
from nesvae_live.take.recorder import Recorder, Take
from nesvae_live.take.recover import FILES


@dataclass(frozen=True, slots=True)
class Session:
    """A take and what plays it on a stage; the stack that `open` is given closes it.

    `folder` is that of the take, and `opened` the first entry of its log, except for the time of
    beat 0. `leader` is None if no other machine is to follow our clock, `transport` if we don't lead
    JACK's.
    """

    stage: Stage
    options: PlayOptions
    loaded: Loaded
    setup: Setup
    inbox: SimpleQueue[Item]
    folder: Path
    opened: Opened
    recorder: Recorder
    recovery: Recovery
    part_export: PartExport
    snapshot_file: SnapshotFile
    renderer: Renderer
    gate: Gate | None
    again: Again
    engine: Engine
    leader: ClockSender | None
    transport: TransportSender | None
    facts: PanelFacts

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
        stage: Stage | None = None,
        adopted: Adopted | None = None,
    ) -> Self:
        """Open everything, in the order in which a failure costs least; it closes in reverse.

        Without a `stage` that is opened too, with the `pace` that says how far ahead things are done
        (None: as this machine and its device need it). The checkpoint is that of the style that was
        `adopted`, if there is one. Nothing is played before `play.begin`.

        Raises:
            ConfigError, BankError, MidiError, AudioError, RecordError, ControlError, OscError,
                LinkError, PanelError: something that was asked for can't be had.
        """
        if stage is None:
            stage = Stage.open(stack, options, preset, pace)
        clock, notices, midi, device = stage.time, stage.notices, stage.midi, stage.device
        seed = secrets.randbits(31) if options.seed is None else options.seed
        axes = labels(axes_of(checkpoint.about, checkpoint.config.style))
        order = order_of(adopted)
        if options.snapshots is None:
            n_style = checkpoint.config.style
            snapshot_file = SnapshotFile(preset.bank_path, checkpoint.sha256, n_style, order=order)
        else:
            snapshot_file = open_snapshots(options.snapshots, checkpoint, notices.warn, order)
        inbox: SimpleQueue[Item] = SimpleQueue()
        if stage.shown:
            inbox.put(Refresh(at=clock.now(), connected=True))
        performance = choose_performance(options, preset, checkpoint, seed, stage.pace, adopted)

        # The take, and beside it whatever earlier ones still lack.
        recorder = Recorder(
            stage.jams, stage.sample_rate, time=clock, warn=notices.warn, makers=FILES
        )
        if notices.journal is None:
            notices.journal = recorder
        recovery = stack.enter_context(closing(Recovery(stage.jams, notices.warn)))
        if sys.stderr.isatty():
            print(said_in_advance(stage.jams, stage.sample_rate), file=sys.stderr)
        started = datetime.now().astimezone()
        folder = recorder.start(started)
        part_export = stack.enter_context(closing(PartExport(folder, notices.warn)))
        stack.enter_context(closing(recorder))

        # What plays: the renderer, the outputs, the engine.
        heard = Heard.open(
            stage.midi.output,
            device,
            stage.sample_rate,
            clock,
            stage.pace,
            recorder,
            Balance(options.level, options.spread),
            stage.sound,
            offsets=(options.offset_midi or 0.0, options.offset_audio or 0.0),
        )
        again = Again(folder, heard.insert, heard.gate, clock, stage.pace.lead)
        stack.callback(again.close)
        setup = choose_setup(options, preset, performance, midi.inputs, snapshot_file.found)
        if snapshot_file.dropped:
            notices.warn(snapshot_file.dropped)
        engine = Engine(
            setup,
            decoder=decoder,
            encoder=encoder,
            time=clock,
            inbox=inbox,
            outputs=heard.outputs,
            journal=recorder,
            balance=heard.renderer.mixer.balance,
            callbacks=Callbacks(
                begin=partial(ask_for_realtime, DECIDING),
                show=midi.feedback.send if midi.feedback is not None else ignore,
                hear=heard.renderer.mixer.set_balance,
                keep=part_export.keep,
                status=partial(
                    figures, heard.renderer, device, midi, folder, axes, again, lambda: notices.last
                ),
            ),
        )
        begin_with(
            inbox,
            clock.now(),
            notices.warn,
            auto=options.auto,
            answer=options.answer or preset.play.answer,
            chords=preset.play.chords,
        )
        leader, transport = open_leaders(
            engine.clock,
            midi,
            clock,
            options.meter,
            stage.pace.lead,
            transport=bool(options.clock_lead),
        )
        engine.prepare()
        session = cls(
            stage=stage,
            options=options,
            loaded=Loaded(
                *(preset, checkpoint, decoder, encoder, options.patch, options.performer, adopted),
                grid=options.grid or Mode.CLOCK,
            ),
            setup=setup,
            inbox=inbox,
            folder=folder,
            opened=first_entry(options, preset, checkpoint, setup, started, stage.sample_rate),
            recorder=recorder,
            recovery=recovery,
            part_export=part_export,
            snapshot_file=snapshot_file,
            renderer=heard.renderer,
            gate=heard.gate,
            again=again,
            engine=engine,
            leader=leader,
            transport=transport,
            facts=panel_facts(
                default_path() if options.control is None else options.control,
                folder,
                options,
                preset,
                checkpoint,
                stage.sample_rate,
            ),
        )
        if stage.control is None:
            session.attend()
            stage.let_in(options, engine, setup.clock, session.facts)
        return session

    @property
    def preset(self) -> Preset:
        """Whose controls turn which knobs."""
        return self.loaded.preset

    def attend(self) -> None:
        """Be the one whom those reach who come from outside, from now on."""
        stage, engine, encoder = self.stage, self.engine, self.loaded.encoder
        stage.notices.journal = self.recorder
        stage.desk.attend(
            engine.lookout.look,
            partial(_find, encoder),
            self.again.hear,
            lambda: engine.live.snapshots,
            self._keep_now,
        )
        stage.inlet.lead_to(self.inbox)
        if stage.osc is not None:
            stage.osc.attend(engine.live, engine.status)
        if stage.panel is not None and stage.control is not None:
            stage.panel.show(self.facts)

    def record(self, at: float) -> None:
        """Let the take begin: beat 0 falls at `at` seconds."""
        self.recorder.put(replace(self.opened, at=at, origin=at))

    def options_for(self, loaded: Loaded) -> PlayOptions:
        """The options of a session that goes on in this one's place, from something else."""
        options, live = self.options, self.engine.live
        ref, bars = self.engine.clock.ref, options.bars
        over = ref.beat_at(self.stage.time.now()) // options.meter.beats_per_bar
        return replace(
            options,
            preset=str(loaded.preset.path),
            checkpoint=None if loaded.checkpoint.path is None else str(loaded.checkpoint.path),
            style=None if loaded.adopted is None else str(loaded.adopted),
            grid=loaded.grid,
            tempo=ref.tempo,
            swap=str(live.swap),
            bars=None if bars is None else max(bars - int(over), 1),
            auto=None,
            answer=None,
            demo=False,
        )

    def leave(self, at: float) -> None:
        """End a take whose engine was stopped, and whose music another goes on with at `at` seconds.

        What is made of its log is left to `recovery`: the music of the other one plays.
        """
        for leader in (self.leader, self.transport):
            if leader is not None:
                leader.stop()
        while not self.engine.finished():
            time.sleep(0.002)
        self.renderer.stop(at)
        if (ending := self.engine.ending) is not None:
            self.recorder.put(ending)
        self.recorder.close(finish=False)

    def give_up(self) -> None:
        """End what was begun and never heard; no take is left of it."""
        self.engine.stop("another goes on")
        self.renderer.stop()

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
            self.stage.notices.warn(str(error))

    def _keep_now(self) -> None:
        """Write the snapshots, for who has just stored one; in any thread.

        Raises:
            ValueError: that can't be done; one line.
        """
        try:
            self.snapshot_file.keep(self.engine.live.snapshots)
        except BankError as error:
            raise ValueError(
                f"{error}: it can be recalled until this performance ends, and is written once it can be"
            ) from None

    def take(self) -> Take | None:
        """The take, once the session is closed; None if nothing was recorded."""
        return self.recorder.close()  # it is closed, and says again what came of it


def _find(encoder: Encode, tuples: Tuples) -> list[float]:
    """Where a phrase lies on the map, `[8 + U]`; in any thread: nothing is kept between two calls.

    Raises:
        ValueError: it is no phrase.
    """
    return [float(x) for x in encoder.encode(checked_phrase(tuples))]
