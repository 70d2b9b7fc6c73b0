"""JACK's transport as a slot: followed into the inbox, or led by our own clock."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import Any

from nesvae_live.clock.hosttime import Time
from nesvae_live.clock.jackclock import TransportIn
from nesvae_live.clock.sources import InternalClock
from nesvae_live.clock.timing import ClockRef, Meter
from nesvae_live.io.jack.cycle import Kind
from nesvae_live.io.jack.transport import TOLD
from nesvae_live.io.jack.transportclients import LINE
from nesvae_live.io.midi.jackports import JackHost, JackSlot

FOLLOW_CLIENT, LEAD_CLIENT = "nesvae_live_follow", "nesvae_live_lead"

LOOK_SECONDS = 0.004
"""How often the leader looks for a new tempo."""


class FollowSlot(JackSlot):
    """Puts where the transport is on the inbox, whenever there is something new."""

    def __init__(self, host: JackHost, tempo: float, meter: Meter, inbox: SimpleQueue[Any]) -> None:
        super().__init__(host, "Transport", FOLLOW_CLIENT, FOLLOW_CLIENT)
        self._wish |= {"what": "follow", "tempo": tempo, "meter": meter.parts}
        self._transports = inbox

    def _heard(self, kind: Kind, at: int, data: bytes) -> None:
        if kind is Kind.TRANSPORT:
            self._transports.put(to_transport(data, at))


def to_transport(data: bytes, at: int) -> TransportIn:
    """What a record of the transport, of a time in microseconds, tells."""
    rolls, beat, place, beat_seconds, jumped, *rest = TOLD.unpack(data)
    return TransportIn(rolls, beat, place, beat_seconds, jumped, at / 1e6, *rest)


class LeadSlot(JackSlot):
    """Leads the transport as its timebase master; told each line of the clock that leads."""

    def __init__(self, host: JackHost, meter: Meter) -> None:
        super().__init__(host, "Transport", LEAD_CLIENT, LEAD_CLIENT)
        parts = {"numerator": float(meter.numerator), "denominator": float(meter.denominator)}
        self._wish |= {"what": "lead"} | parts

    def tell(self, line: ClockRef) -> None:
        """Lead by a line from now on."""
        data = LINE.pack(line.beat, line.beat_seconds)
        self.put(Kind.LINE, round(line.at * 1e6), data)


class TransportSender:
    """A thread that leads the transport by the internal clock, until it is stopped."""

    def __init__(self, clock: InternalClock, slot: LeadSlot, time: Time) -> None:
        self._clock = clock
        self._slot = slot
        self._time = time
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="JACK transport", daemon=True)

    def start(self) -> None:
        """Let the transport roll; the clock runs already."""
        self._slot.tell(self._clock.ref)
        self._slot.start()
        self._thread.start()

    def stop(self) -> None:
        """End the thread; the transport stops as its slot closes."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=1.0)

    def _run(self) -> None:
        told: ClockRef | None = None
        while not self._stopping.wait(LOOK_SECONDS):
            line = self._clock.line(self._time.now())
            if line != told:
                self._slot.tell(line)
                told = line
