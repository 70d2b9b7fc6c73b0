"""What the main thread looks at while the music plays: what was lost, what came and what went."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence

from nesvae_live.app.demo import Gesture
from nesvae_live.app.notices import Notices, StatusLine
from nesvae_live.app.session import Session
from nesvae_live.control.inputs import SetKnob
from nesvae_live.io.audio.device import AudioDevice
from nesvae_live.io.midi.openports import MidiPorts
from nesvae_live.presets.catalogue import known_controllers
from nesvae_live.presets.preset import Preset
from nesvae_live.presets.presetfile import Saver


class ConnectionWatch:
    """Looks after the sound device (None: there is none) and the MIDI ports; the main thread's."""

    def __init__(self, device: AudioDevice | None, midi: MidiPorts, notices: Notices) -> None:
        self._device = device
        self._midi = midi
        self._notices = notices
        self._lost: dict[str, str] = {}
        self._seen: dict[str, list[str]] = {}
        self._panics = 0

    @property
    def has_midi(self) -> bool:
        """Whether MIDI is not lost."""
        return "MIDI" not in self._lost

    def look(self, panics: int) -> None:
        """Look, about twice a second; `panics` is how many there were.

        Parts that are lost for one reason are said in one line: so it waits for a second look.
        """
        lost: dict[str, list[str]] = {}
        for name, part in (("sound", self._device), ("MIDI", self._midi)):
            reason = part.lost() if part is not None and name not in self._lost else None
            if reason is not None:
                lost.setdefault(reason, []).append(name)
        if lost == self._seen:
            for reason, names in lost.items():
                self._lost.update(dict.fromkeys(names, reason))
                self._notices.warn(
                    f"{reason}: the music goes on into the take, without {' or '.join(names)}"
                )
        self._seen = lost
        if self._device is not None and "sound" in self._lost:
            self._recover("sound", self._device)
        if "MIDI" in self._lost:
            self._recover("MIDI", self._midi)
        elif "MIDI" not in lost.get(self._midi.lost() or "", ()):
            before, self._panics = self._panics, panics
            for line in self._midi.tend(panicked=panics != before):
                self._notices.say(line)

    def _recover(self, name: str, part: AudioDevice | MidiPorts) -> None:
        """Get the sound or MIDI back; of every loss and every return one line is said."""
        reason = part.lost()
        if reason is None:
            del self._lost[name]
            self._notices.forget()
            self._notices.warn(f"{'the sound' if name == 'sound' else name} is back")
            return
        part.recover()
        if reason != self._lost[name]:
            self._lost[name] = reason
            self._notices.warn(f"{reason}: there is no {name}")


OURS = "nesvae_live"


class Hotplug:
    """Looks at the ports that there are, and proposes a controller's preset once.

    Args:
        there: the names of the ports that there are.
        known: presets of controllers.
        playing: the preset in use.
        say: takes one line for a person.
    """

    def __init__(
        self,
        there: Callable[[], Iterable[str]],
        known: Sequence[Preset],
        playing: Preset,
        say: Callable[[str], None],
    ) -> None:
        self._there = there
        self._known = known
        self._playing = playing
        self._say = say
        self._seen: set[str] = set()

    def look(self) -> None:
        """Look; from one thread, about once a second."""
        lines: dict[str, str] = {}  # JACK has a port for each way: one line a controller
        for name in sorted(name for name in self._there() if OURS not in name):
            line = proposal(name, self._known, self._playing.name)
            if line is not None:
                lines.setdefault(line.split(" is at ", 1)[0], line)
        for controller, line in lines.items():
            if controller not in self._seen:
                self._say(line)
        self._seen = set(lines)


def proposal(port: str, known: Sequence[Preset], playing: str = "") -> str | None:
    """The line that proposes a preset for a port; None: it is no known controller's, or in use."""
    found = [p for p in known if p.controller is not None and p.controller.port_among([port])]
    if not found or any(p.name == playing for p in found):
        return None
    preset = found[0]
    assert preset.controller is not None  # that is how it was found
    which = " or ".join(p.name for p in found)
    return (
        f"{preset.controller.name} is at {port!r}, and its preset is {which}: "
        f"play --preset {preset.name} --midi-in {preset.controller.ports[0]!r}"
    )


POLL_SECONDS = 0.1
PORT_POLLS = 10
"""Which ports there are is asked every so many polls."""
LOST_POLLS = 5
"""Whether a port or device was lost is asked every so many polls."""


class Watch:
    """Looks after a stage on which the music plays; `at` is the time of beat 0, in seconds."""

    def __init__(self, session: Session, at: float) -> None:
        self._session = session
        self._at = at
        self._gesture = Gesture() if session.options.demo else None
        say, preset = session.notices.say, session.preset
        self._saver = Saver(session.engine.sequencer.dispatcher.midi_learn, preset, say)
        self._hotplug = Hotplug(session.midi.sources, known_controllers(), preset, say)
        self._connections = ConnectionWatch(session.device, session.midi, session.notices)
        self._polls = 0

    def until_over(self) -> str:
        """Look, until it is over or stopped; why it ended.

        Raises:
            Exception: what failed in a thread of the engine, the sound or the recorder.
        """
        session = self._session
        status = StatusLine(sys.stderr, session.options.status)
        try:
            while not session.stopping.wait(POLL_SECONDS):
                if session.engine.sequencer.done.is_set():
                    return session.engine.sequencer.why
                self._look()
                status.show(session.engine.status)
        finally:
            status.end()
        return "it was stopped"

    def _look(self) -> None:
        session = self._session
        session.check()
        self._turn_knobs()
        if warning := session.engine.clock.warning:
            session.notices.warn(warning)
        self._polls += 1
        self._saver.look()
        if self._polls % LOST_POLLS == 0:
            session.recovery.poll()
            session.part_export.poll()
            self._connections.look(session.engine.sequencer.counters.panics)
            session.keep_snapshots()
            self._look_at_osc()
        if self._polls % PORT_POLLS == 0 and self._connections.has_midi:
            self._hotplug.look()

    def _turn_knobs(self) -> None:
        """Turn those of the demo."""
        session = self._session
        now = session.time.now()
        bar = (
            (now - self._at)
            * session.setup.clock.tempo
            / 60.0
            / session.options.meter.beats_per_bar
        )
        for knob, value in self._gesture.due(bar) if self._gesture else ():
            session.inbox.put(SetKnob(knob, value, at=now))

    def _look_at_osc(self) -> None:
        osc = self._session.osc
        if osc is not None and (reason := osc.lost()) is not None:
            self._session.notices.warn(f"{reason}: the music goes on")
