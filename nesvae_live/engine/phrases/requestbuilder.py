"""Makes requests from the knobs as they are; in the sequencer's thread."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from nesvae_live.clock.timing import CLOCKS_PER_BEAT, clocks_to_beats
from nesvae_live.engine.live.state import LiveState
from nesvae_live.engine.phrases.placedphrase import Cut, PlacedPhrase
from nesvae_live.engine.phrases.request import Request
from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.decoding import (
    SAMPLING,
    Condition,
    Ending,
    Sampling,
    Standing,
)
from nesvae_live.latent.given import Given
from nesvae_live.latent.harmony import Harmony
from nesvae_live.latent.lines import Lines
from nesvae_live.latent.performing import Manner
from nesvae_live.music.drums import FILL_KNOB
from nesvae_live.music.grid import Mode
from nesvae_live.music.metre.place import FREE, TICKS_PER_BEAT, beat_to_place, cell_ticks, next_tick
from nesvae_live.music.phrase import (
    LONGEST_HOLD,
    STEPS_PER_SECOND,
    TUPLES_PER_PHRASE,
    Ints,
)

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
