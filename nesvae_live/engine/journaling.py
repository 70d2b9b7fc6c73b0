"""The tempo line as the log has it, told again whenever the clock has left it."""

from __future__ import annotations

from nesvae_live.clock.sources import InternalClock
from nesvae_live.clock.timing import ClockRef
from nesvae_live.engine.protocols import Clock
from nesvae_live.log.entries import Clocked, Journal

DRIFT = 0.001
"""Seconds by which a tempo line may leave the one in the log before that is told."""

TEMPO = (20.0, 400.0)
"""Beats a minute that the internal clock goes at."""


class TempoLog:
    """Tells the log of the clock's line; in the sequencer's thread."""

    def __init__(self, clock: Clock, journal: Journal) -> None:
        self._clock = clock
        self._journal = journal
        self._told = Clocked(0.0, 0.0, 0.0, runs=False)

    @property
    def runs(self) -> bool:
        """Whether the log has the time running."""
        return self._told.runs

    def tell(self, now: float) -> None:
        """Tell the line at `now` seconds, if it has left the one that was told."""
        ref, told = self._clock.ref, self._told
        if told.runs:
            line = ClockRef(told.beat, told.at, told.beat_seconds)
            if abs(line.time_of(ref.beat_at(now)) - now) < DRIFT:
                return
        beat = ref.beat_at(now) if told.runs else self._clock.entry
        self._put(Clocked(ref.time_of(beat), beat, ref.beat_seconds, runs=True))

    def hold(self, now: float) -> None:
        """Tell that the clock broke off, and holds its position from now on."""
        self._put(Clocked(now, self._clock.held, self._told.beat_seconds, runs=False))

    def set_tempo(self, tempo: float, beat: float) -> None:
        """Let the internal clock go at `tempo` beats a minute from `beat` on.

        Raises:
            ValueError: the time is another's, or goes at no such tempo.
        """
        if not isinstance(self._clock, InternalClock):
            raise ValueError("the tempo is the clock's that is followed")  # noqa: TRY004 - a person's
        if not TEMPO[0] <= tempo <= TEMPO[1]:
            raise ValueError(f"tempo {tempo:g}: {TEMPO[0]:g} to {TEMPO[1]:g}")
        self._clock.set_tempo(tempo, beat)
        ref = self._clock.ref
        self._put(Clocked(ref.at, beat, ref.beat_seconds, runs=True))

    def _put(self, line: Clocked) -> None:
        self._told = line
        self._journal.put(line)
