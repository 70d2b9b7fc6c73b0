"""Journaling: the entries that the sequencer logs of its steps and the tempo line.

A step reads the time only once. What it does then follows from one number, which the journal
keeps; that is why a jam can be played again.
"""

from __future__ import annotations

from nesvae_live.clock.hosttime import Time
from nesvae_live.clock.sources import InternalClock
from nesvae_live.clock.timing import ClockRef, MeterSince
from nesvae_live.engine.live.protocols import Clock
from nesvae_live.log.entries import (
    Clocked,
    Journal,
    Metered,
    Noted,
    Stepped,
)
from nesvae_live.music.ranges import TEMPO

DRIFT = 0.001
"""Seconds by which the tempo line may leave the one in the log before it is journaled anew."""


class TempoLog:
    """Journals the clock's line; in the sequencer's thread."""

    def __init__(self, clock: Clock, journal: Journal) -> None:
        self._clock = clock
        self._journal = journal
        self._told = Clocked(0.0, 0.0, 0.0, runs=False)
        self._meter = clock.meter

    @property
    def runs(self) -> bool:
        """Whether the clock runs, as the log has it."""
        return self._told.runs

    def tell(self, now: float) -> None:
        """Journal the line at `now` seconds, if it has left the one in the log, and a new metre."""
        meter = self._clock.meter
        if isinstance(meter, MeterSince) and meter != self._meter:
            self._meter = meter
            self._journal.put(Metered(now, meter.since, str(meter)))
        ref, told = self._clock.ref, self._told
        if told.runs:
            line = ClockRef(told.beat, told.at, told.beat_seconds)
            if abs(line.time_of(ref.beat_at(now)) - now) < DRIFT:
                return
        beat = ref.beat_at(now) if told.runs else self._clock.entry
        self._put(Clocked(ref.time_of(beat), beat, ref.beat_seconds, runs=True))

    def hold(self, now: float) -> None:
        """Journal that the clock broke off, and holds its position from `now` on."""
        self._put(Clocked(now, self._clock.held, self._told.beat_seconds, runs=False))

    def resume(self, at: float, held: float) -> None:
        """Journal that nothing was played from beat `held` on, at `at` seconds, until the line of now."""
        ref, told = self._clock.ref, self._told
        self._put(Clocked(max(at, told.at), held, told.beat_seconds, runs=False))
        self._put(Clocked(ref.at, ref.beat, ref.beat_seconds, runs=True))

    def set_tempo(self, tempo: float, beat: float) -> None:
        """Set the internal clock to `tempo` beats a minute from `beat` on.

        Raises:
            ValueError: another clock is followed, or the tempo is out of range.
        """
        match self._clock:
            case InternalClock() as clock:
                TEMPO.check("tempo", tempo)
                clock.set_tempo(tempo, beat)
                ref = clock.ref
                self._put(Clocked(ref.at, beat, ref.beat_seconds, runs=True))
            case _:
                raise ValueError("the followed clock sets the tempo")

    def _put(self, line: Clocked) -> None:
        self._told = line
        self._journal.put(line)


STALLED = "nothing was done for "
"""So begins what is noted when steps were held up; a replay knows by it that the log is whole."""


def stalled(now: float, seconds: float) -> Noted:
    """The note that the sequencer was held up, or its process stopped."""
    return Noted(
        now, f"{STALLED}{seconds:.1f} s: the process was stopped, or the machine stood still"
    )


class StepTime:
    """A `Time` that stands still between `look`s; in the sequencer's thread."""

    def __init__(self, time: Time, journal: Journal) -> None:
        self._time = time
        self._journal = journal
        self._now = time.now()

    def now(self) -> float:
        """Seconds, as of the last look."""
        return self._now

    def look(self) -> float:
        """Read the time anew, and journal it; returns the seconds."""
        self._now = self._time.now()
        self._journal.put(Stepped(self._now))
        return self._now
