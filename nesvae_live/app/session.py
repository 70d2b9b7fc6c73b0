"""The session: a take, and what plays it on the stage."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Self

from nesvae_live.app.during.again import Again
from nesvae_live.app.during.beginning import begin_with
from nesvae_live.app.during.choices import Loaded
from nesvae_live.app.during.heard import Heard, callbacks
from nesvae_live.app.during.recording import Recording
from nesvae_live.app.files.encode import open_snapshots
from nesvae_live.app.openpanel import panel_facts
from nesvae_live.app.options import PlayOptions, choose_performance, choose_setup, first_entry
from nesvae_live.app.stage import Stage
from nesvae_live.engine.engine import Engine
from nesvae_live.engine.live.config import Setup
from nesvae_live.engine.phrases.request import Item
from nesvae_live.io.midi.clocksender import ClockSender
from nesvae_live.io.midi.leading import open_leaders
from nesvae_live.io.midi.transportslots import TransportSender
from nesvae_live.io.pace import Pace
from nesvae_live.latent.adopted import order_of
from nesvae_live.latent.axes import axes_of, labels
from nesvae_live.log.entries import Opened
from nesvae_live.music.balance import Balance
from nesvae_live.panel.facts import PanelFacts
from nesvae_live.presets.preset import Preset
from nesvae_live.presets.snapshotbank import BankError, SnapshotFile
from nesvae_live.take.recorder import Recorder, Take
from nesvae_live.take.recover import FILES


@dataclass(frozen=True, slots=True)
class Session:
    """A take and what plays it on a stage; the stack that `open` is given closes it.

    `opened` is the first entry of the take's log, except for the time of beat 0. `leaders` let others
    follow our clock, where they are to.
    """

    stage: Stage
    options: PlayOptions
    loaded: Loaded
    setup: Setup
    inbox: SimpleQueue[Item]
    recording: Recording
    opened: Opened
    snapshot_file: SnapshotFile
    heard: Heard
    again: Again
    engine: Engine
    leaders: tuple[ClockSender | TransportSender, ...]
    facts: PanelFacts

    @classmethod
    def open(
        cls,
        stack: ExitStack,
        options: PlayOptions,
        loaded: Loaded,
        pace: Pace | None = None,
        stage: Stage | None = None,
    ) -> Self:
        """Open everything, in the order in which a failure costs least; it closes in reverse.

        Without a `stage` that is opened too, with the `pace` that says how far ahead things are done
        (None: as this machine and its device need it). Nothing is played before `play.begin`.

        Raises:
            ConfigError, BankError, MidiError, AudioError, RecordError, ControlError, OscError,
                LinkError, PanelError: something that was asked for can't be had.
        """
        preset, checkpoint = loaded.preset, loaded.checkpoint
        # The stage, and what is only read.
        stage = stage or Stage.open(stack, options, preset, pace)
        seed = secrets.randbits(31) if options.seed is None else options.seed
        snapshot_file = _open_snapshots(options, loaded, stage.notices.warn)
        inbox = stage.new_inbox()
        performance = choose_performance(
            options, preset, checkpoint, seed, stage.pace, loaded.adopted
        )
        # The take, and beside it whatever earlier ones still lack.
        recording = _open_recording(stack, stage)
        # What plays: the renderer, the outputs, the engine, and who leads others by its clock.
        heard = Heard.open(
            stage.midi.output,
            stage.device,
            stage.sample_rate,
            stage.time,
            stage.pace,
            recording.recorder,
            Balance(options.level, options.spread),
            stage.sound,
            offsets=(options.offset_midi or 0.0, options.offset_audio or 0.0),
        )
        again = Again(recording.folder, heard.insert, heard.gate, stage.time, stage.pace.lead)
        stack.callback(again.close)
        setup = choose_setup(options, preset, performance, stage.midi.inputs, snapshot_file.found)
        if snapshot_file.dropped:
            stage.notices.warn(snapshot_file.dropped)
        engine = _make_engine(stage, loaded, setup, inbox, recording, heard, again)
        begin_with(
            inbox,
            stage.time.now(),
            stage.notices.warn,
            auto=options.auto,
            answer=options.answer or preset.play.answer,
            chords=preset.play.chords,
        )
        leaders = open_leaders(
            engine.clock,
            stage.midi,
            stage.time,
            options.meter,
            stage.pace.lead,
            transport=bool(options.clock_lead),
        )
        engine.prepare()
        session = cls(
            stage=stage,
            options=options,
            loaded=loaded,
            setup=setup,
            inbox=inbox,
            recording=recording,
            opened=first_entry(
                options, preset, checkpoint, setup, recording.started, stage.sample_rate
            ),
            snapshot_file=snapshot_file,
            heard=heard,
            again=again,
            engine=engine,
            leaders=leaders,
            facts=panel_facts(recording.folder, options, loaded, stage.sample_rate),
        )
        # Who reaches us from outside, once there is something to reach.
        if stage.control is None:
            session.attend()
            stage.let_in(options, engine, setup.clock, session.facts)
        return session

    @property
    def folder(self) -> Path:
        """The take's."""
        return self.recording.folder

    @property
    def preset(self) -> Preset:
        """Whose controls turn which knobs."""
        return self.loaded.preset

    def attend(self) -> None:
        """Be the one whom those reach who come from outside, from now on."""
        stage, engine = self.stage, self.engine
        stage.notices.journal = self.recording.recorder
        stage.desk.attend(
            engine.lookout.look,
            self.loaded.encoder,
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
        self.recording.recorder.put(replace(self.opened, at=at, origin=at))

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
        for leader in self.leaders:
            leader.stop()
        while not self.engine.finished():
            time.sleep(0.002)
        self.heard.renderer.stop(at)
        if (ending := self.engine.ending) is not None:
            self.recording.recorder.put(ending)
        self.recording.recorder.close(finish=False)

    def give_up(self) -> None:
        """End what was begun and never heard; no take is left of it."""
        self.engine.stop("another goes on")
        self.heard.renderer.stop()

    def check(self) -> None:
        """Raise what went wrong in a thread of the engine, the renderer or the recorder, if any."""
        self.engine.check()
        self.heard.renderer.check()
        self.recording.recorder.check()

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
        return self.recording.recorder.close()  # it is closed, and says again what came of it


def _open_snapshots(
    options: PlayOptions, loaded: Loaded, warn: Callable[[str], None]
) -> SnapshotFile:
    """The snapshots of a file that was named, or those that lie beside the preset."""
    checkpoint, order = loaded.checkpoint, order_of(loaded.adopted)
    if options.snapshots is not None:
        return open_snapshots(options.snapshots, checkpoint, warn, order)
    return SnapshotFile(
        loaded.preset.bank_path, checkpoint.sha256, checkpoint.config.style, order=order
    )


def _open_recording(stack: ExitStack, stage: Stage) -> Recording:
    """A take on a stage, whose notices the first one gets from its beginning on."""
    notices = stage.notices
    recorder = Recorder(
        stage.jams, stage.sample_rate, time=stage.time, warn=notices.warn, makers=FILES
    )
    if notices.journal is None:
        notices.journal = recorder
    return Recording.open(stack, recorder, stage.jams, stage.sample_rate, notices.warn)


def _make_engine(
    stage: Stage,
    loaded: Loaded,
    setup: Setup,
    inbox: SimpleQueue[Item],
    recording: Recording,
    heard: Heard,
    again: Again,
) -> Engine:
    checkpoint, notices = loaded.checkpoint, stage.notices
    axes = labels(axes_of(checkpoint.about, checkpoint.config.style))
    return Engine(
        setup,
        decoder=loaded.decoder,
        encoder=loaded.encoder,
        time=stage.time,
        inbox=inbox,
        outputs=heard.outputs,
        journal=recording.recorder,
        balance=heard.renderer.mixer.balance,
        callbacks=callbacks(
            *(heard, stage.device, stage.midi, recording, again, axes, lambda: notices.last)
        ),
    )
