"""Inference: requests for phrases, who makes them, and the thread that decodes them."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live.clock.hosttime import Time
from nesvae_live.clock.timing import CLOCKS_PER_BEAT, clocks_to_beats
from nesvae_live.control.inputs import Input
from nesvae_live.engine.placedphrase import Cut, PlacedPhrase
from nesvae_live.engine.protocols import Compose, Decode, Encode, Perform
from nesvae_live.engine.state import LiveState
from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.decoding import (
    QUOTE,
    SAMPLING,
    Asked,
    Condition,
    Ending,
    Joint,
    Sampling,
    Spelling,
    Standing,
    Stretch,
)
from nesvae_live.latent.given import Given
from nesvae_live.latent.harmony import Harmony
from nesvae_live.latent.lines import NEVER, NONE_GIVEN, Lines
from nesvae_live.latent.performing import LEARNT, UNPLAYED, Manner, Passage, Performance
from nesvae_live.log.entries import Overtaken
from nesvae_live.music.drums import FILL_KNOB
from nesvae_live.music.grid import Mode
from nesvae_live.music.metre.place import FREE, TICKS_PER_BEAT, beat_to_place, cell_ticks, next_tick
from nesvae_live.music.phrase import (
    LONGEST_HOLD,
    SLOTS,
    STEPS_PER_SECOND,
    TUPLES_PER_PHRASE,
    Ints,
    Phrase,
    symbols_to_tuples,
)
from nesvae_live.music.voices import SILENCE

REMEMBERED_TIMES = 512


@dataclass(frozen=True, slots=True)
class Request:
    """Phrase `index`, to be decoded from `z` `[8 + U]` and `mask` `[8]`, going on from `start`.

    `follows` is the index of the phrase that `start` ends (-1: none). `splice` is 0 for a whole
    phrase. Otherwise only the phrase's last `tuples` tuples are decoded again, and `splice` counts
    how often that has been asked for, this time included. `seed`, `index` and `splice` determine
    the draws. With `captured` tuples, `[n, 4]` with n up to 13, the phrase is decoded from where
    the encoder finds them. It begins at `place` of the bar, and quotes so much (`quote`, 0..1) of
    the past, if the decoder knows of these; `hands`, `back`, `forget`, `cell`, `ending`, `given`,
    `harmony` and `enters` are as in `Asked`. If `known` `[8 + U]` is given, the decoder composes: only those coordinates of z are kept. `returns`,
    `forgets` and `lines` are the condition's; `tick`, `before`, `past`, `drummed`,
    `fill` and `manner` are as in `Passage`.
    """

    index: int
    follows: int
    seed: int
    z: NDArray[np.float32]
    mask: NDArray[np.float32]
    start: Standing
    sampling: Sampling
    tuples: int = TUPLES_PER_PHRASE
    splice: int = 0
    captured: Ints | None = None
    place: int = FREE
    quote: float = QUOTE
    hands: NDArray[np.float32] | None = None
    back: Stretch | None = None
    forget: bool = False
    known: NDArray[np.bool_] | None = None
    returns: int = 0
    forgets: int = 0
    cell: int = 1
    ending: Ending | None = None
    given: Given | None = None
    lines: Lines = NONE_GIVEN
    harmony: Harmony | None = None
    enters: tuple[int, int, int] = NEVER
    tick: int = 0
    before: tuple[int, int, int] = (SILENCE, SILENCE, SILENCE)
    past: tuple[Any, ...] = ()
    drummed: bytes = b""
    fill: float | None = None
    manner: Manner = LEARNT

    @property
    def condition(self) -> Condition:
        """What the knobs ask the decoder for."""
        return Condition(
            self.z,
            self.mask,
            self.sampling.temperature,
            self.seed,
            self.quote,
            self.returns,
            self.forgets,
            self.hands,
            self.lines,
            self.harmony,
        )

    @property
    def asked(self) -> Asked:
        """How the decoder is to go on from `start`."""
        return Asked(
            self.place,
            self.quote,
            not self.splice,
            self.hands,
            self.back,
            self.forget,
            self.cell,
            self.ending,
            self.given,
            self.harmony,
            self.enters,
        )


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to a request: the phrase or its tail, as decoded, and the seconds that it took.

    `z` `[8 + U]` is where the encoder found what was captured, or where the decoder composed the
    phrase; else None. `performance` is how its notes are played.
    """

    request: Request
    phrase: Phrase
    decoded: Spelling
    seconds: float
    z: NDArray[np.float32] | None = None
    performance: Performance = UNPLAYED

    @property
    def states(self) -> tuple[Joint, ...]:
        """The decoder's state before each tuple, and after the last."""
        return tuple(Joint(self.decoded, i) for i in range(len(self.phrase.tuples) + 1))


Item = Input | Result | Overtaken
"""What the sequencer's inbox holds; `Overtaken` only in a replay."""


def draws(
    seed: int, index: int, splice: int = 0, tuples: int = TUPLES_PER_PHRASE
) -> NDArray[np.float32]:
    """The draws for phrase `index` of a jam, or for its new tail: `[tuples, 4]` float32 in 0..1."""
    rng = np.random.default_rng([seed, index, 0, splice] if splice else [seed, index])
    return rng.random((tuples, SLOTS), dtype=np.float32)


COMPOSED, PERFORMED = 3, 4
"""Set the draws of where a phrase goes, and how it is played, apart from those of its symbols."""


def composed(request: Request, decoder: Decode) -> tuple[Any, NDArray[np.float32]]:
    """Where a request that is composed goes on from, and the z `[8 + U]` of its phrase."""
    assert isinstance(decoder, Compose)  # that of a performance that composes is
    assert request.known is not None  # the caller asked
    seed = (request.seed, request.index, COMPOSED)
    return decoder.compose(request.start.asked(request.asked), request.z, request.known, seed)


def run_request(
    request: Request,
    decoder: Decode,
    time: Time,
    encoder: Encode | None = None,
) -> Result:
    """Decode one request in the calling thread; one with captured tuples needs an encoder."""
    began = time.now()
    found = None
    start = request.start.asked(request.asked)
    if request.captured is not None:
        assert encoder is not None  # who captures has one
        found = encoder.encode(request.captured)
    elif request.known is not None:
        start, found = composed(request, decoder)
    decoded = decoder.decode(
        request.z if found is None else found,
        request.mask,
        start,
        draws(request.seed, request.index, request.splice, request.tuples),
        request.sampling,
    )
    rows = symbols_to_tuples(decoded.symbols)
    phrase = Phrase(tuple((int(a), int(b), int(c), int(d)) for a, b, c, d in rows))
    performance = UNPLAYED
    if isinstance(decoder, Perform):
        draw = (request.seed, request.index, PERFORMED, request.splice)
        performance = decoder.perform(
            Passage(
                *(phrase.tuples, request.place, request.tick, request.before, request.past, draw),
                drummed=request.drummed,
                cell=request.cell,
                fill=request.fill,
                manner=request.manner,
            )
        )
    return Result(request, phrase, decoded, time.now() - began, found, performance)


class Inference:
    """Decodes in a thread of its own; a request not yet begun gives way to a newer one.

    `deliver` is called from the inference thread with each result: a queue put.
    """

    def __init__(
        self,
        decoder: Decode,
        time: Time,
        deliver: Callable[[Result], None],
        encoder: Encode | None = None,
    ) -> None:
        self._encoder = encoder
        self._decoder = decoder
        self._time = time
        self._deliver = deliver
        self._asked = threading.Condition()
        self._request: Request | None = None
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="inference", daemon=True)
        self.error: BaseException | None = None
        self.seconds: deque[float] = deque(maxlen=REMEMBERED_TIMES)
        """The seconds that the last decodes took."""

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Let a decode in progress finish and end the thread."""
        with self._asked:
            self._stopped = True
            self._asked.notify()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)

    def ask(self, request: Request) -> None:
        """Ask for a phrase; the newest request wins. Called from the sequencer's thread."""
        with self._asked:
            self._request = request
            self._asked.notify()

    def _run(self) -> None:
        try:
            while True:
                with self._asked:
                    while self._request is None and not self._stopped:
                        self._asked.wait()
                    request, self._request = self._request, None
                if request is None:
                    return
                result = run_request(request, self._decoder, self._time, self._encoder)
                self.seconds.append(result.seconds)
                self._deliver(result)
        except BaseException as error:  # noqa: BLE001 - engine.check() raises it again
            self.error = error


LIKELIEST = Sampling(temperature=0.01, guidance=SAMPLING.guidance)
"""A captured phrase is first played back by the likeliest symbols, as near to it as possible.

Without guidance the likeliest is silence for a fifth of the phrases of held-out songs, with it for 3 %.
"""


LEAST_BARS = 4
"""With so many bars, or more, the last one is a chord; of fewer bars the chord takes this share."""

TICK = CLOCKS_PER_BEAT / TICKS_PER_BEAT
"""MIDI clocks of a tick: a step has as many, if phrases are to keep to the bar."""


class RequestBuilder:
    """Makes requests from the knobs as they are, and gives phrases their numbers.

    Args:
        sampling: how symbols are drawn, but for the temperature, which is the condition's.
        live: whose condition it is.
        origin: the decoder's state without a past.
    """

    def __init__(self, sampling: Sampling, live: LiveState, origin: Standing) -> None:
        self._sampling = sampling
        self._live = live
        self._origin = origin
        self._newest = 0
        self._returns = self._forgets = 0

    def count(self, index: int, condition: Condition) -> None:
        """Note that phrase `index` plays, from a condition: those that follow it get higher numbers.

        What was asked back or to be forgotten with it was.
        """
        self._newest = max(self._newest, index)
        self._returns = max(self._returns, condition.returns)
        self._forgets = max(self._forgets, condition.forgets)

    @property
    def _in_ticks(self) -> bool:
        """Whether a step is a tick of the bar, and the decoder knows of bars."""
        grid = self._live.performance.grid
        return self._origin.remembers and grid.mode is Mode.CLOCK and grid.clocks_per_step == TICK

    def place(self, beat: float) -> int:
        """The place in the bar of what begins on a beat."""
        return beat_to_place(beat, self._live.meter) if self._in_ticks else FREE

    @property
    def cell(self) -> int:
        """Every so many ticks lies a line on which alone tuples may begin; 1: they may on any tick."""
        grid = self._live.performance.grid
        if grid.quantise is None or not grid.strict or not self._in_ticks:
            return 1
        return cell_ticks(grid.quantise, self._live.meter)

    def start(self, beat: float) -> float:
        """The first beat, from `beat` on, on which a phrase may begin: a tick, a line, or any."""
        return next_tick(beat, self.cell) if self._in_ticks else beat

    def following(
        self, placed: PlacedPhrase | None, beat: float, condition: Condition | None = None
    ) -> Request:
        """The phrase after `placed` (None: the first), which is to begin on `beat`.

        It is decoded from `condition` (None: the newest knobs).
        """
        if placed is None:
            return self._request(0, -1, self._origin, beat, condition)
        end = placed.states[-1].state
        request = self._request(self._newest + 1, placed.index, end, beat, condition)
        before = placed.tuples[-1][:3]
        past = placed.known_until(len(placed.tuples))
        return replace(request, before=before, past=past, drummed=placed.drummed_until())

    def tail(self, placed: PlacedPhrase, cut: Cut, condition: Condition | None = None) -> Request:
        """A new tail for the phrase that plays, from `cut` on; `condition` is as of `following`."""
        state, follows = placed.state_at(cut), placed.index - 1
        request = self._request(placed.index, follows, state, cut.place, condition)
        tuples, splice = placed.tail_tuples(cut), placed.splices + 1
        before, past = placed.tuples[cut.kept - 1][:3], placed.known_until(cut.kept)
        request = replace(request, tuples=tuples, splice=splice, known=None)
        return replace(request, before=before, past=past, drummed=placed.drummed_until(cut))

    def captured(self, tuples: Ints, beat: float) -> Request:
        """A phrase from where the encoder finds `[n, 4]` tuples; without a past, to be the same.

        It is to begin on `beat`.
        """
        condition = self._live.condition
        self._newest += 1
        everything = np.ones(N_ATTRIBUTES, np.float32)
        return Request(
            self._newest,
            -1,
            condition.seed,
            condition.z,
            everything,
            self._origin,
            LIKELIEST,
            captured=tuples,
            place=self.place(beat),
            quote=condition.quote,
            cell=self.cell,
            ending=self._ending(beat),
            tick=_tick(beat),
            fill=self._fill,
            manner=Manner.of(self._live.knobs.values),
        )

    def _request(
        self,
        index: int,
        follows: int,
        state: Standing,
        beat: float,
        condition: Condition | None = None,
    ) -> Request:
        live = self._live
        newest = condition is None or condition.key == live.condition.key
        condition = condition or live.condition
        returns = condition.returns > self._returns
        known = live.known if newest and not returns else None
        mask = condition.mask if known is None else np.ones(N_ATTRIBUTES, np.float32)
        composed = live.performance.composed if live.known is not None else None
        sampling = replace(composed or self._sampling, temperature=condition.temperature)
        return Request(
            index,
            follows,
            condition.seed,
            condition.z,
            mask,
            state,
            sampling,
            place=self.place(beat),
            quote=condition.quote,
            hands=condition.hands,
            back=live.back if returns else None,
            forget=condition.forgets > self._forgets,
            known=known,
            returns=condition.returns,
            forgets=condition.forgets,
            cell=self.cell,
            ending=self._ending(beat),
            given=self._given(condition.lines, beat),
            lines=condition.lines,
            harmony=self._harmony(condition.harmony, beat),
            enters=condition.lines.enters(_place(beat), self._step_beats),
            tick=_tick(beat),
            fill=self._fill,
            manner=Manner.of(live.knobs.values),
        )

    @property
    def _step_beats(self) -> float:
        """How many beats a step lasts."""
        grid, ref = self._live.performance.grid, self._live.clock.ref
        if grid.mode is Mode.NATIVE:
            return 1.0 / (STEPS_PER_SECOND * ref.beat_seconds)
        return clocks_to_beats(grid.clocks_per_step)

    def _given(self, lines: Lines, beat: float) -> Given | None:
        """What the given voices play from a beat on, for as long as a phrase may last."""
        steps = TUPLES_PER_PHRASE * LONGEST_HOLD
        return lines.given(_place(beat), self._step_beats, steps, self.cell)

    def _harmony(self, harmony: Harmony | None, beat: float) -> Harmony | None:
        """A harmony, for what begins on a beat."""
        if harmony is None or not self._in_ticks:
            return harmony
        counted = self._live.meter.counted(_place(beat))
        return replace(harmony, tick=round(counted * TICKS_PER_BEAT) % TICKS_PER_BEAT)

    @property
    def _fill(self) -> float | None:
        return self._live.knobs.values.get(FILL_KNOB)

    def _ending(self, beat: float) -> Ending | None:
        """How what begins on a beat leads to the end; None if that isn't near."""
        p = self._live.performance
        if p.bars is None or not self._in_ticks:
            return None
        ticks = round((p.end - beat) * TICKS_PER_BEAT)
        if not 0 < ticks <= TUPLES_PER_PHRASE * LONGEST_HOLD:
            return None
        last = min(self._live.meter.beats_per_bar, p.end / LEAST_BARS) * TICKS_PER_BEAT
        line = self.cell
        arrangement = self._live.arrangement
        return Ending(
            ticks, max(int(last) // line * line, line), arrangement.key, arrangement.transpose
        )


def _place(beat: float) -> float:
    """A beat; 0 where that is not known yet."""
    return beat if math.isfinite(beat) else 0.0


def _tick(beat: float) -> int:
    """The tick nearest to a beat; 0 where that is not known yet."""
    return round(beat * TICKS_PER_BEAT) if math.isfinite(beat) else 0
