"""The phrase player: asks for phrases as late as is safe, places them one by one, splices tails.

All of it runs in the sequencer's thread. A place is a beat before swing; a beat is where it sounds.

The player is in one of four states, and in each it may wait for an answer to a request (`pending`):

| state | what there is | `pending` may be | what leads on |
| --- | --- | --- | --- |
| EMPTY | nothing placed since the clock broke off | the phrase to enter with | its answer: READY |
| READY | a phrase (`ready`) that waits for the clock | the same, from newer knobs | `join`: PLAYING |
| PLAYING | a phrase on the schedule (`placed`) | the next phrase | changed knobs: CUTTING |
| CUTTING | the same, and where to cut it | the tail from there | its answer: PLAYING |

- In any state a capture may be pending instead; what comes of it waits for `take_captured`.
- The answer to the next phrase places it behind the one that plays: PLAYING. If it comes too late,
  or the tail does, `repeat` plays the phrase again: PLAYING.
- `leap` puts another phrase in the place of the one that plays, or of the one that is ready.
- `break_off` leads from PLAYING and CUTTING to EMPTY; to READY with the same phrase while it is held.
- While a phrase is held (`live.hold`) it repeats: nothing is asked for, and no cut is planned.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto

from nesvae_live.clock.hosttime import Time
from nesvae_live.clock.timing import EPSILON
from nesvae_live.engine.config import Counters
from nesvae_live.engine.inference import Budget, Request, RequestBuilder, Result
from nesvae_live.engine.journaling import answered, decoded, spliced
from nesvae_live.engine.placedphrase import Cut, History, Past, PlacedPhrase
from nesvae_live.engine.schedule import Placer
from nesvae_live.engine.state import LiveState
from nesvae_live.latent.decoding import Condition, DecoderState
from nesvae_live.log.entries import Placed
from nesvae_live.music.grid import Mode
from nesvae_live.music.phrase import Ints, Phrase
from nesvae_live.music.swap import next_line


class State(Enum):
    """Where the player is in the table above."""

    EMPTY = auto()
    READY = auto()
    PLAYING = auto()
    CUTTING = auto()


@dataclass(frozen=True, slots=True)
class Ready:
    """A phrase that waits for the clock to run, and what it was decoded from."""

    phrase: Result | PlacedPhrase
    condition: Condition


@dataclass
class PhrasePlayer:
    """Keeps the schedule filled with phrases that are decoded from the newest knobs.

    `origin` is the decoder's state without a past. `ask` is called with each request;
    `before_phrase`, with the time, when the next phrase is about to be asked for.
    """

    time: Time
    live: LiveState
    counters: Counters
    origin: DecoderState
    ask: Callable[[Request], None]
    before_phrase: Callable[[float], None]

    def __post_init__(self) -> None:
        self.performance = self.live.performance
        self.clock = self.live.clock
        self.journal = self.live.journal
        self.history = History()
        self.placer = Placer(self.performance, self.clock)
        self.budget = Budget()
        self.requests = RequestBuilder(self.performance.sampling, self.live, self.origin)
        self.pending: Request | None = None
        """What was asked for last and has not been answered."""
        self.ready: Ready | None = None
        self.placed: PlacedPhrase | None = None
        """The phrase that plays, or played when the clock broke off."""
        self.joining = True
        """Whether nothing is placed yet on the clock's present run: EMPTY or READY."""
        self._cut: Cut | None = None  # of the splice that is planned, or pending
        self._condition = self.live.condition  # what the playing phrase was decoded from
        self._to_capture: Ints | None = None
        self._captured: Result | None = None

    @property
    def state(self) -> State:
        """Where it is in the table above."""
        if self.joining:
            return State.EMPTY if self.ready is None else State.READY
        return State.PLAYING if self._cut is None else State.CUTTING

    def first_request(self) -> Request:
        """The request for the first phrase, which is decoded before anything starts."""
        return self.requests.following(None)

    def begin(self, first: Result) -> None:
        """Take the first phrase, which waits for the clock."""
        self._journal_answer(first)
        self._wait(first, first.request.condition)

    def join(self, entry: float) -> None:
        """Place the phrase that is ready where the clock enters."""
        ready = self.ready
        assert ready is not None  # the caller asked
        self.placer.schedule.clear()
        self.placer.reached = entry
        if isinstance(ready.phrase, PlacedPhrase):
            phrase = replace(ready.phrase, condition=ready.condition.key)
            self._play_again(phrase, entry, self.time.now())
        else:
            self._place(ready.phrase, entry, ready.condition)
        # What may be pending is the same phrase from newer knobs: a tail will have them.
        self.pending = self.ready = None
        self.joining = False

    def break_off(self) -> None:
        """The clock broke off: nothing that was placed before it counts any more."""
        self.placer.drummer.clear()
        if self.joining:  # the phrase that waits, or comes, is as good as before
            return
        if self.pending is not None and self.pending.captured is not None:
            self._to_capture = self.pending.captured
        self.pending = self._cut = None
        self.joining = True
        if self.live.hold and self.placed is not None:
            self._wait(self.placed, self.live.condition)

    def plan_anew(self) -> None:
        """The time or the swap changed: plan the cut anew, unless its tail is being decoded."""
        self._cut = self._cut if self.pending is not None else None

    def ask_time(self) -> float:
        """When to ask for the next decode: as late as is safe, so that it has the newest knobs.

        In seconds; inf while nothing is to be asked for.
        """
        if self.pending is not None or self.joining or self.live.hold:
            return float("inf")
        if self._cut is None:
            return self._decided_by(self.placer.schedule.end) - self.budget.phrase
        return self._decided_by(self.placer.swung(self._cut.place)) - self.budget.tail

    def ask_what_is_due(self, now: float) -> None:
        """Ask for the next phrase, or a tail, if its time has come."""
        if self.pending is not None:
            return
        if self._to_capture is not None:
            tuples, self._to_capture = self._to_capture, None
            self._ask(self.requests.captured(tuples))
        elif self.joining:
            self._ask_to_enter()
        elif self.live.hold:
            self._cut = None
        else:
            self._ask_to_go_on(now)

    def receive(self, result: Result) -> None:
        """Take the answer to a request; one that is no longer waited for is dropped."""
        if result.request is not self.pending:
            return
        self._journal_answer(result)
        self.pending = None
        self.budget.learn(result.seconds)
        if result.z is not None:
            self._captured = result
        elif self.joining:
            self._wait(result, result.request.condition)
        elif self.live.hold:
            self._cut = None
        elif result.request.splice:
            self._splice(result)
        else:
            assert self.placed is not None  # something plays, so it can be followed
            self._place(result, self.placed.end)

    def repeat(self, now: float) -> None:
        """Play the phrase once more: it is held, or what was asked for is late and is dropped."""
        assert self.placed is not None  # join() comes first
        if not self.live.hold:
            if self.pending is not None and self.pending.splice:
                self.counters.splices_late += 1
            else:
                self.counters.decodes_missed += 1
        if self.pending is not None and self.pending.captured is None:
            self.pending = None
        self._cut = None
        self._play_again(self.placed, self.placed.end, now)

    def leap(self, phrase: Result | PlacedPhrase, line: float) -> None:
        """From `line` on play another phrase, as if it came from the knobs as they are now.

        What was placed for `line` and later gives way.
        """
        self.pending = self._cut = None
        if self.joining:
            self._wait(phrase, self.live.condition)
            return
        place = max(line, self.placer.reached + EPSILON)
        if isinstance(phrase, Result):
            self._place(phrase, place, self.live.condition)
            return
        self._condition = condition = self.live.condition
        self._play_again(replace(phrase, condition=condition.key), place, self.time.now())

    def capture(self, tuples: Ints) -> None:
        """Let the encoder find `[n, 4]` tuples, n from 1 to 13, as soon as it has time."""
        self._to_capture = tuples

    def take_captured(self) -> Result | None:
        """What came of a capture since this was asked last; None if nothing did."""
        captured, self._captured = self._captured, None
        return captured

    def next_line(self) -> float:
        """The first place on which something that is asked for now can be heard."""
        if self.joining:
            return -float("inf")
        soonest = self.time.now() + self.performance.lookahead + self.budget.phrase
        beat = max(self.clock.ref.beat_at(soonest), self.placer.reached)
        return next_line(self.live.swap, beat, self.performance.meter)

    def _wait(self, phrase: Result | PlacedPhrase, condition: Condition) -> None:
        self.ready = Ready(phrase, condition)

    def _play_again(self, placed: PlacedPhrase, place: float, now: float) -> None:
        places, beats = self.placer.put_down(Phrase(placed.tuples), placed.index, place)
        self.placed = replace(placed, places=places)
        self.journal.put(Placed(now, placed.index, beats[0], beats[-1] - beats[0], repeat=True))

    def _journal_answer(self, result: Result) -> None:
        """Journal an answer before it is used."""
        self.journal.put(answered(result, self.time.now()))

    def _decided_by(self, beat: float) -> float:
        return self.clock.ref.time_of(beat) - self.performance.lookahead

    def _plan(self, placed: PlacedPhrase, now: float) -> None:
        """Find the cut from which turned knobs can be heard, if any were turned."""
        if self.live.condition.key == placed.condition:
            self._cut = None
        elif self._cut is None:
            soonest = now + self.performance.lookahead + self.budget.tail
            beat = self.clock.ref.beat_at(soonest)
            cut = placed.cut(self.live.swap, beat, self.performance.meter, self.placer.swung)
            if cut is None:
                return
            # Both decodes need their time; without it the next phrase has the knobs.
            end = self._decided_by(self.placer.schedule.end) - self.budget.phrase
            if self._decided_by(self.placer.swung(cut.place)) < end:
                self._cut = cut

    def _ask_to_enter(self) -> None:
        """Ask for the phrase that is to enter with the clock, again if the knobs have changed."""
        ready = self.ready
        changed = ready is not None and ready.condition.key != self.live.condition.key
        if ready is None or (changed and not self.live.hold):
            self._ask(self.requests.following(self.placed))

    def _ask_to_go_on(self, now: float) -> None:
        """Ask for the next phrase or for a new tail, if its time has come."""
        placed = self.placed
        assert placed is not None  # it joined
        self._plan(placed, now)
        if now < self.ask_time():
            return
        if self._cut is None:
            self.before_phrase(now)
            self._ask(self.requests.following(placed, self._next_condition()))
        else:
            self._ask(self.requests.tail(placed, self._cut))

    def _ask(self, request: Request) -> None:
        self.pending = request
        self.ask(request)

    def _next_condition(self) -> Condition:
        """What the next phrase is decoded from: the newest knobs.

        If it begins long before they may be heard, it is what the present phrase was decoded from.
        """
        line = next_line(self.live.swap, self.placer.schedule.end, self.performance.meter)
        wait = self.clock.ref.time_of(line) - self.clock.ref.time_of(self.placer.schedule.end)
        soon = wait <= self.performance.lookahead + 2.0 * self.budget.phrase
        return self.live.condition if soon else self._condition

    def _place(self, result: Result, start: float, condition: Condition | None = None) -> None:
        """Let a whole phrase play from place `start` on."""
        request, phrase = result.request, result.phrase
        places, beats = self.placer.put_down(phrase, request.index, start)
        states = tuple(result.decoded.state(i) for i in range(len(phrase.tuples) + 1))
        condition = condition or request.condition
        self.placed = PlacedPhrase(request.index, phrase.tuples, places, states, condition.key)
        self.requests.count(request.index)
        self._condition, self._cut = condition, None
        self.history.add(Past(self.placed, self.live.setting))
        now = self.time.now()
        self.journal.put(decoded(result, now))
        self.journal.put(Placed(now, request.index, beats[0], beats[-1] - beats[0], repeat=False))

    def _splice(self, result: Result) -> None:
        """Give the playing phrase its new tail, if the cut is still ahead."""
        request, phrase, cut, placed = result.request, result.phrase, self._cut, self.placed
        self._cut = None
        assert cut is not None  # it was asked for, and whatever drops one drops the other
        assert placed is not None
        beat = self.placer.swung(cut.place)
        if beat <= self.placer.reached:
            self.counters.splices_late += 1
            return
        self.counters.splices += 1
        end = placed.end if self.performance.grid.mode is Mode.BARS else None
        before = placed.tuples[cut.kept - 1][:3]
        places, beats = self.placer.put_down(phrase, request.index, cut.place, end, before)
        states = tuple(result.decoded.state(i) for i in range(len(phrase.tuples) + 1))
        self._condition = request.condition
        self.placed = placed.spliced(cut, phrase.tuples, places, states, self._condition.key)
        self.history.amend(Past(self.placed, self.live.setting))
        self.journal.put(spliced(result, cut, beat, beats[-1] - beat, self.time.now()))
