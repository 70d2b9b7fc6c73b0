"""Automation: what moves the knobs by itself: recalls, morphs, fader, chance, walks, rounds.

A knob that is turned by hand meanwhile belongs to the hand: automation leaves it where it is until
the next recall, morph, walk or round begins. All of it runs in the sequencer's thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nesvae_live.engine.live.state import LiveState
from nesvae_live.engine.phrases.placedphrase import PlacedPhrase
from nesvae_live.engine.phrases.request import Result
from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.setting import (
    ATTRIBUTE_KNOBS,
    MIDDLE,
    STYLE_KNOBS,
    Morph,
    Setting,
    between,
    is_style,
)
from nesvae_live.latent.space import (
    Vector,
    coordinate_to_value,
    slerp,
    value_to_coordinate,
)
from nesvae_live.latent.walk import Spread, Walk
from nesvae_live.music.arrangement import Arrangement


@dataclass(frozen=True, slots=True)
class Cue:
    """What is to change together on beat `line`: everything is then set as in `setting`.

    `why` is the reason that the log gives. `phrase` is what plays from there: one that came from
    the decoder, or one that was played before; None: what would have played anyway.
    """

    line: float
    setting: Setting
    why: str
    phrase: Result | PlacedPhrase | None = None


GLIDE_PHRASES = 8
"""How many phrases it takes to get from where the knobs were onto the walk."""

ROUND_SLOTS = 2
"""How many snapshots a round needs at least."""

ARRANGEMENT = "arrangement"
"""Stands for the arrangement among the knobs touched by hand."""


@dataclass
class AutoWalk:
    """The auto mode: a walk, the `z` that it started from, and the phrases it has gone so far."""

    walk: Walk
    z: Vector
    phrases: int = 0


@dataclass
class Automation:
    """Moves the knobs of `live`.

    `arrange(arrangement, beat)` arranges the voices anew from a beat on; `leap(phrase, beat)` plays
    another phrase from there.
    """

    live: LiveState
    arrange: Callable[[Arrangement, float], None]
    leap: Callable[[Result | PlacedPhrase, float], None]

    def __post_init__(self) -> None:
        self.cue: Cue | None = None
        self.morph: Morph | None = None
        self.auto_walk: AutoWalk | None = None
        self.leg: float | None = None
        """Beats from snapshot to snapshot on a round; None while there is no round."""
        self.pair = (1, 2)
        """The snapshots at the fader's ends."""
        self._alpha = 0.0
        self._rolled = 0

    def set_cue(self, cue: Cue) -> None:
        """Schedule a cue; it ends whatever else moves the knobs, and an earlier cue."""
        self._end_all()
        self.cue = cue

    def recall(self, slot: int, line: float) -> None:
        """Recall a snapshot on `line`.

        Raises:
            ValueError: there is none of that number.
        """
        self.set_cue(Cue(line, self.live.snapshot(slot), f"recall {slot}"))

    def morph_to(self, slot: int, line: float, beats: float) -> None:
        """Begin a morph to a snapshot on `line`, over `beats` beats.

        Raises:
            ValueError: there is none of that number.
        """
        self.live.snapshot(slot)  # if there is none, what moves now goes on
        self._end_all()
        self.live.touched.clear()
        self._begin(slot, line, beats)

    def start_round(self, line: float, beats: float) -> None:
        """Begin a round on `line`: from snapshot to snapshot by their numbers, `beats` beats each.

        A knob that is turned by hand meanwhile belongs to the hand until it is released.

        Raises:
            ValueError: there are fewer than two snapshots.
        """
        if self.leg is not None:
            self.leg = beats
            return
        slots = sorted(self.live.snapshots)
        if len(slots) < ROUND_SLOTS:
            raise ValueError(
                f"a round needs at least {ROUND_SLOTS} snapshots, and there are {len(slots)}: "
                "`ctl store` makes them"
            )
        self._end_all()
        self.live.touched.clear()
        self.live.round = True
        self.leg = beats
        self._begin(slots[0], line, beats)

    def end_round(self) -> None:
        """End the round where it is; does nothing if there is none."""
        if self.leg is not None:
            self._end_all()

    def set_pair(self, low: int, high: int) -> None:
        """Put the fader between two snapshots.

        Raises:
            ValueError: one of them does not exist.
        """
        self.live.snapshot(low)
        self.live.snapshot(high)
        self.pair = (low, high)
        self.live.fader = None

    def fade(self, value: float, at: float) -> None:
        """Move the fader to 0..1, from one of its two snapshots to the other.

        Raises:
            ValueError: one of them does not exist.
        """
        low, high = map(self.live.snapshot, self.pair)
        if low.style is None:
            low = replace(low, style=self.live.style)
        if self.live.fader is None:
            self._end_all()
            self.live.touched.clear()
        self.live.fader = value
        self._pose(between(low, high, value), at, "fader", -np.inf)

    def stand(self, setting: Setting, at: float) -> None:
        """Let everything but the arrangement stand as in `setting` now, by hand."""
        self._end_all()
        self.live.pose(setting, at, "point")

    def roll(self, amount: float, line: float) -> None:
        """Move attributes and style by chance on `line`, each by at most `amount`."""
        live = self.live
        rng = np.random.default_rng([live.seed, 2, self._rolled])
        self._rolled += 1
        setting = live.setting
        knobs = dict(setting.knobs)
        for knob in ATTRIBUTE_KNOBS:
            knobs[knob.name] = _near(knobs.get(knob.name, MIDDLE), amount, rng)
        style = np.array(live.style, np.float32)
        for axis, knob in zip(range(len(style)), STYLE_KNOBS, strict=False):
            value = _near(
                knobs.get(knob.name, coordinate_to_value(float(style[axis]))), amount, rng
            )
            if knob.name in knobs:
                knobs[knob.name] = value
            else:
                style[axis] = value_to_coordinate(value)
        self.set_cue(Cue(line, replace(setting, knobs=knobs, style=style), "chance"))

    def set_auto(self, *, on: bool) -> None:
        """Start or end the auto mode: the knobs go by themselves from the next phrase on.

        The decoder composes where they go, or if it can't they walk.
        """
        live = self.live
        if on == live.auto:
            return
        self._end_all()
        if on:
            live.touched.clear()
            live.auto = True
        live.renew()
        p = live.performance
        if not on or p.composed is not None:
            return
        walk = Walk(live.seed, p.spread or Spread.plain(len(p.style)), p.reach)
        condition = live.condition
        self.auto_walk = AutoWalk(
            walk,
            np.concatenate(
                (condition.z[:N_ATTRIBUTES] * condition.mask, condition.z[N_ATTRIBUTES:])
            ),
        )

    def advance(self, beat: float, at: float) -> None:
        """Do what is due at `beat`, the first that can still be decoded for; inf if time stands."""
        cue = self.cue
        if cue is not None and cue.line <= beat:
            self.cue = None
            self.live.touched.clear()
            self._pose(cue.setting, at, cue.why, cue.line)
            if cue.phrase is not None:
                self.leap(cue.phrase, cue.line)
        morph = self.morph
        if morph is not None and morph.start <= beat < np.inf:
            if self._alpha == 0.0:
                self.morph = morph = self._set_out(morph)
            alpha = morph.alpha(beat)
            if alpha > self._alpha:
                line = morph.start + alpha * morph.beats
                self._pose(morph.at(alpha), at, f"morph {morph.slot}", line)
                self._alpha = alpha
            if alpha >= 1.0:
                self.morph = None
                self._next_leg(morph)

    def step(self, at: float) -> None:
        """Take the next step of the walk: a phrase is about to be asked for."""
        auto_walk, live = self.auto_walk, self.live
        if auto_walk is None:
            return
        z = auto_walk.walk.at(auto_walk.phrases)
        auto_walk.phrases += 1
        alpha = min(auto_walk.phrases / GLIDE_PHRASES, 1.0)
        attributes = (1.0 - alpha) * auto_walk.z[:N_ATTRIBUTES] + alpha * z[:N_ATTRIBUTES]
        style = slerp(auto_walk.z[N_ATTRIBUTES:], z[N_ATTRIBUTES:], alpha)
        live.touched.intersection_update(live.knobs.values)  # a released knob is the walk's again
        taken = live.touched
        ends = live.performance.reach
        knobs = {k: v for k, v in live.knobs.values.items() if not is_style(k) or k in taken}
        for knob, coordinate, reach in zip(ATTRIBUTE_KNOBS, attributes, ends, strict=True):
            knobs[knob.name] = coordinate_to_value(float(coordinate), *reach)
        live.pose(replace(live.setting, knobs=knobs, style=style), at, "auto", taken)

    def figures(self, beat: float) -> dict[str, Any]:
        """What the status shows of the automation. Any thread may ask."""
        morph = self.morph
        return {
            "auto": self.live.auto,
            "round": self.leg is not None,
            "fader": self.live.fader,
            "morph": None if morph is None else [morph.slot, round(morph.alpha(beat), 3)],
        }

    def _begin(self, slot: int, line: float, beats: float) -> None:
        self._alpha = 0.0
        self.morph = Morph(self.live.setting, self.live.snapshot(slot), slot, line, beats)

    def _next_leg(self, done: Morph) -> None:
        """If there is a round, go to its next snapshot, and after the last to the first again."""
        live = self.live
        if self.leg is None:
            return
        if not live.snapshots:
            self._end_all()
            return
        slots = sorted(live.snapshots)
        later = [slot for slot in slots if slot > done.slot]
        live.touched.intersection_update((*live.knobs.values, ARRANGEMENT))
        self._begin((later or slots)[0], done.start + done.beats, self.leg)

    def _set_out(self, morph: Morph) -> Morph:
        """The morph from where everything is as it begins."""
        return replace(morph, source=self.live.setting)

    def _pose(self, setting: Setting, at: float, why: str, line: float) -> None:
        touched = self.live.touched
        self.live.pose(setting, at, why, touched)
        if ARRANGEMENT not in touched:
            self.arrange(setting.arrangement, line)

    def _end_all(self) -> None:
        self.cue = self.morph = self.auto_walk = self.leg = self.live.fader = None
        self.live.auto = self.live.round = False


def _near(value: float, amount: float, rng: np.random.Generator) -> float:
    low, high = max(value - amount, 0.0), min(value + amount, 1.0)
    return float(rng.uniform(low, high))
