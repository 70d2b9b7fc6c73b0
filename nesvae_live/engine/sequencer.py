"""The sequencer: takes inputs, asks for phrases and places them, sends events ahead of their time.

`step()` is the logic, which a test can drive with a time of its own; `run()` is the loop.
Everything is decided at the horizon, `lookahead` seconds ahead of now, so that the outputs have
each event before its time; between now and the horizon nothing changes any more.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

from nesvae_live.clock.hosttime import Time
from nesvae_live.clock.sources import InternalClock
from nesvae_live.control.inputs import Stop
from nesvae_live.control.surface import Surface
from nesvae_live.engine.automation import Automation
from nesvae_live.engine.band.chords import Chords
from nesvae_live.engine.band.players import Players
from nesvae_live.engine.dispatcher import Dispatcher
from nesvae_live.engine.gestures import Gestures
from nesvae_live.engine.journaling import StepTime, TempoLog, stalled
from nesvae_live.engine.live.config import LONGEST_STALL, Counters, Setup
from nesvae_live.engine.live.protocols import NO_CALLBACKS, Callbacks, Output
from nesvae_live.engine.live.state import LiveState
from nesvae_live.engine.outputs import Outputs
from nesvae_live.engine.phrases.phraseplayer import PhrasePlayer, State
from nesvae_live.engine.phrases.request import Item, Request, Result
from nesvae_live.latent.adopted import themes_of
from nesvae_live.latent.attributes import Floats
from nesvae_live.latent.decoding import Standing
from nesvae_live.latent.steady import LATELY, standing
from nesvae_live.log.entries import Clocked, Journal, Overtaken
from nesvae_live.music import drums
from nesvae_live.music.arrangement import Arrangement
from nesvae_live.music.balance import Balance

LONGEST_NAP = 0.12
"""How long the loop sleeps at most, as a share of the lookahead: what it decides then still comes in
time for the renderer, which looks as often, and whose lead is some two thirds of it."""

LONGEST_INTAKE = 0.004
"""So many seconds at most go to what came in before the music goes on: a flood has to wait."""

SHORTEST_NAP = 0.0005


class Sequencer:
    """Plays what the performer steers; all of it runs in one thread, which must not block.

    This is the one place where the parts of a sequencer are put together: live, in a replay and in
    tests.

    Args:
        setup: what the log's first entry says of it.
        origin: the decoder's state without a past.
        time: seconds, on the scale of the stamps of inputs.
        inbox: inputs and decoded phrases, from any thread.
        outputs: get every event, in the order of the list.
        journal: gets all that the sequencer takes in and decides.
        ask: called with each request for a phrase; its result comes through the inbox.
        balance: of the voices, to begin with; None: every voice at 0 dB.
        callbacks: whom else it tells and asks.
    """

    def __init__(
        self,
        setup: Setup,
        origin: Standing,
        *,
        time: Time,
        inbox: SimpleQueue[Item],
        outputs: Sequence[Output],
        journal: Journal,
        ask: Callable[[Request], None],
        balance: Balance | None = None,
        callbacks: Callbacks = NO_CALLBACKS,
    ) -> None:
        self.performance = setup.performance
        self.clock = setup.clock.clock(self.performance.meter, self.performance.lookahead)
        self.wall = time
        self.time = StepTime(time, journal)
        self.inbox = inbox
        self.journal = journal
        self.surface = Surface(setup.layout)
        self.live = LiveState(
            self.performance,
            journal,
            self.clock,
            arrangement=Arrangement(frozenset(setup.muted)),
            balance=balance or Balance(),
            hear=callbacks.hear,
            snapshots=setup.snapshots,
            remembers=origin.remembers,
        )
        self.live.themes.kept = themes_of(self.performance.adopted, origin)
        self.counters = Counters()
        self.outputs = Outputs(outputs, journal, self.time, self.performance.patches)
        self.tempo_log = TempoLog(self.clock, journal)
        self.player = PhrasePlayer(
            self.time,
            self.live,
            self.counters,
            origin,
            ask=ask,
            before_phrase=self._before_phrase,
        )
        self.live.steady.stands = self._stands
        self.automation = Automation(self.live, arrange=self._arrange_later, leap=self.player.leap)
        live, lookahead = self.live, self.performance.lookahead
        self.players = Players(live.band.strike, live.band.reply, live.where, lookahead)
        self.chords = Chords(live.band.harmonise)
        self.gestures = Gestures(
            self.time,
            self.live,
            self.player,
            self.automation,
            self.players,
            self.chords,
            arrange=self._arrange_now,
        )
        self.dispatcher = Dispatcher(
            self.time,
            self.live,
            self.surface,
            self.player,
            self.outputs,
            self.tempo_log,
            self.gestures,
            callbacks,
            follow=self._follow,
            stop=self._stop,
            pause=self._pause,
        )
        self.done = threading.Event()
        self.why = ""
        self.ended_beat = 0.0
        self.ended_at = float("inf")
        """When the last event falls, in seconds, once `done` is set."""
        self.error: BaseException | None = None
        self._arrangements: list[tuple[float, Arrangement]] = []  # (beat, what holds from there)
        self._epoch = self.clock.epoch
        self._is_paused = False
        self._stepped = math.inf

    def first_request(self) -> Request:
        """The request for the first phrase, which is decoded before anything starts."""
        return self.player.requests.following(None, self.clock.entry)

    def begin(self, first: Result) -> None:
        """Take the first phrase, which starts with the clock."""
        self.player.begin(first)
        if self.clock.runs:
            self._join()

    def start(self, at: float) -> None:
        """Start the clock: beat 0 falls at `at` seconds, or is held from then on."""
        self.clock.start(at)
        if not self.clock.runs:
            line = self.clock.ref
            self.journal.put(Clocked(at, line.beat, line.beat_seconds, runs=False))

    def run(self) -> None:
        """The loop of the sequencer's thread."""
        try:
            first: Item | None = None
            while not self.done.is_set():
                nap = self.step(first)
                try:
                    first = self.inbox.get(timeout=nap) if nap > 0 else self.inbox.get_nowait()
                except Empty:
                    first = None
        except BaseException as error:  # noqa: BLE001 - engine.check() raises it again
            self.error = error
            self.outputs.silence_devices()
            self._stop("an error")

    def step(self, first: Item | None = None) -> float:
        """Take `first` and what is in the inbox, and do what is due.

        Returns the seconds until there is more to do.
        """
        before, now = self._stepped, self.time.look()
        self._stepped = now
        if self.performance.resumes and now - before > LONGEST_STALL:
            self.journal.put(stalled(now, now - before))
        if first is not None:
            self._take(first)
        while not self.done.is_set() and self.wall.now() - now < LONGEST_INTAKE:
            try:
                self._take(self.inbox.get_nowait())
            except Empty:
                break
        if self.done.is_set():
            return 0.0
        self.clock.tick(now)
        self._follow()
        self.dispatcher.tick(now)
        goes_on = self.clock.runs and not self._is_paused
        if goes_on and self._is_behind(now):
            self._resume(now)
        plays = goes_on and not self.player.joining
        beat = self.clock.ref.beat_at(now) if plays else None
        self.players.tick(now, beat, self.live.band.keys_return)
        self.chords.tick(now)
        if goes_on and self.player.joining:
            self.player.enter_here()
            if self.player.state is State.READY:
                self._join()
        if (captured := self.player.take_captured()) is not None:
            self.gestures.play_captured(captured)
        if goes_on and not self.player.joining:
            self.tempo_log.tell(now)
            self._advance(now)
            soonest = self.player.deadlines.soonest(now)
            self.automation.advance(self.clock.ref.beat_at(soonest), now)
        else:
            self.automation.advance(math.inf, now)
        if not self.done.is_set():
            self.player.ask_what_is_due(now)
        nap = LONGEST_NAP * self.performance.lookahead
        return min(nap, max(self.player.ask_time() - now, SHORTEST_NAP))

    def _take(self, item: Item) -> None:
        if self.done.is_set():
            return
        if isinstance(item, Result):
            self.player.receive(item)
            return
        if isinstance(item, Overtaken):
            self.player.miss(item.tuples, item.seconds)
            return
        self.counters.inputs += 1
        self.dispatcher.take(item)

    def _follow(self) -> None:
        """If the clock has broken off, end what sounds and begin anew."""
        if self.clock.epoch == self._epoch:
            return
        self._epoch = self.clock.epoch
        if self.tempo_log.runs:
            self.tempo_log.hold(self.time.now())
            self.outputs.silence()
        self.players.hands.clear()
        self.player.break_off()
        for _, arrangement in self._arrangements[-1:]:
            self._arrange_now(arrangement)
        self._arrangements.clear()

    def _is_behind(self, now: float) -> bool:
        """Whether more was missed than is to be caught up with."""
        player = self.player
        beat = self.clock.entry if player.joining else player.playing.placer.reached
        due = self.clock.ref.time_of(beat) - self.performance.lookahead
        return self.performance.resumes and now - due > LONGEST_STALL

    def _pause(self, paused: bool) -> None:
        """Play nothing, for the process is about to be stopped; or go on from now."""
        was, self._is_paused = self._is_paused, paused
        if paused:
            self.outputs.silence()
        elif was and self.clock.runs and not self.player.joining:
            self._resume(self.time.now())

    def _resume(self, now: float) -> None:
        """Go on from now, without what was missed.

        Our own clock goes on from the beat that was reached; one that is followed is where it is.
        """
        reached, ref = self.player.playing.placer.reached, self.clock.ref
        at = ref.time_of(reached) - self.performance.lookahead
        held = ref.beat_at(at)
        if isinstance(self.clock, InternalClock):
            self.outputs.silence()
            self.clock.resume(reached, now + self.performance.lookahead)
            self.tempo_log.resume(at, held)
        else:
            self.clock.resume(held, self.player.deadlines.soonest(now))
            self._follow()

    def _join(self) -> None:
        """Let the phrase that is ready begin where the clock enters."""
        horizon = self.time.now() + self.performance.lookahead
        self.outputs.excused = self.clock.ref.beat_at(horizon)
        self.player.join(self.clock.entry)

    def _advance(self, now: float) -> None:
        """Send everything up to the horizon."""
        ref, end, knobs = self.clock.ref, self.performance.end, self.live.knobs.values
        player, schedule = self.player, self.player.playing.placer.schedule
        horizon = ref.beat_at(now + self.performance.lookahead)
        while schedule.end <= horizon and schedule.end < end:
            player.repeat(now)
        last = min(horizon, math.nextafter(end, 0.0))
        while self._arrangements and self._arrangements[0][0] <= last:
            beat, arrangement = self._arrangements.pop(0)
            self._send(math.nextafter(beat, -math.inf))
            self._arrange(arrangement, max(beat, player.playing.placer.reached))
        self._send(last)
        self.outputs.shape(ref.time_of(last), ref, knobs)
        self.counters.events_late = self.outputs.late
        if horizon >= end:
            self._finish("its bars were played", now, end)

    def _send(self, beat: float) -> None:
        """Send what the voices play up to and including a beat."""
        knobs = self.live.knobs.values
        placer, ref, ahead = self.player.playing.placer, self.clock.ref, self.performance.lookahead
        first = placer.reached
        moments, hits = placer.take_due(beat, knobs.get(drums.NOISE_KNOB))
        hands = self.players.hands
        heard = hands.over(moments, beat, first, lambda at: ref.beat_at(at + ahead))
        self.outputs.play([*heard, *hits], ref, knobs, self.live.arrangement)

    def _arrange(self, arrangement: Arrangement, beat: float) -> None:
        """Arrange the voices anew from a beat on, before which everything was sent."""
        muted = arrangement.muted - self.live.muted
        self.live.arrange(arrangement, self.time.now(), beat)
        self.outputs.end(beat, self.clock.ref, muted)

    def _stands(self) -> Floats | None:
        """Where the attributes of what was played lately stand."""
        quantiles = self.performance.quantiles
        phrases = self.player.playing.history.latest(LATELY)
        return None if quantiles is None else standing(phrases, quantiles)

    def _before_phrase(self, at: float) -> None:
        self.automation.step(at)

    def _arrange_now(self, arrangement: Arrangement) -> None:
        self._arrange(arrangement, self.player.playing.placer.reached)

    def _arrange_later(self, arrangement: Arrangement, beat: float) -> None:
        """Arrange the voices anew from a beat on, or from the horizon if that is later."""
        if self.player.joining or beat <= self.player.playing.placer.reached:
            self._arrangements.clear()
            self._arrange_now(arrangement)
        else:
            self._arrangements = [(b, a) for b, a in self._arrangements if b < beat]
            self._arrangements.append((beat, arrangement))

    def request_stop(self, why: str) -> None:
        """Ask for the end from any thread; the sequencer's thread carries it out."""
        self.inbox.put(Stop(at=self.wall.now(), why=why))

    def _stop(self, why: str) -> None:
        self._finish(why, self.time.now())

    def _finish(self, why: str, now: float, beat: float | None = None) -> None:
        if self.done.is_set():
            return
        reached = self.player.playing.placer.reached if self.clock.runs else self.clock.held
        end = reached if beat is None else beat
        self.outputs.end(end, self.clock.ref)
        self.why = why
        self.ended_beat = end
        self.ended_at = max(self.clock.ref.time_of(end), now)
        self.done.set()
