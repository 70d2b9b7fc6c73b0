"""Journaling: the entries that the sequencer logs of its steps, the tempo line and phrases.

A step reads the time only once. What it does then follows from one number, which the journal
keeps; that is why a jam can be played again.
"""

from __future__ import annotations

from nesvae_live.clock.hosttime import Time
from nesvae_live.clock.sources import InternalClock
from nesvae_live.clock.timing import ClockRef, MeterSince
from nesvae_live.engine.inference import Result
from nesvae_live.engine.placedphrase import Cut
from nesvae_live.engine.protocols import Clock
from nesvae_live.latent.performing import Stroke, Touch
from nesvae_live.log.entries import (
    Answered,
    Clocked,
    Decoded,
    Drummed,
    Journal,
    Metered,
    Noted,
    Performed,
    Spliced,
    Stepped,
)
from nesvae_live.music.events import LOUDEST
from nesvae_live.music.patch import Macro
from nesvae_live.music.ranges import TEMPO
from nesvae_live.music.voices import Voice

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


def answered(result: Result, at: float) -> Answered:
    """The entry of an answer that came at `at` seconds: all that the decoder contributes."""
    request, tokens = result.request, result.phrase.tokens
    z = () if result.z is None else tuple(float(x) for x in result.z)
    return Answered(at, request.index, request.splice, tokens, result.seconds, z)


def performed(result: Result, at: float) -> Performed:
    """The entry of how an answer's notes are played, which stands before the answer."""
    request = result.request
    touches = tuple(
        (touch.number, touch.voice.name, touch.volume.text, touch.duty.text)
        for touch in result.performance.touches
    )
    return Performed(at, request.index, request.splice, touches)


def to_touches(entry: Performed | None) -> tuple[Touch, ...]:
    """How the notes of an answer are played, from its entry.

    Raises:
        KeyError, ValueError: it can't be read.
    """
    return tuple(
        Touch(i, Voice[voice], Macro.parse(volume, 0, LOUDEST), Macro.parse(duty, 0, 3))
        for i, voice, volume, duty in (entry.touches if entry else ())
    )


def drummed(result: Result, at: float) -> Drummed:
    """The entry of an answer's drums, which stands before the answer."""
    request = result.request
    strokes = tuple(
        (s.number, s.tick, s.note, s.volume.text, s.duty.text, s.rank)
        for s in result.performance.strokes
    )
    return Drummed(at, request.index, request.splice, strokes)


def to_strokes(entry: Drummed | None) -> tuple[Stroke, ...]:
    """The drums of an answer, from their entry.

    Raises:
        ValueError: they can't be read.
    """
    return tuple(
        Stroke(i, k, note, Macro.parse(volume, 0, LOUDEST), Macro.parse(duty, 0, 1), rank)
        for i, k, note, volume, duty, rank in (entry.strokes if entry else ())
    )


def decoded(result: Result, at: float) -> Decoded:
    """The entry of a whole phrase that is placed."""
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
    """The entry of a tail that is placed from `beat` on, and lasts `beats`."""
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
