"""The phrase player: asks for phrases as late as is safe, places them one by one, splices tails.

All of it runs in the sequencer's thread. A place is a beat before swing; a beat is where it sounds.

The player is in one of four states, and in each it may wait for an answer to a request (`pending`):

| state | what there is | `pending` may be | what leads on |
| --- | --- | --- | --- |
| EMPTY | nothing placed since the clock broke off | the phrase to enter with | its answer: READY |
| READY | a phrase (`ready`) that awaits the clock | the same, from newer knobs | `join`: PLAYING |
| PLAYING | a phrase on the schedule (`placed`) | the next phrase | changed knobs: CUTTING |
| CUTTING | the same, and where to cut it | the tail from there | its answer: PLAYING |

- In any state a capture may be pending instead; what comes of it waits for `take_captured`.
- The answer to the next phrase places it behind the one that plays: PLAYING. If it comes too late,
  or the tail does, `repeat` plays the phrase again: PLAYING.
- `leap` puts another phrase in the place of the one that plays, or of the one that is ready.
- `break_off` leads from PLAYING and CUTTING to EMPTY; while the phrase is held, with it to READY.
- While a phrase is held (`live.hold`) it repeats: no other is asked for, and no cut is planned.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto

from nesvae_live.clock.hosttime import Time
from nesvae_live.clock.timing import EPSILON
from nesvae_live.engine.live.config import Counters
from nesvae_live.engine.live.state import LiveState
from nesvae_live.engine.phrases.deadlines import Deadlines
from nesvae_live.engine.phrases.entries import answered, drummed, performed
from nesvae_live.engine.phrases.placedphrase import Cut, PlacedPhrase
from nesvae_live.engine.phrases.playing import Playing
from nesvae_live.engine.phrases.request import Request, Result
from nesvae_live.engine.phrases.requestbuilder import RequestBuilder
from nesvae_live.latent.decoding import Condition, Standing
from nesvae_live.log.entries import Overtaken
from nesvae_live.music.phrase import Ints
from nesvae_live.music.swap import Swap

SOONER = (Swap.BAR, Swap.BEAT, Swap.NOW)
"""Each comes sooner than the one before."""


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
    origin: Standing
    ask: Callable[[Request], None]
    before_phrase: Callable[[float], None]

    def __post_init__(self) -> None:
        self.performance = self.live.performance
        self.journal = self.live.journal
        self.requests = RequestBuilder(self.performance.sampling, self.live, self.origin)
        self.playing = Playing(self.time, self.live, self.requests)
        self.deadlines = Deadlines(self.live, self.playing.placer)
        self.pending: Request | None = None
        """What was asked for last and has not been answered."""
        self.ready: Ready | None = None
        self._cut: Cut | None = None  # of the splice that is planned, or pending
        self._planned = Swap.BAR  # how soon it was to be, when it was planned
        self._at_once = False  # it was planned for what somebody plays or holds, and for that alone
        self._asked_for = self.live.condition  # when `pending` was asked for
        self._to_capture: Ints | None = None
        self._captured: Result | None = None

    @property
    def joining(self) -> bool:
        """Whether nothing is placed yet on the clock's present run: EMPTY or READY."""
        return not self.playing.entered

    @property
    def state(self) -> State:
        """Where it is in the table above."""
        if self.joining:
            return State.EMPTY if self.ready is None else State.READY
        return State.PLAYING if self._cut is None else State.CUTTING

    @property
    def heard_from(self) -> float | None:
        """The place from which the knobs as they are now are heard; None: they are. Any thread."""
        placed, cut = self.playing.placed, self._cut
        if placed is None or self.live.condition.key == placed.condition:
            return None
        return placed.end if cut is None else cut.place

    def begin(self, first: Result) -> None:
        """Take the first phrase, which waits for the clock."""
        self._journal_answer(first)
        self.ready = Ready(first, self._composed(first))

    def join(self, entry: float) -> None:
        """Place the phrase that is ready where the clock enters."""
        ready = self.ready
        assert ready is not None  # the caller asked
        entry = self.requests.start(entry)
        self.playing.enter(entry)
        if isinstance(ready.phrase, PlacedPhrase):
            phrase = replace(ready.phrase, condition=ready.condition.key)
            self.playing.play_again(phrase, entry, self.time.now())
        else:
            self._place(ready.phrase, entry, ready.condition)
        # What may be pending is the same phrase from newer knobs: a tail will have them.
        self.pending = self.ready = None
        self.playing.entered = True

    def enter_here(self) -> None:
        """The clock runs: what waits for another place in the bar, or comes for one, is dropped."""
        pending = self.pending
        if pending is not None and pending.captured is None:
            self.pending = pending if pending.place == self._coming_place() else None
        if self._misplaced():
            self.ready = None

    def break_off(self) -> None:
        """The clock broke off: nothing that was placed before it counts any more."""
        self.playing.placer.drummer.clear()
        if self.joining:  # the phrase that waits, or comes, is as good as before
            return
        if self.pending is not None and self.pending.captured is not None:
            self._to_capture = self.pending.captured
        self.pending = self._cut = None
        self.playing.entered = False
        if self.live.hold and self.playing.placed is not None:
            self.ready = Ready(self.playing.placed, self.live.condition)

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
            return self.deadlines.phrase()
        assert self.playing.placed is not None  # it is cut
        return self.deadlines.tail(self.playing.placed, self._cut)

    def ask_what_is_due(self, now: float) -> None:
        """Ask for the next phrase, or a tail, if its time has come."""
        if self.pending is not None:
            return
        if self._to_capture is not None:
            tuples, self._to_capture = self._to_capture, None
            beat = self.live.clock.coming if self.joining else self.next_line()
            self._ask(self.requests.captured(tuples, beat))
        elif self.joining:
            self._ask_to_enter()
        elif self.live.hold:
            self._cut = None
        else:
            self._ask_to_go_on(now)

    def receive(self, result: Result) -> None:
        """Take the answer to a request; one that is no longer waited for is dropped."""
        if result.request is not self.pending:
            self.miss(len(result.phrase.tuples), result.seconds)
            return
        self._journal_answer(result)
        self.pending = None
        self.deadlines.budget.learn(result.seconds, len(result.phrase.tuples))
        if result.request.captured is not None:
            self._captured = result
        elif self.joining:
            self.ready = Ready(result, self._composed(result))
        elif self.live.hold:
            self._cut = None
        elif result.request.splice:
            self._splice(result)
        else:
            assert self.playing.placed is not None  # something plays, so it can be followed
            self._place(result, self.playing.placed.end, self._composed(result))

    def miss(self, tuples: int, seconds: float) -> None:
        """An answer of so many tuples is no longer waited for; it took so long."""
        self.deadlines.budget.miss(seconds, tuples)
        self.journal.put(Overtaken(self.time.now(), tuples, seconds))

    def repeat(self, now: float) -> None:
        """Play the phrase once more: it is held, or what was asked for is late and is dropped."""
        placed = self.playing.placed
        assert placed is not None  # join() comes first
        if not self.live.hold:
            if self.pending is not None and self.pending.splice:
                self.counters.splices_late += 1
            else:
                self.counters.decodes_missed += 1
        if self.pending is not None and self.pending.captured is None:
            self.pending = None
        self._cut = None
        self.playing.play_again(placed, placed.end, now)

    def leap(self, phrase: Result | PlacedPhrase, line: float) -> None:
        """From `line` on play another phrase, as if it came from the knobs as they are now.

        What was placed for `line` and later gives way.
        """
        self.pending = self._cut = None
        if self.joining:
            self.ready = Ready(phrase, self.live.condition)
            return
        place = self.requests.start(max(line, self.playing.placer.reached + EPSILON))
        if isinstance(phrase, Result):
            self._place(phrase, place, self.live.condition)
            return
        self.playing.condition = condition = self.live.condition
        self.playing.play_again(replace(phrase, condition=condition.key), place, self.time.now())

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
        return self.requests.start(self.deadlines.next_line(self.time.now()))

    def _composed(self, result: Result) -> Condition:
        """Let everything stand where the decoder composed a phrase; what it was decoded from."""
        request = result.request
        if request.known is None or result.z is None:
            return request.condition
        turned = self._asked_for.key != self.live.condition.key
        self.live.compose(result.z, self.time.now())
        return replace(request.condition, z=result.z) if turned else self.live.condition

    def _journal_answer(self, result: Result) -> None:
        """Journal an answer before it is used, and before it how it is played, and its drums."""
        if result.performance.touches:
            self.journal.put(performed(result, self.time.now()))
        if result.performance.strokes:
            self.journal.put(drummed(result, self.time.now()))
        self.journal.put(answered(result, self.time.now()))

    def _misplaced(self) -> bool:
        """Whether what waits was written for another place in the bar than where it would enter."""
        if self.ready is None or isinstance(self.ready.phrase, PlacedPhrase):
            return False
        request = self.ready.phrase.request
        return request.captured is None and request.place != self._coming_place()

    def _coming_place(self) -> int:
        return self.requests.place(self.requests.start(self.live.clock.coming))

    def _ask_to_enter(self) -> None:
        """Ask for the phrase that is to enter with the clock, again if the knobs have changed."""
        ready = self.ready
        changed = ready is not None and ready.condition.key != self.live.condition.key
        if ready is None or self._misplaced() or (changed and not self.live.hold):
            self._ask(
                self.requests.following(
                    self.playing.placed, self.requests.start(self.live.clock.coming)
                )
            )

    def _ask_to_go_on(self, now: float) -> None:
        """Ask for the next phrase or for a new tail, if its time has come."""
        placed = self.playing.placed
        assert placed is not None  # it joined
        urgent = self.deadlines.urgent(placed)
        swap = urgent[0] if urgent else self.live.swap
        if placed.condition == self.live.condition.key:
            self._cut = None
        elif self._cut is None or SOONER.index(swap) > SOONER.index(self._planned):
            self._planned, self._at_once = swap, urgent is not None
            self._cut = self.deadlines.cut(placed, now, swap)
        if now < self.ask_time():
            return
        if self._cut is None:
            self.before_phrase(now)
            self._ask(self.requests.following(placed, placed.end, self._next_condition()))
        else:
            asked = urgent[1] if urgent and self._at_once else None
            self._ask(self.requests.tail(placed, self._cut, asked), asked)

    def _ask(self, request: Request, asked_for: Condition | None = None) -> None:
        """Ask for an answer from the newest condition, or from another one."""
        if asked_for is None or not self.performance.punctual:
            asked_for = self.live.condition
        self.pending, self._asked_for = request, asked_for
        self.ask(request)

    def _next_condition(self) -> Condition:
        """What the next phrase is decoded from: the newest knobs.

        If it begins long before they may be heard, it is what the present phrase was decoded from.
        """
        now = self.live.condition
        if self.deadlines.heard_soon():
            return now
        was = self.playing.condition
        if was.lines.played == now.lines.played and was.harmony == now.harmony:
            return was
        return replace(was, lines=now.lines, harmony=now.harmony)

    def _place(self, result: Result, start: float, condition: Condition | None = None) -> None:
        """Let a whole phrase play from place `start` on, in which no cut is planned."""
        self.playing.place(result, start, condition)
        self._cut = None

    def _splice(self, result: Result) -> None:
        """Give the playing phrase its new tail, if the cut is still ahead."""
        cut, self._cut = self._cut, None
        assert cut is not None  # it was asked for, and whatever drops one drops the other
        if self.playing.placer.swung(cut.place) <= self.playing.placer.reached:
            self.counters.splices_late += 1
            return
        self.counters.splices += 1
        settles = self.performance.settles
        self.playing.splice(result, cut, self._asked_for if settles else result.request.condition)
