"""What the main thread watches during play: lost connections, controllers, saved settings."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from nesvae_live.app.during.choices import Loaded
from nesvae_live.app.during.demo import Gesture
from nesvae_live.app.during.pausing import Pausing
from nesvae_live.app.notices import Notices, StatusLine
from nesvae_live.app.say import Say, say
from nesvae_live.app.session import Session
from nesvae_live.control.inputs import SetKnob
from nesvae_live.io.audio.device import AudioDevice
from nesvae_live.io.midi.openports import MidiPorts
from nesvae_live.io.remote.client import default_path
from nesvae_live.panel.terminal.child import KEYS, PICTURE
from nesvae_live.panel.terminal.facts import ViewFacts
from nesvae_live.panel.terminal.keeper import ViewKeeper
from nesvae_live.panel.terminal.screen import can_be_taken
from nesvae_live.presets.catalogue import known_controllers
from nesvae_live.presets.preset import Preset
from nesvae_live.presets.presetfile import Saver


class ConnectionWatch:
    """Watches the sound device, if there is one, and the MIDI ports, and gets them back.

    It belongs to the main thread.
    """

    def __init__(self, device: AudioDevice | None, midi: MidiPorts, notices: Notices) -> None:
        self._device = device
        self._midi = midi
        self._notices = notices
        self._lost: dict[str, str] = {}
        self._seen: dict[str, list[str]] = {}

    @property
    def has_midi(self) -> bool:
        """Whether MIDI is there: it is not lost."""
        return "MIDI" not in self._lost

    def poll(self) -> None:
        """Look for what was lost or came back; to be called about twice a second.

        What is lost for the same reason is told in one line, so a loss is told when it is seen a
        second time.
        """
        lost: dict[str, list[str]] = {}
        for name, part in (("sound", self._device), ("MIDI", self._midi)):
            reason = part.lost() if part is not None and name not in self._lost else None
            if reason is not None:
                lost.setdefault(reason, []).append(name)
        if lost == self._seen:
            for reason, names in lost.items():
                self._lost.update(dict.fromkeys(names, reason))
                self._notices.warn(f"{reason}: the take goes on, without {' or '.join(names)}")
        self._seen = lost
        if self._device is not None and "sound" in self._lost:
            self._recover("sound", self._device)
        if "MIDI" in self._lost:
            self._recover("MIDI", self._midi)
        elif "MIDI" not in lost.get(self._midi.lost() or "", ()):
            for line in self._midi.tend():
                self._notices.say(line)

    def _recover(self, name: str, part: AudioDevice | MidiPorts) -> None:
        """Try to get the sound or MIDI back; each loss and each return is told in one line."""
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
    """Watches which ports there are, and proposes a known controller's preset when one appears.

    Args:
        there: returns the names of the ports that there are.
        known: the presets of known controllers.
        playing: the preset in use.
        say: takes one line for a person.
    """

    def __init__(
        self,
        there: Callable[[], Iterable[str]],
        known: Sequence[Preset],
        playing: Preset,
        say: Say,
    ) -> None:
        self._there = there
        self._known = known
        self._playing = playing
        self._say = say
        self._seen: set[str] = set()

    def poll(self) -> None:
        """Look at the ports; to be called from one thread, about once a second."""
        lines: dict[str, str] = {}  # one for each controller: JACK has a port for each direction
        for name in sorted(name for name in self._there() if OURS not in name):
            line = proposal(name, self._known, self._playing.name)
            if line is not None:
                lines.setdefault(line.split(" is at ", 1)[0], line)
        for controller, line in lines.items():
            if controller not in self._seen:
                self._say(line)
        self._seen = set(lines)


def proposal(port: str, known: Sequence[Preset], playing: str = "") -> str | None:
    """The line that proposes a preset for a port.

    None if the port is no known controller's, or if the preset `playing` is already one of its.
    """
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


def open_view(session: Session, stop: Callable[[], None]) -> ViewKeeper | None:
    """The live view of a session, where there is a terminal for it; None: a status line will do.

    Ctrl-Z leaves the terminal first, and then does `stop`.
    """
    is_plain = "NO_COLOR" in os.environ or os.environ.get("TERM", "dumb") == "dumb"
    if is_plain or session.options.status is False:
        return None
    if not can_be_taken(KEYS, PICTURE):
        return None
    options, panel = session.options, session.stage.panel
    facts = ViewFacts(
        control=options.control or default_path(),
        checkpoint=Path(session.opened.checkpoint).stem,
        preset=session.preset.name,
        n_style=len(session.setup.performance.style),
        panel=None if panel is None else panel.door.address,
    )
    view = ViewKeeper(facts, say, stop)
    session.stage.notices.tell = view.say
    return view


POLL_SECONDS = 0.1
PORT_POLLS = 10
"""After how many polls it is asked again which ports there are."""
LOST_POLLS = 5
"""After how many polls it is asked again whether a port or the device was lost."""


class Watch:
    """Watches a session during play; `at` is the time of beat 0, in seconds."""

    def __init__(self, session: Session, at: float) -> None:
        self._session = session
        self._at = at
        self._gesture = Gesture() if session.options.demo else None
        stage, preset = session.stage, session.preset
        say, notices = stage.notices.say, stage.notices
        self._saver = Saver(session.engine.sequencer.dispatcher.midi_learn, preset, say)
        self._hotplug = Hotplug(stage.midi.unused, known_controllers(), preset, say)
        self._connections = ConnectionWatch(stage.device, stage.midi, notices)
        self._pausing = Pausing(session.inbox, stage.time, say)
        self._polls = 0

    def until_over(self) -> str | Loaded:
        """Watch until the music is over or stopped; returns why it ended.

        If something else was chosen to be played from, that is returned, once it is loaded; the music
        goes on.

        Raises:
            Exception: what went wrong in a thread of the engine, the renderer or the recorder.
        """
        with self._pausing.on_ctrl_z():
            return self._until_over()

    def _until_over(self) -> str | Loaded:
        session = self._session
        view = open_view(session, self._pausing.stop)
        status = StatusLine(sys.stderr, session.options.status)
        try:
            while not session.stage.stopping.wait(POLL_SECONDS):
                if session.engine.sequencer.done.is_set():
                    return session.engine.sequencer.why
                self._poll()
                if (loaded := session.stage.chooser.poll()) is not None:
                    return loaded
                if view is not None and view.is_there:
                    view.look()
                else:
                    status.show(session.engine.status)
        finally:
            status.end()
            if view is not None:
                view.close()
                session.stage.notices.tell = say
        return "it was stopped"

    def _poll(self) -> None:
        session, stage = self._session, self._session.stage
        session.check()
        self._turn_knobs()
        self._pausing.poll()
        if warning := session.engine.clock.warning:
            stage.notices.warn(warning)
        self._polls += 1
        self._saver.poll()
        if stage.panel is not None:
            stage.panel.look()
        if self._polls % LOST_POLLS == 0:
            session.recording.recovery.poll()
            session.recording.part_export.poll()
            self._connections.poll()
            session.keep_snapshots()
            self._check_osc()
        if self._polls % PORT_POLLS == 0 and self._connections.has_midi:
            self._hotplug.poll()
            stage.chooser.see_ports()

    def _turn_knobs(self) -> None:
        """Turn the knobs as the demo's script has it, if this is the demo."""
        session = self._session
        now = session.stage.time.now()
        beat = (now - self._at) * session.setup.clock.tempo / 60.0
        bar = beat / session.options.meter.beats_per_bar
        for knob, value in self._gesture.due(bar) if self._gesture else ():
            session.inbox.put(SetKnob(knob, value, at=now))

    def _check_osc(self) -> None:
        stage = self._session.stage
        if stage.osc is not None and (reason := stage.osc.lost()) is not None:
            stage.notices.warn(f"{reason}: the music plays on")
