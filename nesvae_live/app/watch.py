"""The watch over a performance: what the main thread looks at while the music plays."""

from __future__ import annotations

import sys

from nesvae_live.app.demo import Gesture
from nesvae_live.app.hotplug import Hotplug
from nesvae_live.app.losses import Losses
from nesvae_live.app.session import Stage
from nesvae_live.app.statusline import StatusLine
from nesvae_live.control.inputs import SetKnob
from nesvae_live.presets.catalogue import known_controllers
from nesvae_live.presets.presetfile import Saver

POLL_SECONDS = 0.1
PORT_POLLS = 10
"""Which ports there are is asked every so many polls."""
LOST_POLLS = 5
"""Whether a port or device was lost is asked every so many polls."""


class Watch:
    """Looks after a stage on which the music plays; `at` is the time of beat 0, in seconds."""

    def __init__(self, stage: Stage, at: float) -> None:
        self._stage = stage
        self._at = at
        self._gesture = Gesture() if stage.options.demo else None
        say, preset = stage.notices.say, stage.preset
        self._saver = Saver(stage.engine.sequencer.desk.learner, preset, say)
        self._hotplug = Hotplug(stage.midi.sources, known_controllers(), preset, say)
        self._losses = Losses(stage.device, stage.midi, stage.notices)
        self._polls = 0

    def until_over(self) -> str:
        """Look, until it is over or stopped; why it ended.

        Raises:
            Exception: what failed in a thread of the engine, the sound or the recorder.
        """
        stage = self._stage
        status = StatusLine(sys.stderr, stage.options.status)
        try:
            while not stage.stopping.wait(POLL_SECONDS):
                if stage.engine.sequencer.done.is_set():
                    return stage.engine.sequencer.why
                self._look()
                status.show(stage.engine.status)
        finally:
            status.end()
        return "it was stopped"

    def _look(self) -> None:
        stage = self._stage
        stage.engine.check()
        stage.renderer.check()
        stage.recorder.check()
        self._turn_knobs()
        if warning := stage.engine.clock.warning:
            stage.notices.warn(warning)
        self._polls += 1
        self._saver.look()
        if self._polls % LOST_POLLS == 0:
            stage.completing.look()
            stage.keeping.look()
            self._losses.look(stage.engine.sequencer.counters.panics)
            stage.keep_snapshots()
            self._look_at_osc()
        if self._polls % PORT_POLLS == 0 and self._losses.has_midi:
            self._hotplug.look()

    def _turn_knobs(self) -> None:
        """Turn those of the demo."""
        stage = self._stage
        now = stage.time.now()
        bar = (now - self._at) * stage.tempo / 60.0 / stage.options.meter.beats_per_bar
        for knob, value in self._gesture.due(bar) if self._gesture else ():
            stage.inbox.put(SetKnob(knob, value, now))

    def _look_at_osc(self) -> None:
        osc = self._stage.osc
        if osc is not None and (reason := osc.lost()) is not None:
            self._stage.notices.warn(f"{reason}: the music goes on")
