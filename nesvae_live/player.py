"""The playing of phrases: asked for as late as is safe, placed one after the other, cut and swapped.

All of it runs in the sequencer's thread. A place is a beat before swing, a beat is where it sounds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nesvae_live.aim import Aim
from nesvae_live.attributes import N_ATTRIBUTES
from nesvae_live.book import Book, Cut, next_line
from nesvae_live.budget import Budget
from nesvae_live.decoding import Sampling, State
from nesvae_live.drums import Drummer, Hit
from nesvae_live.grid import EPSILON, SWING, Mode
from nesvae_live.history import History, Past
from nesvae_live.inference import Request, Result
from nesvae_live.journal import Answered, Decoded, Placed, Spliced
from nesvae_live.performance import Counters, Performance
from nesvae_live.performer import Performer
from nesvae_live.phrase import STEPS_PER_SECOND, Ints, Phrase
from nesvae_live.protocols import Clock, Journal, Time
from nesvae_live.schedule import Moment, Schedule
from nesvae_live.timing import clocks_to_beats


def unmoved(at: float) -> None:
    """For a performance in which nothing moves by itself."""


LIKELIEST = Sampling(temperature=0.01)
"""How a captured phrase is first played back: by the likeliest symbols, so as near as can be."""


@dataclass
class Player:
    """Keeps the schedule filled with phrases that are decoded from the performer's newest aim."""

    time: Time
    clock: Clock
    journal: Journal
    ask: Callable[[Request], None]
    performance: Performance
    performer: Performer
    counters: Counters
    before_phrase: Callable[[float], None] = unmoved
    """Called when the next phrase is about to be asked for, with the time."""

    def __post_init__(self) -> None:
        p = self.performance
        self.history = History()
        self.captured: Result | None = None
        """What came of a capture; whoever takes it puts None here."""
        self._heard: Ints | None = None  # what is to be captured
        self._newest = 0  # the highest index given to a phrase
        self.schedule = Schedule()
        self.drummer = Drummer(p.seed, p.meter.beats_per_bar)
        self.budget = Budget()
        self.book: Book | None = None
        self.pending: Request | None = None
        self.ready: Result | Book | None = None
        """A phrase that waits for the clock to run."""
        self._ready_aim = self.performer.aim  # what it was decoded from
        self.joining = True
        """Nothing is placed in this epoch of the clock."""
        self.reached = 0.0
        """The beat up to which everything was taken to be sent."""
        self._sound = self.performer.aim  # what the playing phrase was decoded from
        self._cut: Cut | None = None  # of the splice that is pending, or planned
        self._even = replace(p.grid, swing=SWING[0])

    def first_request(self, state: State) -> Request:
        """The request for the first phrase, which is decoded before anything starts."""
        self._origin = state
        return self._following(None)

    def begin(self, first: Result) -> None:
        """Take the first phrase, which waits for the clock."""
        self._note(first)
        self._wait(first, _aim_of(first.request))

    def join(self, entry: float) -> None:
        """Place the phrase that waits where the clock enters."""
        ready = self.ready
        assert ready is not None  # the caller asked
        self.schedule.clear()
        self.reached = entry
        if isinstance(ready, Book):
            self._play_again(replace(ready, aim=self._ready_aim.key), entry, self.time.now())
        else:
            self._place(ready, entry, self._ready_aim)
        # What may be pending is the same phrase from newer knobs: a tail will have them.
        self.pending = self.ready = None
        self.joining = False

    def break_off(self) -> None:
        """The clock broke off: nothing that was placed before counts."""
        self.drummer.clear()
        if self.joining:  # the phrase that waits, or comes, is as good as before
            return
        if self.pending is not None and self.pending.captured is not None:
            self._heard = self.pending.captured
        self.pending = self._cut = None
        self.joining = True
        if self.performer.hold and self.book is not None:
            self._wait(self.book, self.performer.aim)

    def plan_anew(self) -> None:
        """Forget where to cut, unless a decode for it is on its way: time or the swap changed."""
        self._cut = self._cut if self.pending is not None else None

    def take_due(self, beat: float, noise: float | None) -> list[Moment | Hit]:
        """What is due up to and including `beat`, drums by the knob that turns them."""
        hits = self.drummer.pop_due(beat, noise)
        due: list[Moment | Hit] = [*self.schedule.pop_due(beat), *hits]
        self.reached = max(self.reached, beat)
        return due

    def ask_time(self) -> float:
        """When the next decode is asked for: as late as is safe, so that it has the newest knobs."""
        if self.pending is not None or self.joining or self.performer.hold:
            return float("inf")
        if self._cut is None:
            return self._decided_by(self.schedule.end) - self.budget.phrase
        return self._decided_by(self._swung(self._cut.place)) - self.budget.tail

    def ask_what_is_due(self, now: float) -> None:
        """Ask for the next phrase, or a tail, if its time has come."""
        if self.pending is not None:
            return
        if self._heard is not None:
            self._ask_for_captured(self._heard)
            return
        if self.joining:
            old = self._ready_aim.key != self.performer.aim.key and not self.performer.hold
            if self.ready is None or old:
                self._ask(self._following(self.book))
            return
        book = self.book
        assert book is not None  # it joined
        if self.performer.hold:
            self._cut = None
            return
        self._plan(book, now)
        if now < self.ask_time():
            return
        if self._cut is None:
            self.before_phrase(now)
            self._ask(self._following(book, self._next_aim()))
            return
        request = self._request(book.index, book.index - 1, book.state_at(self._cut))
        tuples = book.tail_tuples(self._cut)
        self._ask(replace(request, tuples=tuples, splice=book.splices + 1))

    def receive(self, result: Result) -> None:
        """Take what came of a request; what nobody waits for any more is dropped."""
        if result.request is not self.pending:
            return
        self._note(result)
        self.pending = None
        self.budget.learn(result.seconds)
        if result.z is not None:
            self.captured = result
        elif self.joining:
            self._wait(result, _aim_of(result.request))
        elif self.performer.hold:
            self._cut = None
        elif result.request.splice:
            self._splice(result)
        else:
            assert self.book is not None  # something plays, so it can be followed
            self._place(result, self.book.end)

    def repeat(self, now: float) -> None:
        """The next phrase is late, or isn't wanted: the one that plays goes round.

        A late one is dropped.
        """
        assert self.book is not None  # join() comes first
        if not self.performer.hold:
            if self.pending is not None and self.pending.splice:
                self.counters.splices_late += 1
            else:
                self.counters.decodes_missed += 1
        if self.pending is not None and self.pending.captured is None:
            self.pending = None
        self._cut = None
        self._play_again(self.book, self.book.end, now)

    def leap(self, phrase: Result | Book, line: float) -> None:
        """From `line` on play another phrase; what was placed for then gives way.

        The performer's aim is that phrase's from now on.
        """
        self.pending = self._cut = None
        if self.joining:
            self._wait(phrase, self.performer.aim)
            return
        place = max(line, self.reached + EPSILON)
        if isinstance(phrase, Result):
            self._place(phrase, place, self.performer.aim)
            return
        self._sound = aim = self.performer.aim
        self._play_again(replace(phrase, aim=aim.key), place, self.time.now())

    def _wait(self, phrase: Result | Book, aim: Aim) -> None:
        self.ready, self._ready_aim = phrase, aim

    def listen(self, tuples: Ints) -> None:
        """Let the encoder find `[n, 4]` tuples, n from 1 to 13, as soon as it has time."""
        self._heard = tuples

    def next_line(self) -> float:
        """The first place on which something that is asked for now can be heard."""
        if self.joining:
            return -float("inf")
        soonest = self.time.now() + self.performance.lookahead + self.budget.phrase
        beat = max(self.clock.ref.beat_at(soonest), self.reached)
        return next_line(self.performer.swap, beat, self.performance.meter)

    @property
    def step_seconds(self) -> float:
        """How long a step of the corpus is here, for who plays along."""
        grid = self.performance.grid
        if grid.mode is Mode.NATIVE:
            return 1.0 / STEPS_PER_SECOND
        return clocks_to_beats(grid.clocks_per_step) * self.clock.ref.beat_seconds

    def _play_again(self, book: Book, place: float, now: float) -> None:
        phrase = Phrase(book.tuples)
        places, beats = self._lay(phrase, place)
        self._put_down(phrase, book.index, beats)
        self.book = replace(book, places=places)
        self.journal.put(Placed(now, book.index, beats[0], beats[-1] - beats[0], repeat=True))

    def _ask_for_captured(self, tuples: Ints) -> None:
        """Ask where it is, and for a phrase from there, with no past, so that it is that phrase."""
        self._heard = None
        aim = self.performer.aim
        self._newest += 1
        self._ask(
            Request(
                self._newest,
                -1,
                aim.seed,
                aim.z,
                np.ones(N_ATTRIBUTES, np.float32),
                self._origin,
                LIKELIEST,
                captured=tuples,
            )
        )

    def _note(self, result: Result) -> None:
        """What was spelt is all that comes from the decoder; the log has it before it is used."""
        request, tokens = result.request, result.phrase.tokens
        z = () if result.z is None else tuple(float(x) for x in result.z)
        self.journal.put(
            Answered(self.time.now(), request.index, request.splice, tokens, result.seconds, z)
        )

    def _decided_by(self, beat: float) -> float:
        return self.clock.ref.time_of(beat) - self.performance.lookahead

    def _following(self, book: Book | None, aim: Aim | None = None) -> Request:
        """The request for the phrase after the one that plays, or for the first."""
        if book is None:
            return self._request(0, -1, self._origin, aim)
        return self._request(self._newest + 1, book.index, book.states[-1], aim)

    def _plan(self, book: Book, now: float) -> None:
        """Find the cut from which on turned knobs can be heard, if any were turned."""
        if self.performer.aim.key == book.aim:
            self._cut = None
        elif self._cut is None:
            soonest = now + self.performance.lookahead + self.budget.tail
            beat = self.clock.ref.beat_at(soonest)
            cut = book.cut(self.performer.swap, beat, self.performance.meter, self._swung)
            if cut is None:
                return
            # Both decodes need their time; without it the next phrase has the knobs.
            end = self._decided_by(self.schedule.end) - self.budget.phrase
            if self._decided_by(self._swung(cut.place)) < end:
                self._cut = cut

    def _ask(self, request: Request) -> None:
        self.pending = request
        self.ask(request)

    def _request(self, index: int, follows: int, state: State, aim: Aim | None = None) -> Request:
        aim = aim or self.performer.aim
        sampling = replace(self.performance.sampling, temperature=aim.temperature)
        return Request(index, follows, aim.seed, aim.z, aim.mask, state, sampling)

    def _next_aim(self) -> Aim:
        """The newest knobs, unless the next phrase begins long before they may be heard."""
        line = next_line(self.performer.swap, self.schedule.end, self.performance.meter)
        wait = self.clock.ref.time_of(line) - self.clock.ref.time_of(self.schedule.end)
        soon = wait <= self.performance.lookahead + 2.0 * self.budget.phrase
        return self.performer.aim if soon else self._sound

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

    def _place(self, result: Result, start: float, aim: Aim | None = None) -> None:
        request, phrase = result.request, result.phrase
        places, beats = self._lay(phrase, start)
        self._put_down(phrase, request.index, beats)
        states = tuple(result.decoded.state(i) for i in range(len(phrase.tuples) + 1))
        aim = aim or _aim_of(request)
        self.book = Book(request.index, phrase.tuples, places, states, aim.key)
        self._newest = max(self._newest, request.index)
        self._sound, self._cut = aim, None
        self.history.add(Past(self.book, self.performer.setting))
        now = self.time.now()
        self.journal.put(
            Decoded(
                now,
                request.index,
                request.follows,
                request.seed,
                tuple(float(x) for x in (request.z if result.z is None else result.z)),
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
        aim = _aim_of(request)
        self.book = book.spliced(cut, phrase.tuples, places, states, aim.key)
        self._sound = aim
        self.history.amend(Past(self.book, self.performer.setting))
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


def _aim_of(request: Request) -> Aim:
    return Aim(request.z, request.mask, request.sampling.temperature, request.seed)
