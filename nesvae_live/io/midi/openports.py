"""The open MIDI ports, each by its purpose: inputs, notes, clock, and feedback to a controller.

Feedback is sent from a thread of its own, so that nothing waits for the controller's port.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

from nesvae_live.clock.hosttime import Time
from nesvae_live.clock.sources import InternalClock
from nesvae_live.clock.timing import Meter
from nesvae_live.io.midi.framesender import FrameSender
from nesvae_live.io.midi.jackports import JackHost, JackSlot
from nesvae_live.io.midi.jackwatch import JackWatch
from nesvae_live.io.midi.monitor import PortMonitor
from nesvae_live.io.midi.ports import (
    CLOCK_CLIENT,
    FEEDBACK_CLIENT,
    IN_CLIENT,
    OUT_CLIENT,
    MidiError,
)
from nesvae_live.io.midi.sender import DeadlineSender
from nesvae_live.io.midi.slot import Slot
from nesvae_live.io.midi.transportslots import FollowSlot, LeadSlot, TransportSender
from nesvae_live.io.midi.wiring import NOTES, SeenPort
from nesvae_live.music.dialect import MidiSpeaker
from nesvae_live.music.events import MidiBytes

Transmit = Callable[[Sequence[int], float], None]
"""Takes a message and its time in seconds: sends it now, or sees itself to that time."""


class FeedbackSender:
    """Sends messages in their order; `transmit` sends one, in the thread, and never raises."""

    def __init__(self, transmit: Callable[[MidiBytes], None]) -> None:
        self._transmit = transmit
        self._messages: SimpleQueue[MidiBytes | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="feedback", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def send(self, message: MidiBytes) -> None:
        """Queue a message; called in the sequencer's thread, and returns at once."""
        self._messages.put(message)

    def stop(self) -> None:
        """Send what is left and end the thread; harmless when it isn't running."""
        self._messages.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout=1.0)

    def _run(self) -> None:
        while (message := self._messages.get()) is not None:
            self._transmit(message)


class MidiPorts:
    """Open ports; made by `open_midi`, closed by `close` or at the end of a `with`.

    `api` is the system in use (`none`: there are no ports), `inputs` the names of the ports that
    are read, `output` takes the notes (None: there is no port to write to), `send_clock` sends a
    MIDI clock message now or, if it `places_clocks`, at the time that it is given, for which it must
    come early (None: that port was not asked for). `clock_joined` is called when a new
    follower may have to be told where the clock is. `feedback` takes what a controller is to show
    (None: it was not asked for).

    `lost`, `recover`, `tend` and `close` are for the main thread.
    """

    def __init__(
        self,
        api: str,
        time: Time,
        watch: JackWatch | None = None,
        host: JackHost | None = None,
    ) -> None:
        self.api = api
        self.inputs: tuple[str, ...] = ()
        self.output: DeadlineSender | FrameSender | None = None
        self.send_clock: Transmit | None = None
        self.places_clocks = False
        self.clock_joined: Callable[[], None] = lambda: None
        self.feedback: FeedbackSender | None = None
        self._feedback_heard: Callable[[bool], None] | None = None
        self._time = time
        self._host = host
        self._out: Slot | None = None
        self._monitor = PortMonitor(
            api, time, watch, host, lost=self._lost, found=self._found, joined=self._joined
        )

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
        if (reason := self._monitor.lost()) is not None:
            return reason
        if self.output is not None and self.output.error is not None:
            return f"the MIDI output failed ({self.output.error})"
        return None

    def recover(self) -> None:
        """Get a lost JACK server's ports back; called about twice a second while it is lost.

        A server that hangs comes back by itself. One that went away takes our ports with it: they
        are opened on the next one, under the same names, and connected as before.
        """
        if self._monitor.leave() and self.output is not None:
            self.output.doubt()
        self._monitor.come_back()

    def tend(self) -> list[str]:
        """Mend what came and went; called about twice a second while nothing is lost.

        Returns:
            What a person should know, a line each.
        """
        if self.output is not None and self._monitor.dropped():
            self.output.end_again()  # a note whose end was lost would sound for ever
        return self._monitor.poll()

    def sources(self) -> frozenset[str]:
        """The names of the ports that can be read now; asked about once a second."""
        return self._monitor.sources()

    def unused(self) -> frozenset[str]:
        """Those of them that we aren't connected with."""
        return self._monitor.sources() - self._monitor.used()

    def seen(self) -> list[SeenPort]:
        """The MIDI ports of the server, ours too; none where nobody tells (see `tells`)."""
        return self._monitor.seen()

    def wire(self, role: str, port: str) -> None:
        """Have a port connected as soon as it is there, for what `wiring.ROLES` has."""
        client = OUT_CLIENT if role == NOTES else IN_CLIENT
        self._monitor.wish(client, port, speaks=role == NOTES)

    def silence(self, *, panic: bool = False) -> None:
        """End every note now and drop what is held; a panic ends notes we don't know of too."""
        if self.output is not None:
            self.output.silence(panic=panic)

    def lateness_ms(self) -> dict[str, float]:
        """How late events were sent, in milliseconds, and how many were too late."""
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
        """End every note and close the ports, whatever state they are in."""
        if self.output is not None:
            self.output.stop()
        if self.feedback is not None:
            self.feedback.stop()
        self._monitor.close()

    def add_input(self, slot: Slot, inbox: SimpleQueue[Any]) -> None:
        """Add a slot as an input, whose messages go to the inbox."""
        slot.listen(inbox, self._time)
        self._monitor.slots.append(slot)
        self.inputs += (slot.label,)

    def add_output(self, slot: Slot, speaker: MidiSpeaker) -> None:
        """Add a slot as the output for notes."""
        self._monitor.slots.append(slot)
        self._out = slot
        if isinstance(slot, JackSlot):
            self.output = FrameSender(slot, speaker)
            return
        self.output = DeadlineSender(
            lambda event: self._transmit(slot, *speaker.messages(event)),
            lambda panic: self._transmit(slot, *speaker.all_off(panic=panic)),
            self._time,
        )

    def add_clock(self, slot: Slot) -> None:
        """Add a slot as the output of the clock that others follow."""
        self._monitor.slots.append(slot)
        if isinstance(slot, JackSlot):
            self.send_clock, self.places_clocks = slot.send_at, True
        else:
            self.send_clock = lambda data, _at: self._transmit(slot, tuple(data))

    def add_feedback(self, slot: Slot) -> None:
        """Add a slot as the output to the controller."""
        self._monitor.slots.append(slot)
        self.feedback = FeedbackSender(lambda message: self._transmit(slot, message))

    def follow_transport(self, tempo: float, meter: Meter, inbox: SimpleQueue[Any]) -> None:
        """Put where JACK's transport is on the inbox, from now on.

        `tempo` and `meter` are taken where no timebase master says any.

        Raises:
            MidiError: the ports aren't JACK's, or the server lets no client in.
        """
        self._monitor.add_side(FollowSlot(self._jack("--clock jack"), tempo, meter, inbox))

    def lead_transport(self, clock: InternalClock, meter: Meter) -> TransportSender:
        """Be the timebase master of JACK's transport; it rolls when what is returned is started.

        Raises:
            MidiError: likewise.
        """
        slot = LeadSlot(self._jack("--clock-lead jack"), meter)
        self._monitor.add_side(slot)
        return TransportSender(clock, slot, self._time)

    def _jack(self, option: str) -> JackHost:
        if self._host is None:
            raise MidiError(f"{option} needs MIDI on JACK: start a server, and use --midi-api jack")
        return self._host

    @property
    def period(self) -> float | None:
        """The period of the server that has the ports, in seconds; None where there is none."""
        return self._monitor.period

    @property
    def tells(self) -> bool:
        """Whether it is known who is connected with a virtual port."""
        return self._monitor.tells

    def watch_feedback(self, tell: Callable[[bool], None]) -> None:
        """Have `tell` called when somebody receives the feedback, and when nobody does any more."""
        self._feedback_heard = tell
        if self.feedback is not None and not self.tells:
            tell(True)  # the port that was named is there

    def open(self) -> None:
        """Open every slot, and start the threads that send and read.

        Raises:
            MidiError: one can't be opened.
        """
        self._monitor.open()
        if self.output is not None:
            self.output.start()
        if self.feedback is not None:
            self.feedback.start()

    def _lost(self, slot: Slot) -> None:
        if slot is self._out and self.output is not None:
            self.output.doubt()
        slot.let_go()
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

    def _tell_feedback(self, *, heard: bool) -> None:
        if self._feedback_heard is not None:
            self._feedback_heard(heard)

    def _transmit(self, slot: Slot, *messages: tuple[int, ...]) -> None:
        """Send now. Runs in the sender's thread."""
        for message in messages:
            slot.send(message)
