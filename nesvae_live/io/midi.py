"""MIDI ports through RtMidi (ALSA, JACK, CoreMIDI, WinMM): messages in, notes out on time."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

from nesvae_live.cables import Cables
from nesvae_live.dialect import GENERAL, Speaker
from nesvae_live.feedbacksender import FeedbackSender
from nesvae_live.jackkeeper import JackKeeper
from nesvae_live.jackwatch import JackWatch
from nesvae_live.midiports import (
    APIS,
    AUTO,
    MidiError,
    MidiUnavailableError,
    choose,
    list_ports,
)
from nesvae_live.midireading import Reading
from nesvae_live.midislot import RTMIDI_ERRORS, Slot
from nesvae_live.portpoll import PortPoll
from nesvae_live.protocols import Time
from nesvae_live.sender import DeadlineSender

__all__ = ["Midi", "MidiError", "list_ports", "open_midi"]

IN_CLIENT, IN_PORT = "nesvae_live_in", "nesvae_live in"
OUT_CLIENT, OUT_PORT = "nesvae_live_out", "nesvae_live out"
CLOCK_CLIENT, CLOCK_PORT = "nesvae_live_clock", "nesvae_live clock"
FEEDBACK_CLIENT, FEEDBACK_PORT = "nesvae_live_feedback", "nesvae_live feedback"
OWN_FEEDBACK = ""
"""In a port's place: feedback goes to a virtual port."""


class Midi:
    """Open ports; made by `open_midi`, closed by `close` or at the end of a `with`.

    `api` is the system in use (`none`: there are no ports), `inputs` the names of the ports that
    are read, `output` takes the notes (None: there is no port to write to), `send_clock` sends a
    message of MIDI clock now (None: that port was not asked for). `clock_joined` is called when
    somebody may wait for that clock to say where it is. `feedback` takes what a controller is to
    show (None: it was not asked for).

    `lost`, `recover`, `tend` and `close` are the main thread's.
    """

    def __init__(self, api: str, time: Time, watch: JackWatch | None = None) -> None:
        self.api = api
        self.inputs: tuple[str, ...] = ()
        self.output: DeadlineSender | None = None
        self.send_clock: Callable[[Sequence[int]], None] | None = None
        self.clock_joined: Callable[[], None] = lambda: None
        self.feedback: FeedbackSender | None = None
        self._feedback_heard: Callable[[bool], None] | None = None
        self._time = time
        self._watch = watch
        self._slots: list[Slot] = []
        self._out: Slot | None = None
        self._cables = Cables()
        self._keeper: JackKeeper | None = None
        self._poll: PortPoll | None = None
        self._reading: Reading | None = None
        self._left = False  # the ports of a server that is gone have been given up

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def lost(self) -> str | None:
        """Why MIDI is lost, in one line, or None; ask about twice a second."""
        if self._watch is not None and (reason := self._watch.lost()) is not None:
            return reason
        if self.output is not None and self.output.error is not None:
            return f"the MIDI output failed ({self.output.error})"
        return None

    def recover(self) -> None:
        """Get a lost JACK server's ports back; ask again, about twice a second, while it is lost.

        A server that hangs comes back by itself. One that went away takes our ports with it: they
        are opened on the next one, under the same names, and connected as they were.
        """
        watch = self._watch
        if watch is None or watch.stalled or watch.lost() is None:
            return
        if not self._left:
            self._left = True
            for slot in self._slots:
                slot.abandon()
            if self._keeper is not None:
                self._keeper.close(abandon=True)
            watch.close()
            self._cables.lose()
            if self.output is not None:
                self.output.doubt()
        try:
            self._watch = JackWatch(self._time)
        except OSError:
            return
        self._left = False
        with contextlib.suppress(MidiError):  # it went away again, or the next look mends it
            self.keep()

    def tend(self, *, panicked: bool = False) -> list[str]:
        """Mend what came and went; about twice a second while nothing is lost.

        Args:
            panicked: there was a panic since: open anew what seems to hear nothing.

        Returns:
            What a person should know, a line each.
        """
        if self._keeper is not None:
            return self._keeper.look(eager=panicked)
        return self._poll.look() if self._poll is not None else []

    def sources(self) -> frozenset[str]:
        """The names of the ports that there are now; about once a second while nothing is lost."""
        if self._watch is not None:
            return frozenset(self._watch.midi_ports())
        return self._poll.sources() if self._poll is not None else frozenset()

    def silence(self, *, panic: bool = False) -> None:
        """End every note now, drop what is held; a panic trusts no books."""
        if self.output is not None:
            self.output.silence(panic=panic)

    def lateness_ms(self) -> dict[str, float]:
        """How long after their time notes were sent, in milliseconds, and how many were late."""
        if self.output is None:
            return {"p50": 0.0, "p99": 0.0, "max": 0.0, "late": 0}
        figures = self.output.lateness()
        return {
            "p50": round(figures.p50 * 1e3, 3),
            "p99": round(figures.p99 * 1e3, 3),
            "max": round(figures.worst * 1e3, 3),
            "late": figures.late,
        }

    def close(self) -> None:
        """End every note and let go of the ports, whatever state they are in."""
        if self.output is not None:
            self.output.stop()
        if self.feedback is not None:
            self.feedback.stop()
        if self._reading is not None:
            self._reading.stop()
        gone = self._watch is not None and self._watch.gone
        slots, self._slots = self._slots, []
        for slot in slots:
            # libjack would wait for the server's answer, for a second or for ever.
            slot.abandon() if gone else slot.close()
        if self._keeper is not None:
            self._keeper.close(abandon=gone)
        if self._poll is not None:
            self._poll.close()
        if self._watch is not None:
            self._watch.close()

    def read(self, slot: Slot, inbox: SimpleQueue[Any]) -> None:
        """Make a slot an input."""
        slot.listen(inbox, self._time)
        self._slots.append(slot)
        self.inputs += (slot.label,)

    def write(self, slot: Slot, speaker: Speaker) -> None:
        """Make a slot the output."""
        self._slots.append(slot)
        self._out = slot
        self.output = DeadlineSender(
            lambda event: self._transmit(slot, *speaker.messages(event)),
            lambda panic: self._transmit(slot, *speaker.all_off(panic=panic)),
            self._time,
        )

    def lead(self, slot: Slot) -> None:
        """Make a slot the one of the clock that others follow."""
        self._slots.append(slot)
        self.send_clock = lambda data: self._transmit(slot, tuple(data))

    def show(self, slot: Slot) -> None:
        """Make a slot the one to the controller."""
        self._slots.append(slot)
        self.feedback = FeedbackSender(lambda message: self._transmit(slot, message))

    @property
    def tells(self) -> bool:
        """Whether it is known who is connected with a virtual port."""
        return self._watch is not None

    def watch_feedback(self, tell: Callable[[bool], None]) -> None:
        """Let `tell` know when somebody hears the feedback, and when nobody does any more."""
        self._feedback_heard = tell
        if self.feedback is not None and not self.tells:
            tell(True)  # the port that was named is there

    def _tell_feedback(self, *, heard: bool) -> None:
        if self._feedback_heard is not None:
            self._feedback_heard(heard)

    def begin(self) -> None:
        """Start what sends and reads; every slot is open."""
        if self.output is not None:
            self.output.start()
        if self.feedback is not None:
            self.feedback.start()
        self._reading = Reading([slot for slot in self._slots if slot.polled])
        self._reading.start()

    def keep(self) -> None:
        """Open every slot, and begin to look after them.

        Raises:
            MidiError: one can't be opened.
        """
        if self._watch is None:
            names = list_ports(self.api)
            for slot in self._slots:
                slot.open(names.inputs if slot.kind == "MidiIn" else names.outputs)
            self._poll = PortPoll(self.api, self._slots, lost=self._lost, found=self._found)
        else:
            self._keeper = JackKeeper(
                self._watch,
                self._slots,
                self._cables,
                self._time,
                lost=self._lost,
                found=self._found,
                joined=self._joined,
            )
            for slot in self._slots:
                self._keeper.open(slot)
            self._keeper.start()

    def _lost(self, slot: Slot) -> None:
        if slot is self._out and self.output is not None:
            self.output.doubt()
        if slot.client == FEEDBACK_CLIENT and slot.wanted is not None:
            self._tell_feedback(heard=False)

    def _found(self, slot: Slot) -> None:
        if slot is self._out and self.output is not None:
            self.output.heal()
        self._joined(slot)

    def _joined(self, slot: Slot) -> None:
        if slot.client == CLOCK_CLIENT:
            self.clock_joined()
        elif slot.client == FEEDBACK_CLIENT:
            self._tell_feedback(heard=True)

    def _transmit(self, slot: Slot, *messages: tuple[int, ...]) -> None:
        """Send now. Runs in the sender's thread.

        Once a JACK server is gone nobody empties RtMidi's ring, and whoever writes to it when it
        is full waits for ever and holds the GIL: so nothing is written then.
        """
        if self._watch is None or not self._watch.gone:
            for message in messages:
                slot.send(message)


def open_midi(
    api: str,
    inputs: Sequence[str],
    output: str | None,
    *,
    inbox: SimpleQueue[Any],
    time: Time,
    warn: Callable[[str], None],
    dialect: str = GENERAL,
    clock_out: bool = False,
    feedback: str | None = None,
) -> Midi:
    """Open the ports that are named, virtual ones where none is.

    On JACK open them before pyo and close them after it: RtMidi holds the GIL while it waits for
    the server, the server for pyo's callback, and that for the GIL, seconds long.

    Args:
        api: a key of `APIS`, `none`, or `auto`: the first system of the platform that works
            here; where none does, `warn` hears why, and there are no ports.
        inputs: parts of the names of the ports to read; none: the virtual port `nesvae_live in`.
        output: part of the name of the port to write to; None: the virtual `nesvae_live out`.
        inbox: takes a `MidiIn` for each message, from RtMidi's threads, or under JACK from ours.
        time: the clock of stamps and deadlines.
        warn: takes one line for a person.
        clock_out: open the virtual port `nesvae_live clock` too, for a clock of ours.
        feedback: part of the name of the controller's port that takes values back, or
            `OWN_FEEDBACK` for the virtual port `nesvae_live feedback`, on JACK, where it can be told
            whether anybody hears it: who is taken for moved and isn't, jumps.
        dialect: how events are said, one of `dialect.DIALECTS`.

    Raises:
        MidiError: what was asked for can't be opened.
    """
    if api == "auto":
        return _open_any(inputs, output, inbox, time, warn, dialect, clock_out, feedback)
    if api != "none":
        return _open(api, inputs, output, inbox, time, warn, dialect, clock_out, feedback)
    if inputs or output is not None or feedback:
        raise MidiError("a MIDI port is named, but the MIDI API is none: name an API, or no port")
    return Midi("none", time)


def _open_any(
    inputs: Sequence[str],
    output: str | None,
    inbox: SimpleQueue[Any],
    time: Time,
    warn: Callable[[str], None],
    dialect: str,
    clock_out: bool,
    feedback: str | None,
) -> Midi:
    faults = []
    for api in AUTO.get(sys.platform, ("jack",)):
        try:
            return _open(api, inputs, output, inbox, time, warn, dialect, clock_out, feedback)
        except MidiUnavailableError as error:
            faults.append(str(error))
    if inputs or output is not None or feedback:
        wanted = ", ".join(repr(name) for name in (*inputs, *filter(None, [output, feedback])))
        raise MidiError(f"no MIDI to find {wanted} in ({'; '.join(faults)})")
    warn(f"no MIDI ports ({'; '.join(faults)})")
    return Midi("none", time)


def _open(
    api: str,
    inputs: Sequence[str],
    output: str | None,
    inbox: SimpleQueue[Any],
    time: Time,
    warn: Callable[[str], None],
    dialect: str,
    clock_out: bool,
    feedback: str | None,
) -> Midi:
    there = list_ports(api)
    virtual = APIS[api].virtual
    if clock_out and not virtual:
        raise MidiError(f"{APIS[api].label}: it has no virtual ports, so no clock can be sent")
    if not virtual and not inputs and output is None:
        raise MidiUnavailableError(
            f"{APIS[api].label}: it has no virtual ports; install loopMIDI and name its ports"
        )
    # All names are looked up before anything opens: our own ports are nobody's match.
    sources = choose(there.inputs, inputs, "MIDI input")
    targets = choose(there.outputs, [] if output is None else [output], "MIDI output")
    shown = choose(there.outputs, [feedback] if feedback else [], "MIDI output")
    midi = Midi(api, time, _watch(time, warn) if api == "jack" else None)
    try:
        for index, part in zip(sources, inputs, strict=True):
            midi.read(Slot(api, "MidiIn", IN_CLIENT, IN_PORT, there.inputs[index], part), inbox)
        if not inputs and virtual:
            midi.read(Slot(api, "MidiIn", IN_CLIENT, IN_PORT), inbox)
        if targets or virtual:
            wanted = there.outputs[targets[0]] if targets else None
            slot = Slot(api, "MidiOut", OUT_CLIENT, OUT_PORT, wanted, output or "")
            midi.write(slot, Speaker(dialect))
        if clock_out:
            midi.lead(Slot(api, "MidiOut", CLOCK_CLIENT, CLOCK_PORT))
        if shown or (feedback is not None and midi.tells):
            wanted = there.outputs[shown[0]] if shown else None
            midi.show(Slot(api, "MidiOut", FEEDBACK_CLIENT, FEEDBACK_PORT, wanted, feedback or ""))
        midi.keep()
        midi.begin()
    except BaseException as error:
        midi.close()
        if isinstance(error, MidiUnavailableError):
            raise
        if isinstance(error, (MidiError, *RTMIDI_ERRORS)):
            raise MidiError(f"{APIS[api].label}: {error}") from error
        raise
    if not virtual and not (inputs and targets):
        warn("WinMM has no virtual ports: name an input and an output (loopMIDI makes some)")
    return midi


def _watch(time: Time, warn: Callable[[str], None]) -> JackWatch | None:
    try:
        return JackWatch(time)
    except OSError as error:
        warn(f"the end of the JACK server would go unnoticed: {error}")
        return None
