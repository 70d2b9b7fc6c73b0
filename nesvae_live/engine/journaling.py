"""What the sequencer writes into the log: a step's time, the tempo line, and decoded phrases.

A step looks up the time once. So what it does follows from one number, which the journal keeps, and
a jam can be played again.
"""

from __future__ import annotations

from nesvae_live.clock.hosttime import Time
from nesvae_live.clock.sources import InternalClock
from nesvae_live.clock.timing import ClockRef
from nesvae_live.engine.inference import Result
from nesvae_live.engine.placedphrase import Cut
from nesvae_live.engine.protocols import Clock
from nesvae_live.log.entries import Answered, Clocked, Decoded, Journal, Spliced, Stepped
from nesvae_live.music.ranges import TEMPO

DRIFT = 0.001
"""Seconds by which a tempo line may leave the one in the log before that is told."""


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
        TEMPO.check("tempo", tempo)
        self._clock.set_tempo(tempo, beat)
        ref = self._clock.ref
        self._put(Clocked(ref.at, beat, ref.beat_seconds, runs=True))

    def _put(self, line: Clocked) -> None:
        self._told = line
        self._journal.put(line)


def answered(result: Result, at: float) -> Answered:
    """The answer as it came, at `at` seconds: all that comes from the decoder is what was spelt."""
    request, tokens = result.request, result.phrase.tokens
    z = () if result.z is None else tuple(float(x) for x in result.z)
    return Answered(at, request.index, request.splice, tokens, result.seconds, z)


def decoded(result: Result, at: float) -> Decoded:
    """A whole phrase that is placed."""
    request = result.request
    return Decoded(
        at,
        request.index,
        request.follows,
        request.seed,
        tuple(float(x) for x in (request.z if result.z is None else result.z)),
        tuple(int(x) for x in request.mask),
        result.phrase.tokens,
        result.seconds,
    )


def spliced(result: Result, cut: Cut, beat: float, beats: float, at: float) -> Spliced:
    """A tail that is placed from `beat` on, and lasts `beats`."""
    request = result.request
    return Spliced(
        at,
        request.index,
        request.splice,
        cut.kept,
        cut.held,
        beat,
        beats,
        request.seed,
        tuple(float(x) for x in request.z),
        tuple(int(x) for x in request.mask),
        result.phrase.tokens,
        result.seconds,
    )


class StepTime:
    """A `Time` that stands still between `look`s; one thread's, the sequencer's."""

    def __init__(self, time: Time, journal: Journal) -> None:
        self._time = time
        self._journal = journal
        self._now = time.now()

    def now(self) -> float:
        """Seconds, at the last look."""
        return self._now

    def look(self) -> float:
        """Look at the time, and have it remembered; returns the seconds."""
        self._now = self._time.now()
        self._journal.put(Stepped(self._now))
        return self._now
