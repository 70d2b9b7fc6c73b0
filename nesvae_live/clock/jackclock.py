"""JACK's transport as the clock: the position that its server tells, in beats of the jam.

What the server tells is a line in itself: where the transport is, when, how fast it goes and in
which metre. So nothing is counted and nothing is smoothed. Bars come from its timebase master;
between two tellings the line goes on, and while the tempo glides it bends.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nesvae_live.clock.follower import Motion
from nesvae_live.clock.timing import DENOMINATORS, EPSILON, ClockRef, Meter, MeterSince

TRANSPORT_PORT = "JACK transport"
"""The name that stands where a MIDI input's port is named."""

LOST_AFTER = 1.0
"""Seconds without a telling after which a transport that rolls counts as lost."""

SAME_PLACE = 0.01
"""How far, in beats, the jam's place in the bar may be from the transport's; beyond, it jumped."""

MOST_BEATS = 32
"""In a bar, as whoever writes the metre counts them."""


@dataclass(frozen=True, slots=True)
class TransportIn:
    """Where the transport is `at` seconds, as its server told; beats are quarter notes.

    `beat` is counted from the song's beginning, `place` from that of the bar; `beat_seconds` is how
    long a beat lasts. `jumped`: this does not follow from what was told before. `bend` is by how
    many beats a second the tempo grows each second, while it glides. `numerator` and `denominator`
    are the metre of this bar; 0, or what is no metre: it isn't known.
    """

    rolls: bool
    beat: float
    place: float
    beat_seconds: float
    jumped: bool
    at: float
    bend: float = 0.0
    numerator: float = 0.0
    denominator: float = 0.0

    @property
    def meter(self) -> tuple[int, int] | None:
        """The two numbers of the metre; None if it isn't known."""
        numerator, denominator = int(self.numerator), int(self.denominator)
        if (numerator, denominator) != (self.numerator, self.denominator):
            return None
        known = 1 <= numerator <= MOST_BEATS and denominator in DENOMINATORS
        return (numerator, denominator) if known else None

    def line(self, ahead: float) -> ClockRef:
        """The straight line that is right `ahead` seconds after `at`, though the tempo glides."""
        if not self.bend:
            return ClockRef(self.beat, self.at, self.beat_seconds)
        pace = 1.0 / self.beat_seconds
        passed = min(ahead, max(-pace / (2.0 * self.bend), 0.0)) if self.bend < 0 else ahead
        beat = self.beat + passed * pace + self.bend * passed * passed / 2.0
        return ClockRef(beat, self.at + passed, 1.0 / (pace + self.bend * passed))


class JackClock:
    """Follows the transport; runs in the sequencer's thread.

    The jam's beat keeps the transport's place in the bar and never goes back: after a jump the jam
    goes on in its next bar at that place, as behind a MIDI clock. When the metre changes, the bars
    from there on are the new one's, and nothing breaks off.

    `meter` is what it begins with, if the transport says none. `ahead` seconds ahead of now is
    decided when what sounds: there the line is right while the tempo glides.
    """

    source = "jack"
    warning = waiting = ""

    def __init__(self, meter: Meter, tempo: float = 120.0, ahead: float = 0.0) -> None:
        self.ref = ClockRef(beat_seconds=60.0 / tempo)
        self.runs = False
        self.epoch = 0
        self.entry = 0.0
        self.held = 0.0
        self.motion = Motion.STOPPED
        self.meter = meter
        self._ahead = ahead
        self._place = 0.0
        self._offset = 0.0  # of the jam's beats from the song's
        self._told: TransportIn | None = None  # the last, while it rolls

    @property
    def coming(self) -> float:
        """The beat on which the music enters if the transport rolls now; once it does, the entry."""
        return self.entry if self.runs else self._entered(self._place)

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
        if not told.rolls:
            if self.runs:
                self._stop(Motion.STOPPED, told.at)
            elif told.jumped:
                self.epoch += 1  # what was decoded for another place is decoded anew
            self.motion = Motion.STOPPED
            self._place = told.place
            self._count_in(told, self.meter.bar_line(self.held))
            return
        line = told.beat + self._offset - told.place
        on_line = self.meter.bar_line(line + self.meter.beats_per_bar / 2)
        if not self.runs or told.jumped or abs(line - on_line) > SAME_PLACE:
            if self.runs:
                self.held = max(self.ref.beat_at(told.at), self.entry)
            self._count_in(told, self.meter.bar_line(self.held))
            self.entry = self._entered(told.place)
            self._offset = self.entry - told.beat
            self.runs, self.motion = True, Motion.RUNNING
            self.epoch += 1
        else:
            self._count_in(told, on_line)
        self._place, self._told = told.place, told
        self._bend_to(told.at)

    def resume(self, beat: float, at: float) -> None:
        """Enter anew where the transport will be at `at` seconds; `beat` had been reached."""
        self.held = max(beat, self.entry)
        self.entry = max(self.ref.beat_at(at), self.held)
        self.epoch += 1

    def tick(self, now: float) -> None:
        """Notice that nothing is told any more: the server is gone, or hangs."""
        told = self._told
        if not self.runs or told is None:
            return
        if now - told.at > LOST_AFTER:
            self._stop(Motion.LOST, now)
        elif told.bend:
            self._bend_to(now)

    def set_one(self, at: float) -> None:
        """Refuse: the transport says where bars begin.

        Raises:
            ValueError: always.
        """
        del at
        raise ValueError("JACK's transport knows where its bars begin")

    def _stop(self, motion: Motion, at: float) -> None:
        self.held = max(self.ref.beat_at(at), self.entry)
        self.ref = ClockRef(self.held, at, self.ref.beat_seconds)
        self.runs, self.motion = False, motion
        self.epoch += 1

    def _bend_to(self, now: float) -> None:
        """Lay the line so that it is right where is decided at `now`."""
        told = self._told
        assert told is not None  # it rolls
        line = told.line(max(now - told.at, 0.0) + self._ahead)
        self.ref = ClockRef(line.beat + self._offset, line.at, line.beat_seconds)

    def _count_in(self, told: TransportIn, line: float) -> None:
        """Count bars of the metre that is told, if it is another one, from the jam's bar line on."""
        parts = told.meter
        if parts is not None and parts != self.meter.parts:
            self.meter = MeterSince.after(self.meter, parts, line)

    def _entered(self, place: float) -> float:
        """The first beat of the jam, from the one it holds on, with a place in the bar."""
        bar = self.meter.beats_per_bar
        counted = self.meter.counted(self.held)
        return self.held - counted + place + math.ceil((counted - place) / bar - EPSILON) * bar
