"""The stage: what lasts while takes come and go: ports, the sound device, the socket, the panel.

A session is played on it. When another preset or checkpoint is chosen, the next session begins on
the same stage, at a bar line of the one that ends there.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack, closing, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Self

from nesvae_live.app.daw.joinlink import open_link
from nesvae_live.app.during.choices import Chooser
from nesvae_live.app.during.reception import Reception
from nesvae_live.app.notices import Notices
from nesvae_live.app.openpanel import open_panel, say_where
from nesvae_live.app.options import PlayOptions
from nesvae_live.clock.hosttime import PerfTime
from nesvae_live.control.inputs import Refresh
from nesvae_live.engine.engine import Engine
from nesvae_live.engine.live.config import ClockSetup
from nesvae_live.io.audio.device import AudioDevice
from nesvae_live.io.audio.opening import open_audio
from nesvae_live.io.midi.opening import open_midi
from nesvae_live.io.midi.openports import MidiPorts
from nesvae_live.io.midi.ports import OWN_FEEDBACK
from nesvae_live.io.pace import Pace, take_pace
from nesvae_live.io.remote.osc import OscServer
from nesvae_live.io.remote.server import ControlServer
from nesvae_live.panel.facts import PanelFacts
from nesvae_live.panel.keeper import PanelKeeper
from nesvae_live.panel.soundring import SoundRing
from nesvae_live.paths import default_jams_dir
from nesvae_live.presets.preset import Preset


class Inlet(SimpleQueue[Any]):
    """Where ports and sockets put what came in: it goes on to the inbox of the session that plays."""

    def __init__(self) -> None:
        self._to: SimpleQueue[Any] | None = None

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Pass an item on; it waits here while nobody plays. From any thread."""
        del block, timeout
        if (to := self._to) is not None:
            to.put(item)
            return
        super().put(item)
        if (to := self._to) is not None:  # somebody began to play meanwhile
            self._pass_on(to)

    def lead_to(self, inbox: SimpleQueue[Any]) -> None:
        """Pass everything on to an inbox from now on."""
        self._to = inbox
        self._pass_on(inbox)

    def _pass_on(self, inbox: SimpleQueue[Any]) -> None:
        with suppress(Empty):
            while True:
                inbox.put(self.get_nowait())


@dataclass
class Stage:
    """What is open, and closed by `stack`; who needs a session to be opened is added by the first.

    `device` is None if no sound is played, `osc` and `panel` if they weren't asked for. `sound` is what
    is heard, for pages. Whoever
    sets `stopping` ends the performance. `shown` says whether a controller takes values back.
    """

    stack: ExitStack
    time: PerfTime
    notices: Notices
    inlet: Inlet
    midi: MidiPorts
    device: AudioDevice | None
    sample_rate: int
    pace: Pace
    jams: Path
    sound: SoundRing
    chooser: Chooser
    desk: Reception
    stopping: threading.Event = field(default_factory=threading.Event)
    shown: bool = False
    control: ControlServer | None = None
    osc: OscServer | None = None
    panel: PanelKeeper | None = None

    @classmethod
    def open(
        cls, stack: ExitStack, options: PlayOptions, preset: Preset, pace: Pace | None = None
    ) -> Self:
        """Open ports and device; `pace` says how far ahead things are done, None: as they need it.

        Raises:
            MidiError, AudioError, PanelError: something that was asked for can't be had.
        """
        time = PerfTime()
        notices = Notices(time)
        inlet = Inlet()
        midi = stack.enter_context(
            open_midi(
                options.midi_api,
                options.inputs,
                options.midi_out,
                inbox=inlet,
                time=time,
                warn=notices.warn,
                dialect=preset.dialect,
                clock_out=options.clock_out,
                feedback=options.feedback or (OWN_FEEDBACK if preset.layout.shows else None),
            )
        )
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
        rate = device.sample_rate if device else options.sample_rate
        pace = pace or take_pace(device.period if device else midi.period)
        sound = SoundRing(rate, pace.lead)
        chooser = Chooser(midi, device, notices.say, _fixed(options))
        stage = cls(
            stack=stack,
            time=time,
            notices=notices,
            inlet=inlet,
            midi=midi,
            device=device,
            sample_rate=rate,
            pace=pace,
            sound=sound,
            jams=options.jams or default_jams_dir(),
            chooser=chooser,
            desk=Reception(chooser),
            panel=open_panel(stack, options, sound, time, notices.say),
        )
        midi.watch_feedback(stage.take_shown)
        return stage

    def new_inbox(self) -> SimpleQueue[Any]:
        """An inbox for a session; a controller that takes values back asks for them in it."""
        inbox: SimpleQueue[Any] = SimpleQueue()
        if self.shown:
            inbox.put(Refresh(at=self.time.now(), connected=True))
        return inbox

    def take_shown(self, shown: bool) -> None:
        """Take whether somebody receives what a controller is to show."""
        self.shown = shown
        self.inlet.put(Refresh(at=self.time.now(), connected=shown))

    def let_in(
        self, options: PlayOptions, engine: Engine, clock: ClockSetup, facts: PanelFacts
    ) -> None:
        """Open what others reach us by, now that there is something to reach.

        `clock` says how the clock is followed, and the tempo of one that says none.

        Raises:
            MidiError, ControlError, OscError, LinkError: something that was asked for can't be had.
        """
        inlet, time, stack = self.inlet, self.time, self.stack
        if options.clock == "jack":
            self.midi.follow_transport(clock.tempo, options.meter, inlet)
        self.control = ControlServer(inlet, time, options.control, self.desk.look, self.desk.desk)
        self.control.open()
        stack.enter_context(closing(self.control))
        if options.osc is not None:
            live, status, to = engine.live, engine.status, options.osc_to
            self.osc = OscServer(inlet, time, live, status, options.osc, to)
            self.osc.open()
            stack.enter_context(closing(self.osc))
        link = open_link(
            options.clock,
            clock,
            options.meter.beats_per_bar,
            engine.clock_waits,
            start_stop=options.link_start_stop,
            inbox=inlet,
            time=time,
        )
        stack.enter_context(link or nullcontext())
        if self.panel is not None:
            self.panel.show(facts)
            say_where(self.panel.door, options, self.notices.say)

    def hang_up(self) -> None:
        """Leave who reaches us from outside; the music is over."""
        for outside in (self.panel, self.osc, self.control):
            if outside is not None:
                outside.close()


def _fixed(options: PlayOptions) -> str:
    """Why another session can't go on in the place of one that plays; empty if it can."""
    if options.follows:
        return "not while following another clock: choose the preset and checkpoint at the start"
    if options.clock_out or options.clock_lead:
        return "not while others follow our clock: choose the preset and checkpoint at the start"
    return ""
