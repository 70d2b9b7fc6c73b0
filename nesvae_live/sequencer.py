"""The sequencer: inputs in, phrases asked for and placed, events out, each for its time.

`step()` is the logic and can be driven by a test with a time of its own; `run()` is the loop.
Everything is decided at the horizon, `lookahead` seconds ahead of now, so that the outputs have
each event before its time; between now and the horizon nothing changes any more.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live import drums
from nesvae_live.book import Book, Cut, next_line
from nesvae_live.clock import InternalClock
from nesvae_live.decoding import State
from nesvae_live.ensemble import Ensemble
from nesvae_live.follower import Status
from nesvae_live.grid import SWING, Mode
from nesvae_live.inference import Request, Result
from nesvae_live.inputs import (
    GetStatus,
    Input,
    MidiIn,
    Panic,
    SetKnob,
    SetLevel,
    SetMute,
    SetSolo,
    SetSwap,
    SetTempo,
    Stop,
    Tap,
)
from nesvae_live.journal import Clocked, Decoded, Heard, Noted, Placed, Sent, Spliced, Turned
from nesvae_live.knobs import ControlMap, KnobState
from nesvae_live.latent import assemble
from nesvae_live.mixer import Balance
from nesvae_live.performance import Counters, Performance
from nesvae_live.phrase import Phrase
from nesvae_live.protocols import Clock, Journal, Output, Time
from nesvae_live.schedule import Moment, Schedule
from nesvae_live.taptempo import TapTempo
from nesvae_live.timing import ClockRef
from nesvae_live.voices import Voice

__all__ = ["Counters", "Performance", "Sequencer", "unheard"]

LONGEST_NAP = 0.006
"""Seconds the loop sleeps at most: what it decides then still comes in time for the renderer, which
looks every 5 ms and is 35 ms ahead, of the lookahead's 50."""

SHORTEST_NAP = 0.0005
SLOWEST_DECODES = 64
DRIFT = 0.001
"""Seconds by which a tempo line may leave the one in the log before that is told."""

TEMPO = (20.0, 400.0)
CLOCK_MESSAGES = tuple(int(status) for status in Status)


@dataclass(frozen=True, slots=True)
class Aim:
    """Where the knobs point: z `[8 + U]`, its attributes' mask `[8]`, and both to compare by."""

    z: NDArray[np.float32]
    mask: NDArray[np.float32]

    @property
    def key(self) -> bytes:
        """The same for the same aim."""
        return self.z.tobytes() + self.mask.tobytes()


def unheard(balance: Balance) -> None:
    """For a performance that nobody listens to."""


@dataclass
class Sequencer:
    """Plays a performance; all of it runs in one thread, which must not block."""

    time: Time
    clock: Clock
    inbox: SimpleQueue[Input | Result]
    outputs: Sequence[Output]
    journal: Journal
    ask: Callable[[Request], None]
    controls: ControlMap
    performance: Performance
    knobs: KnobState = field(default_factory=KnobState)
    muted: set[Voice] = field(default_factory=set)
    status: Callable[[], Mapping[str, Any]] = dict
    balance: Balance = field(default_factory=Balance)
    hear: Callable[[Balance], None] = unheard

    def __post_init__(self) -> None:
        p = self.performance
        self.counters = Counters()
        self.swap = p.swap
        self.ensemble = Ensemble(self.outputs, self.journal, self.time, p.patches)
        self.schedule = Schedule()
        self.drummer = drums.Drummer(p.seed, p.meter.beats_per_bar)
        self.taps = TapTempo()
        self.book: Book | None = None
        self.pending: Request | None = None
        self.reached = 0.0
        """The beat up to which everything has been sent."""
        self.done = threading.Event()
        self.why = ""
        self.ended_beat = 0.0
        self.ended_at = float("inf")
        """When the last event falls, in seconds, once `done` is set."""
        self.error: BaseException | None = None
        self._aim = self._aimed()
        self._sound = self._aim  # what the playing phrase was decoded from
        self._cut: Cut | None = None  # of the splice that is pending, or planned
        self._ready: Result | None = None  # a phrase that waits for the clock to run
        self._joining = True  # nothing is placed in this epoch of the clock
        self._epoch = self.clock.epoch
        self._told = Clocked(0.0, 0.0, 0.0, runs=False)
        self._even = replace(p.grid, swing=SWING[0])
        self._budget = 0.03  # seconds for a phrase to be decoded, which must not be late
        self._splice_budget = 0.03  # and for a tail, which may be, once in a while
        self._slowest: list[float] = []

    def first_request(self, state: State) -> Request:
        """The request for the first phrase, which is decoded before anything starts."""
        self._origin = state
        return self._following(None)

    def begin(self, first: Result) -> None:
        """Take the first phrase: it starts with the clock."""
        self._ready = first
        if self.clock.runs:
            self._join()

    def run(self) -> None:
        """The loop of the sequencer's thread."""
        try:
            while not self.done.is_set():
                nap = self.step()
                try:
                    self._take(self.inbox.get(timeout=nap) if nap > 0 else self.inbox.get_nowait())
                except Empty:
                    continue
        except BaseException as error:  # noqa: BLE001 - kept for engine.check(), which raises it again
            self.error = error
            for output in self.outputs:
                output.silence()
            self._finish("an error", self.time.now())

    def step(self) -> float:
        """Do what is due; returns the seconds until there is something to do again."""
        while not self.done.is_set():
            try:
                self._take(self.inbox.get_nowait())
            except Empty:
                break
        if self.done.is_set():
            return 0.0
        now = self.time.now()
        self.clock.tick(now)
        self._follow()
        if self.clock.runs and self._joining and self._ready is not None:
            self._join()
        if self.clock.runs and not self._joining:
            self._tell_tempo(now)
            self._advance(now)
        self._ask_what_is_due(now)
        return min(LONGEST_NAP, max(self._ask_time() - now, SHORTEST_NAP))

    # Time

    def _follow(self) -> None:
        """If the clock broke off, end what sounds and begin anew: nothing before it counts."""
        if self.clock.epoch == self._epoch:
            return
        self._epoch = self.clock.epoch
        if self._told.runs:
            now, line = self.time.now(), self._told
            beat = self.clock.held
            self._told = Clocked(now, beat, line.beat_seconds, runs=False)
            self.journal.put(self._told)
            self.ensemble.silence()
        self.drummer.clear()
        if not self._joining:  # else the phrase that waits, or comes, is as good as before
            self.pending = self._cut = None
            self._joining = True

    def _join(self) -> None:
        """Place the phrase that waits where the clock enters."""
        assert self._ready is not None  # the caller asked
        ref, entry = self.clock.ref, self.clock.entry
        self.schedule.clear()
        self.reached = entry
        self.ensemble.excused = ref.beat_at(self.time.now() + self.performance.lookahead)
        self._place(self._ready, entry)
        # What may be pending is the same phrase from newer knobs: a tail will have them.
        self.pending = self._ready = None
        self._joining = False

    def _tell_tempo(self, now: float) -> None:
        """Log the tempo line when it has left the one that was logged."""
        ref, told = self.clock.ref, self._told
        if told.runs:
            line = ClockRef(told.beat, told.at, told.beat_seconds)
            if abs(line.time_of(ref.beat_at(now)) - now) < DRIFT:
                return
        beat = ref.beat_at(now) if told.runs else self.clock.entry
        self._told = Clocked(ref.time_of(beat), beat, ref.beat_seconds, runs=True)
        self.journal.put(self._told)

    def _set_tempo(self, tempo: float) -> Mapping[str, Any]:
        if not isinstance(self.clock, InternalClock):
            return {"ok": False, "error": "the tempo is the clock's that is followed"}
        if not TEMPO[0] <= tempo <= TEMPO[1]:
            return {"ok": False, "error": f"tempo {tempo:g}: {TEMPO[0]:g} to {TEMPO[1]:g}"}
        self.clock.set_tempo(tempo, self.reached)
        self._cut = self._cut if self.pending is not None else None
        self._told = Clocked(
            self.clock.ref.at, self.reached, self.clock.ref.beat_seconds, runs=True
        )
        self.journal.put(self._told)
        return {"ok": True, "tempo": round(tempo, 3)}

    def _advance(self, now: float) -> None:
        """Send everything up to the horizon."""
        ref, end = self.clock.ref, self.performance.end
        horizon = ref.beat_at(now + self.performance.lookahead)
        while self.schedule.end <= horizon and self.schedule.end < end:
            self._repeat(now)
        last = min(horizon, math.nextafter(end, 0.0))
        hits = self.drummer.pop_due(last, self.knobs.values.get(drums.KNOB))
        due: list[Moment | drums.Hit] = [*self.schedule.pop_due(last), *hits]
        self.ensemble.play(due, ref, self.knobs.values, self.muted)
        self.ensemble.shape(ref.time_of(last), ref, self.knobs.values)
        self.counters.events_late = self.ensemble.late
        self.reached = max(self.reached, last)
        if horizon >= end:
            self._finish("its bars were played", now, end)

    # Inputs

    def _take(self, item: Input | Result) -> None:
        if self.done.is_set():
            return
        if isinstance(item, Result):
            if item.request is self.pending:
                self.pending = None
                self._learn_budget(item.seconds)
                self._receive(item)
            return
        self.counters.inputs += 1
        match item:
            case MidiIn(port, data, at):
                self._hear(port, data, at)
            case SetKnob(knob, value, at, reply):
                self.journal.put(Heard(at, "set", "control", (knob, value)))
                reply(self._set(knob, value, at))
            case SetMute(voice, muted, at, reply):
                self.journal.put(Heard(at, "mute", "control", (voice.name, int(muted))))
                self._mute(voice, muted)
                reply({"ok": True})
            case SetLevel() | SetSolo():
                self._balance(item)
            case SetSwap() | SetTempo() | Tap():
                item.reply(self._retime(item))
            case Panic(at, reply):
                self.journal.put(Heard(at, "panic", "control", ()))
                self._panic()
                reply({"ok": True})
            case Stop(at, reply):
                self.journal.put(Heard(at, "stop", "control", ()))
                reply({"ok": True})
                self._finish(self.why or "it was stopped", self.time.now())
            case GetStatus(_, reply):
                reply({"ok": True, **self.status()})

    def _hear(self, port: str, data: tuple[int, ...], at: float) -> None:
        """Take a MIDI message: the clock's, a control's; a clock elsewhere is nobody's."""
        if data and data[0] in CLOCK_MESSAGES:
            if not self.clock.hear(port, data, at):
                return
            if data[0] != Status.CLOCK:
                self.journal.put(Heard(at, "midi", port, data))
            self._follow()
            return
        self.journal.put(Heard(at, "midi", port, data))
        turned = self.controls.read(data)
        if turned is not None:
            self._turn(*turned, at)

    def _set(self, knob: str, value: float | None, at: float) -> Mapping[str, Any]:
        try:
            self._turn(knob, value, at)
        except ValueError as error:
            return {"ok": False, "error": str(error)}
        return {"ok": True}

    def _turn(self, knob: str, value: float | None, at: float) -> None:
        if self.knobs.set(knob, value):
            self.journal.put(Turned(at, knob, value))
            self._aim = self._aimed()

    def _balance(self, item: SetLevel | SetSolo) -> None:
        if isinstance(item, SetLevel):
            name = "all" if item.voice is None else item.voice.name
            self.journal.put(Heard(item.at, "level", "control", (name, item.level)))
            self.balance = self.balance.with_level(item.voice, item.level)
        else:
            self.journal.put(Heard(item.at, "solo", "control", (item.voice.name, int(item.solo))))
            self.balance = self.balance.with_solo(item.voice, solo=item.solo)
        self.hear(self.balance)
        item.reply({"ok": True})

    def _retime(self, item: SetSwap | SetTempo | Tap) -> Mapping[str, Any]:
        match item:
            case SetSwap(swap, at):
                self.journal.put(Heard(at, "swap", "control", (swap.value,)))
                self.swap = swap
                self._cut = self._cut if self.pending is not None else None
                return {"ok": True}
            case SetTempo(tempo, at):
                self.journal.put(Heard(at, "tempo", "control", (tempo,)))
                return self._set_tempo(tempo)
            case Tap(at):
                self.journal.put(Heard(at, "tap", "control", ()))
                tapped = self.taps.tap(at)
                return {"ok": True} if tapped is None else self._set_tempo(tapped)

    def _mute(self, voice: Voice, muted: bool) -> None:
        if muted:
            self.muted.add(voice)
            self.ensemble.end(self.reached, self.clock.ref, {voice})
        else:
            self.muted.discard(voice)

    def _panic(self) -> None:
        at = self.clock.ref.time_of(self.reached)
        for event in self.ensemble.silence(panic=True):
            self.journal.put(Sent(at, self.reached, event))
        self.journal.put(Noted(self.time.now(), "panic"))

    # Phrases

    def _ask_time(self) -> float:
        """When the next decode is asked for: as late as is safe, so that it has the newest knobs."""
        if self.pending is not None or self._joining:
            return float("inf")
        if self._cut is None:
            return self._decided_by(self.schedule.end) - self._budget
        return self._decided_by(self._swung(self._cut.place)) - self._splice_budget

    def _decided_by(self, beat: float) -> float:
        return self.clock.ref.time_of(beat) - self.performance.lookahead

    def _ask_what_is_due(self, now: float) -> None:
        if self.pending is not None or self.done.is_set():
            return
        if self._joining:
            if self._ready is None or self._aim_of(self._ready.request).key != self._aim.key:
                self._ask(self._following(self.book))
            return
        book = self.book
        assert book is not None  # it joined
        self._plan(book, now)
        if now < self._ask_time():
            return
        if self._cut is None:
            self._ask(self._following(book, self._next_aim()))
            return
        request = self._request(book.index, book.index - 1, book.state_at(self._cut))
        tuples = book.tail_tuples(self._cut)
        self._ask(replace(request, tuples=tuples, splice=book.splices + 1))

    def _following(self, book: Book | None, aim: Aim | None = None) -> Request:
        """The request for the phrase after the one that plays, or for the first."""
        if book is None:
            return self._request(0, -1, self._origin, aim)
        return self._request(book.index + 1, book.index, book.states[-1], aim)

    def _plan(self, book: Book, now: float) -> None:
        """Find the cut from which on turned knobs can be heard, if any were turned."""
        if self._aim.key == book.aim:
            self._cut = None
        elif self._cut is None:
            soonest = now + self.performance.lookahead + self._splice_budget
            beat = self.clock.ref.beat_at(soonest)
            cut = book.cut(self.swap, beat, self.performance.meter, self._swung)
            if cut is None:
                return
            # Both decodes need their time; without it the next phrase has the knobs.
            end = self._decided_by(self.schedule.end) - self._budget
            if self._decided_by(self._swung(cut.place)) < end:
                self._cut = cut

    def _ask(self, request: Request) -> None:
        self.pending = request
        self.ask(request)

    def _request(self, index: int, follows: int, state: State, aim: Aim | None = None) -> Request:
        aim, p = aim or self._aim, self.performance
        return Request(index, follows, p.seed, aim.z, aim.mask, state, p.sampling)

    def _aimed(self) -> Aim:
        return Aim(*assemble(self.knobs.values, self.performance.style, self.performance.reach))

    @staticmethod
    def _aim_of(request: Request) -> Aim:
        return Aim(request.z, request.mask)

    def _next_aim(self) -> Aim:
        """The newest knobs, unless the next phrase begins long before they may be heard."""
        line = next_line(self.swap, self.schedule.end, self.performance.meter)
        wait = self.clock.ref.time_of(line) - self.clock.ref.time_of(self.schedule.end)
        soon = wait <= self.performance.lookahead + 2.0 * self._budget
        return self._aim if soon else self._sound

    def _learn_budget(self, seconds: float) -> None:
        """Keep twice the slowest of the last decodes, and what a thread may wake late.

        For a tail less: if it is late, the next one has newer knobs.
        """
        self._slowest = [*self._slowest[-(SLOWEST_DECODES - 1) :], seconds]
        ordered = sorted(self._slowest)
        self._budget = 0.015 + 2.0 * ordered[-1]
        self._splice_budget = 0.006 + 1.25 * ordered[9 * len(ordered) // 10]

    def _receive(self, result: Result) -> None:
        if result.request.splice:
            self._splice(result)
        elif self._joining:
            self._ready = result
        else:
            assert self.book is not None  # something plays, so it can be followed
            self._place(result, self.book.end)

    def _swung(self, beat: float) -> float:
        return self.performance.grid.swung(beat, self.performance.meter)

    def _lay(
        self, phrase: Phrase, start: float, end: float | None = None
    ) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The beats on which its tuples start and the last one ends, before swing and after."""
        p = self.performance
        if end is None:
            end = start + p.grid.length(phrase.steps, start, self.clock.ref.tempo, p.meter)
        holds = [held for *_, held in phrase.tuples]
        places = (*self._even.lay(holds, start, end - start, p.meter), end)
        return places, tuple(self._swung(place) for place in places)

    def _place(self, result: Result, start: float) -> None:
        request, phrase = result.request, result.phrase
        places, beats = self._lay(phrase, start)
        self._put_down(phrase, request.index, beats)
        states = tuple(result.decoded.state(i) for i in range(len(phrase.tuples) + 1))
        aim = self._aim_of(request)
        self.book = Book(request.index, phrase.tuples, places, states, aim.key)
        self._sound, self._cut = aim, None
        now = self.time.now()
        self.journal.put(
            Decoded(
                now,
                request.index,
                request.follows,
                request.seed,
                tuple(float(x) for x in request.z),
                tuple(int(x) for x in request.mask),
                phrase.tokens,
                result.seconds,
            )
        )
        self.journal.put(Placed(now, request.index, beats[0], beats[-1] - beats[0], repeat=False))

    def _splice(self, result: Result) -> None:
        """Swap the playing phrase's tail, if the cut is still ahead."""
        request, phrase, cut, book = result.request, result.phrase, self._cut, self.book
        self._cut = None
        assert cut is not None  # it was asked for, and whatever drops one drops the other
        assert book is not None
        beat = self._swung(cut.place)
        if beat <= self.reached:
            self.counters.splices_late += 1
            return
        self.counters.splices += 1
        keeps_end = self.performance.grid.mode is Mode.BARS
        places, beats = self._lay(phrase, cut.place, book.end if keeps_end else None)
        self._put_down(phrase, request.index, beats, book.tuples[cut.kept - 1][:3])
        states = tuple(result.decoded.state(i) for i in range(len(phrase.tuples) + 1))
        aim = self._aim_of(request)
        self.book = book.spliced(cut, phrase.tuples, places, states, aim.key)
        self._sound = aim
        self.journal.put(
            Spliced(
                self.time.now(),
                request.index,
                request.splice,
                cut.kept,
                cut.held,
                beat,
                beats[-1] - beat,
                request.seed,
                tuple(float(x) for x in request.z),
                tuple(int(x) for x in request.mask),
                phrase.tokens,
                result.seconds,
            )
        )

    def _put_down(
        self,
        phrase: Phrase,
        index: int,
        beats: Sequence[float],
        before: tuple[int, int, int] | None = None,
    ) -> None:
        self.schedule.place(phrase.tuples, beats[:-1], beats[-1])
        self.drummer.place(phrase, index, beats[0], 0.0, beats=beats, before=before)

    def _repeat(self, now: float) -> None:
        """The next phrase is late: the one that plays goes on. The late one is dropped."""
        book = self.book
        assert book is not None  # begin() comes before step()
        if self.pending is not None and self.pending.splice:
            self.counters.splices_late += 1
        else:
            self.counters.decodes_missed += 1
        self.pending = self._cut = None
        phrase = Phrase(book.tuples)
        places, beats = self._lay(phrase, book.end)
        self._put_down(phrase, book.index, beats)
        self.book = replace(book, places=places)
        self.journal.put(Placed(now, book.index, beats[0], beats[-1] - beats[0], repeat=True))

    # The end

    def request_stop(self, why: str) -> None:
        """Ask for the end from another thread; the sequencer's thread carries it out."""
        self.why = why
        self.inbox.put(Stop(self.time.now()))

    def _finish(self, why: str, now: float, beat: float | None = None) -> None:
        if self.done.is_set():
            return
        reached = self.reached if self.clock.runs else self.clock.held
        end = reached if beat is None else beat
        self.ensemble.end(end, self.clock.ref)
        self.why = why
        self.ended_beat = end
        self.ended_at = max(self.clock.ref.time_of(end), now)
        self.done.set()
