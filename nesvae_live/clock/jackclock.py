"""JACK's transport as the clock: the position that its server tells, in beats of the jam.

What the server tells is a line in itself: where the transport is, when, and how fast it goes. So
nothing is counted and nothing is smoothed. Bars come from its timebase master; between two tellings
the line goes on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nesvae_live.clock.follower import Motion
from nesvae_live.clock.timing import EPSILON, ClockRef

TRANSPORT_PORT = "JACK transport"
"""The name that stands where a MIDI input's port is named."""

LOST_AFTER = 1.0
"""Seconds without a telling after which a transport that rolls counts as lost."""

SAME_PLACE = 0.01
"""How far, in beats, the jam's place in the bar may be from the transport's; beyond, it jumped."""


@dataclass(frozen=True, slots=True)
class TransportIn:
    """Where the transport is `at` seconds, as its server told; beats are quarter notes.

    `beat` is counted from the song's beginning, `place` from that of the bar; `beat_seconds` is how
    long a beat lasts. `jumped`: this does not follow from what was told before.
    """

    rolls: bool
    beat: float
    place: float
    beat_seconds: float
    jumped: bool
    at: float


class JackClock:
    """Follows the transport; runs in the sequencer's thread.

    The jam's beat keeps the transport's place in the bar and never goes back: after a jump the jam
    goes on in its next bar at that place, as behind a MIDI clock.
    """

    source = "jack"
    warning = waiting = ""

    def __init__(self, beats_per_bar: float, tempo: float = 120.0) -> None:
        self.ref = ClockRef(beat_seconds=60.0 / tempo)
        self.runs = False
        self.epoch = 0
        self.entry = 0.0
        self.held = 0.0
        self.motion = Motion.STOPPED
        self._bar = beats_per_bar
        self._place = 0.0
        self._offset = 0.0  # of the jam's beats from the song's
        self._told_at = 0.0

    @property
    def coming(self) -> float:
        """The beat on which the music enters if the transport rolls now; once it does, the entry."""
        return self.entry if self.runs else self._place + self._bars_on(self._place)

    def start(self, at: float) -> None:
        """Hold at beat 0 from `at` seconds on, until the transport rolls."""
        if not self.runs:
            self.ref = ClockRef(self.held, at, self.ref.beat_seconds)

    def receive(self, port: str, data: Sequence[int], at: float) -> bool:
        """Ignore every message: MIDI clock isn't what is followed."""
        del port, data, at
        return False

    def move(self, told: TransportIn) -> None:
        """Take what the server tells."""
        self._told_at = told.at
        if not told.rolls:
            if self.runs:
                self._stop(Motion.STOPPED, told.at)
            elif told.jumped:
                self.epoch += 1  # what was decoded for another place is decoded anew
            self.motion = Motion.STOPPED
            self._place = told.place
            return
        jam = told.beat + self._offset
        off = (jam - told.place + self._bar / 2) % self._bar - self._bar / 2
        if not self.runs or told.jumped or abs(off) > SAME_PLACE:
            if self.runs:
                self.held = max(self.ref.beat_at(told.at), self.entry)
            self.entry = told.place + self._bars_on(told.place)
            self._offset = self.entry - told.beat
            self.runs, self.motion = True, Motion.RUNNING
            self.epoch += 1
        self._place = told.place
        self.ref = ClockRef(told.beat + self._offset, told.at, told.beat_seconds)

    def tick(self, now: float) -> None:
        """Notice that nothing is told any more: the server is gone, or hangs."""
        if self.runs and now - self._told_at > LOST_AFTER:
            self._stop(Motion.LOST, now)

    def set_one(self, at: float) -> None:
        """Refuse: the transport says where bars begin.

        Raises:
            ValueError: always.
        """
        del at
        raise ValueError("JACK's transport says itself where its bars begin")

    def _stop(self, motion: Motion, at: float) -> None:
        self.held = max(self.ref.beat_at(at), self.entry)
        self.ref = ClockRef(self.held, at, self.ref.beat_seconds)
        self.runs, self.motion = False, motion
        self.epoch += 1

    def _bars_on(self, place: float) -> float:
        """Beats of the whole bars that lie between the place and the jam's next such."""
        return math.ceil((self.held - place) / self._bar - EPSILON) * self._bar
