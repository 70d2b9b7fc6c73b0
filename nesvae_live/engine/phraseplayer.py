"""The playing of phrases: asked for as late as is safe, placed one after the other, cut and swapped.

All of it runs in the sequencer's thread. A place is a beat before swing, a beat is where it sounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from nesvae_live.clock.hosttime import Time
from nesvae_live.clock.timing import EPSILON
from nesvae_live.control.reply import ignore
from nesvae_live.engine.config import Counters, PlayConfig
from nesvae_live.engine.inference import Budget, Request, RequestBuilder, Result
from nesvae_live.engine.journaling import answered, decoded, spliced
from nesvae_live.engine.placedphrase import Cut, History, Past, PlacedPhrase
from nesvae_live.engine.protocols import Clock
from nesvae_live.engine.schedule import Placer
from nesvae_live.engine.state import LiveState
from nesvae_live.latent.decoding import Condition, DecoderState
from nesvae_live.log.entries import Journal, Placed
from nesvae_live.music.grid import Mode
from nesvae_live.music.phrase import Ints, Phrase
from nesvae_live.music.swap import next_line


@dataclass
class PhrasePlayer:
    """Keeps the schedule filled with phrases that are decoded from the performer's newest aim."""

    time: Time
    clock: Clock
    journal: Journal
    ask: Callable[[Request], None]
    performance: PlayConfig
    live: LiveState
    counters: Counters
    before_phrase: Callable[[float], None] = ignore
    """Called when the next phrase is about to be asked for, with the time."""

    def __post_init__(self) -> None:
        self.history = History()
        self.placer = Placer(self.performance, self.clock)
        self.captured: Result | None = None
        """What came of a capture; whoever takes it puts None here."""
        self._heard: Ints | None = None  # what is to be captured
        self.budget = Budget()
        self.placed: PlacedPhrase | None = None
        self.pending: Request | None = None
        self.ready: Result | PlacedPhrase | None = None
        """A phrase that waits for the clock to run."""
        self._ready_condition = self.live.condition  # what it was decoded from
        self.joining = True
        """Nothing is placed in this epoch of the clock."""
        self._sound = self.live.condition  # what the playing phrase was decoded from
        self._cut: Cut | None = None  # of the splice that is pending, or planned

    def first_request(self, state: DecoderState) -> Request:
        """The request for the first phrase, which is decoded before anything starts."""
        self._asking = RequestBuilder(self.performance.sampling, self.live, state)
        return self._asking.following(None)

    def begin(self, first: Result) -> None:
        """Take the first phrase, which waits for the clock."""
        self._note(first)
        self._wait(first, first.request.condition)

    def join(self, entry: float) -> None:
        """Place the phrase that waits where the clock enters."""
        ready = self.ready
        assert ready is not None  # the caller asked
        self.placer.schedule.clear()
        self.placer.reached = entry
        if isinstance(ready, PlacedPhrase):
            self._play_again(
                replace(ready, condition=self._ready_condition.key), entry, self.time.now()
            )
        else:
            self._place(ready, entry, self._ready_condition)
        # What may be pending is the same phrase from newer knobs: a tail will have them.
        self.pending = self.ready = None
        self.joining = False

    def break_off(self) -> None:
        """The clock broke off: nothing that was placed before counts."""
        self.placer.drummer.clear()
        if self.joining:  # the phrase that waits, or comes, is as good as before
            return
        if self.pending is not None and self.pending.captured is not None:
            self._heard = self.pending.captured
        self.pending = self._cut = None
        self.joining = True
        if self.live.hold and self.placed is not None:
            self._wait(self.placed, self.live.condition)

    def plan_anew(self) -> None:
        """Forget where to cut, unless a decode for it is on its way: time or the swap changed."""
        self._cut = self._cut if self.pending is not None else None

    def ask_time(self) -> float:
        """When the next decode is asked for: as late as is safe, so that it has the newest knobs."""
        if self.pending is not None or self.joining or self.live.hold:
            return float("inf")
        if self._cut is None:
            return self._decided_by(self.placer.schedule.end) - self.budget.phrase
        return self._decided_by(self.placer.swung(self._cut.place)) - self.budget.tail

    def ask_what_is_due(self, now: float) -> None:
        """Ask for the next phrase, or a tail, if its time has come."""
        if self.pending is not None:
            return
        if self._heard is not None:
            heard, self._heard = self._heard, None
            self._ask(self._asking.captured(heard))
            return
        if self.joining:
            old = self._ready_condition.key != self.live.condition.key and not self.live.hold
            if self.ready is None or old:
                self._ask(self._asking.following(self.placed))
            return
        placed = self.placed
        assert placed is not None  # it joined
        if self.live.hold:
            self._cut = None
            return
        self._plan(placed, now)
        if now < self.ask_time():
            return
        if self._cut is None:
            self.before_phrase(now)
            self._ask(self._asking.following(placed, self._next_aim()))
            return
        self._ask(self._asking.tail(placed, self._cut))

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
            self._wait(result, result.request.condition)
        elif self.live.hold:
            self._cut = None
        elif result.request.splice:
            self._splice(result)
        else:
            assert self.placed is not None  # something plays, so it can be followed
            self._place(result, self.placed.end)

    def repeat(self, now: float) -> None:
        """The next phrase is late, or isn't wanted: the one that plays goes round.

        A late one is dropped.
        """
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
        """From `line` on play another phrase; what was placed for then gives way.

        The performer's aim is that phrase's from now on.
        """
        self.pending = self._cut = None
        if self.joining:
            self._wait(phrase, self.live.condition)
            return
        place = max(line, self.placer.reached + EPSILON)
        if isinstance(phrase, Result):
            self._place(phrase, place, self.live.condition)
            return
        self._sound = condition = self.live.condition
        self._play_again(replace(phrase, condition=condition.key), place, self.time.now())

    def _wait(self, phrase: Result | PlacedPhrase, condition: Condition) -> None:
        self.ready, self._ready_condition = phrase, condition

    def listen(self, tuples: Ints) -> None:
        """Let the encoder find `[n, 4]` tuples, n from 1 to 13, as soon as it has time."""
        self._heard = tuples

    def next_line(self) -> float:
        """The first place on which something that is asked for now can be heard."""
        if self.joining:
            return -float("inf")
        soonest = self.time.now() + self.performance.lookahead + self.budget.phrase
        beat = max(self.clock.ref.beat_at(soonest), self.placer.reached)
        return next_line(self.live.swap, beat, self.performance.meter)

    def _play_again(self, placed: PlacedPhrase, place: float, now: float) -> None:
        places, beats = self.placer.put_down(Phrase(placed.tuples), placed.index, place)
        self.placed = replace(placed, places=places)
        self.journal.put(Placed(now, placed.index, beats[0], beats[-1] - beats[0], repeat=True))

    def _note(self, result: Result) -> None:
        """Tell the log of an answer before it is used."""
        self.journal.put(answered(result, self.time.now()))

    def _decided_by(self, beat: float) -> float:
        return self.clock.ref.time_of(beat) - self.performance.lookahead

    def _plan(self, placed: PlacedPhrase, now: float) -> None:
        """Find the cut from which on turned knobs can be heard, if any were turned."""
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

    def _ask(self, request: Request) -> None:
        self.pending = request
        self.ask(request)

    def _next_aim(self) -> Condition:
        """The newest knobs, unless the next phrase begins long before they may be heard."""
        line = next_line(self.live.swap, self.placer.schedule.end, self.performance.meter)
        wait = self.clock.ref.time_of(line) - self.clock.ref.time_of(self.placer.schedule.end)
        soon = wait <= self.performance.lookahead + 2.0 * self.budget.phrase
        return self.live.condition if soon else self._sound

    def _place(self, result: Result, start: float, condition: Condition | None = None) -> None:
        """Let a whole phrase play from place `start` on."""
        request, phrase = result.request, result.phrase
        places, beats = self.placer.put_down(phrase, request.index, start)
        states = tuple(result.decoded.state(i) for i in range(len(phrase.tuples) + 1))
        condition = condition or request.condition
        self.placed = PlacedPhrase(request.index, phrase.tuples, places, states, condition.key)
        self._asking.count(request.index)
        self._sound, self._cut = condition, None
        self.history.add(Past(self.placed, self.live.setting))
        now = self.time.now()
        self.journal.put(decoded(result, now))
        self.journal.put(Placed(now, request.index, beats[0], beats[-1] - beats[0], repeat=False))

    def _splice(self, result: Result) -> None:
        """Swap the playing phrase's tail, if the cut is still ahead."""
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
        self._sound = request.condition
        self.placed = placed.spliced(cut, phrase.tuples, places, states, self._sound.key)
        self.history.amend(Past(self.placed, self.live.setting))
        self.journal.put(spliced(result, cut, beat, beats[-1] - beat, self.time.now()))
