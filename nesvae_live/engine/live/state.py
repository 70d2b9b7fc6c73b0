"""The live state: where the knobs are, how the voices are arranged and balanced.

Only the sequencer's thread writes; what other threads read is replaced, never changed in place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from nesvae_live.clock.timing import ClockRef, Meter
from nesvae_live.control.reply import ignore
from nesvae_live.engine.live.band import Band
from nesvae_live.engine.live.config import PlayConfig
from nesvae_live.engine.live.protocols import Clock
from nesvae_live.engine.live.snapshots import cleared, snapshot_in, stored
from nesvae_live.engine.live.steady import Steady
from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.decoding import QUOTE, Condition, Stretch
from nesvae_live.latent.knobs import KNOB_BY_NAME, KnobState, steers
from nesvae_live.latent.setting import ATTRIBUTE_KNOBS, Setting, is_style
from nesvae_live.latent.space import Vector, assemble, coordinate_to_value
from nesvae_live.latent.themes import Themes
from nesvae_live.log.entries import (
    Arranged,
    Journal,
    Posed,
    Quoted,
    Themed,
    Turned,
)
from nesvae_live.music import ranges
from nesvae_live.music.arrangement import Arrangement
from nesvae_live.music.balance import Balance
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import Voice

TEMPERATURE, SEED = "temperature", "seed"
"""Stand for these two among the knobs touched by hand."""

COMPOSED = "composed"
"""Why all was set anew where the decoder composed a phrase."""

NOT_GIVEN = "this checkpoint takes no given voice; one of format 3 does (--checkpoint)"
NO_CHORDS = "this checkpoint takes no chords; one of format 3 does (--checkpoint)"
NO_PAST = "this checkpoint can't quote what was played; one of format 3 can (--checkpoint)"


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the music stands by itself: z `[8 + U]`, and the mask `[8]` of its attributes."""

    z: Vector
    mask: Vector


@dataclass
class LiveState:
    """All that is set by hand or by automation; every change of it is journaled.

    `remembers` says whether the decoder knows the past, and can quote it. Controls read it as a
    `nesvae_live.control.target.StateView`.
    """

    performance: PlayConfig
    journal: Journal
    clock: Clock
    knobs: KnobState = field(default_factory=KnobState)
    arrangement: Arrangement = field(default_factory=Arrangement)
    balance: Balance = field(default_factory=Balance)
    hear: Callable[[Balance], None] = ignore
    snapshots: Mapping[int, Setting] = field(default_factory=dict)
    """Number -> setting; the mapping is replaced when one is stored or cleared."""
    remembers: bool = False

    def __post_init__(self) -> None:
        p = self.performance
        self.swap: Swap = p.swap
        self.style = p.style
        self.temperature = p.sampling.temperature
        self.seed = p.seed
        self.quote = p.quote if self.remembers else None
        """How much of the past may come back, 0..1; None: the decoder knows no past."""
        self.themes = Themes.none()
        """The themes that were marked."""
        self.back: Stretch | None = None
        """The theme that was asked back last."""
        self.band = Band(self.journal, self.clock, self.renew)
        """What others play than the network."""
        self._returns = self._forgets = 0
        self._drawn: Pose | None = None  # where all stands as long as no hand says
        self._left_alone = True  # no hand has set anything of the map, or all was released again
        self.morph_bars = 4.0
        """How many bars a morph takes unless the gesture says."""
        self.bounds = 0.25
        """How far chance moves a knob unless the gesture says, in 0..1."""
        self.auto = False
        """Whether the auto mode moves the knobs."""
        self.round = False
        """Whether a round goes from snapshot to snapshot."""
        self.fader: float | None = None
        """Where the fader is in 0..1; None once something else has moved the knobs."""
        self.hold = False
        """Whether the phrase that plays repeats."""
        self.touched: set[str] = set()
        """The knobs turned by hand since the present automation began: it leaves them alone."""
        self.steady = Steady(p, self.knobs, self.journal)
        """The attributes that are set where they stand when a hand turns another knob."""
        self.condition = self._condition()
        self.page = 0
        """The controller's current page, from 0."""

    @property
    def meter(self) -> Meter:
        """The metre in which the music is now: that of the clock's source, else the one that was set."""
        return self.clock.meter or self.performance.meter

    def where(self) -> tuple[ClockRef, Meter]:
        """The clock's line, and the metre in which the music is now."""
        return self.clock.ref, self.meter

    @property
    def muted(self) -> frozenset[Voice]:
        """The voices that are silent."""
        return self.arrangement.muted

    @property
    def setting(self) -> Setting:
        """All that a snapshot holds, as it is now."""
        return Setting(self.knobs.values, self.style, self.temperature, self.seed, self.arrangement)

    def turn(self, knob: str, value: float | None, at: float) -> None:
        """Turn a knob by hand to a value in 0..1, or release it with None.

        Raises:
            ValueError: no such knob, or a value outside 0..1.
        """
        was_steady = knob in self.knobs.steadied
        changed = self.knobs.set(knob, value)
        self.touched.add(knob)
        self.knobs.steadied -= {knob}
        if changed:
            self.journal.put(Turned(at, knob, value))
        if changed and steers(knob):
            self.steady.turned(knob, released=value is None, was_steady=was_steady)
            self.steady.hold(at)
            self._drawn = None
            self._left_alone = not any(map(steers, self.knobs.values))
        if changed or was_steady:
            self.condition = self._condition()

    def release_all(self, at: float) -> None:
        """Release every knob, and leave the music alone."""
        for knob in self.knobs.values:
            self.turn(knob, None, at)
        self._left_alone = True

    def set_temperature(self, temperature: float, at: float) -> None:
        """Set how symbols are drawn: more safely below 1, more wildly above.

        Raises:
            ValueError: outside of `ranges.TEMPERATURE`.
        """
        ranges.TEMPERATURE.check("temperature", temperature)
        self.pose(replace(self.setting, temperature=temperature), at, TEMPERATURE)
        self.touched.add(TEMPERATURE)

    def set_quote(self, quote: float, at: float) -> None:
        """Set how much of the past may come back.

        Raises:
            ValueError: outside of `ranges.QUOTES`, or the decoder knows no past.
        """
        ranges.QUOTES.check("quote", quote)
        if not self.remembers:
            raise ValueError(NO_PAST)
        if quote != self.quote:
            self.quote = float(quote)
            self.journal.put(Quoted(at, self.quote))
            self.condition = self._condition()

    def set_seed(self, seed: int, at: float) -> None:
        """Set the seed of the draws: other notes from the same point in latent space.

        Raises:
            ValueError: no seed.
        """
        ranges.SEEDS.check("seed", seed)
        self.pose(replace(self.setting, seed=seed), at, SEED)
        self.touched.add(SEED)

    def pose(self, setting: Setting, at: float, why: str, keep: Collection[str] = ()) -> None:
        """Set everything but the arrangement as in `setting`, by automation.

        What is in `keep` stays as it is; so does the style if the setting has none.
        """
        knobs = setting.knobs
        for knob in KNOB_BY_NAME:
            if knob not in keep and self.knobs.set(knob, knobs.get(knob)):
                self.journal.put(Turned(at, knob, knobs.get(knob)))
        before = self.condition
        if why not in {TEMPERATURE, SEED}:
            self._drawn, self._left_alone = None, False
            self.steady.drop()
        self.style = self.style if setting.style is None else setting.style
        self.temperature = self.temperature if TEMPERATURE in keep else setting.temperature
        self.seed = self.seed if SEED in keep else setting.seed
        self.condition = self._condition()
        if self.condition.key != before.key:
            self._tell_pose(at, why)

    @property
    def known(self) -> NDArray[np.bool_] | None:
        """`[8 + U]`: the coordinates that a hand has set, if the others are composed; else None."""
        if self.performance.composed is None or not (self.auto or self._left_alone):
            return None
        return self._hands() > 0

    def compose(self, z: Vector, at: float) -> None:
        """Let everything stand at z `[8 + U]`, where the decoder composed a phrase.

        In the auto mode the knobs are moved there that no hand has touched. Else nobody has touched
        anything, and no knob shows it.
        """
        if self.known is not None:
            self._stand(Pose(z, np.ones(N_ATTRIBUTES, np.float32)), at, COMPOSED)
            return
        self.style = z[N_ATTRIBUTES:]  # a hand came in between, and goes on from there
        self.renew()
        self._tell_pose(at, COMPOSED)

    def renew(self) -> None:
        """Work the condition out anew."""
        self.condition = self._condition()

    def return_to(self, letter: str, at: float) -> None:
        """Let a theme come back from the next line on; what hands have set stays as it is.

        Raises:
            ValueError: there is none of that letter.
        """
        theme = self.themes.theme(letter)
        self.back = theme.stretch(self.arrangement.key)
        self.journal.put(Themed(at, letter, "returns", theme.last, self.back.shift))
        self._returns += 1
        z, mask = theme.condition.z, theme.condition.mask
        if self.known is not None:
            self._stand(Pose(z, mask), at, f"return {letter}")
        else:
            self.style = z[N_ATTRIBUTES:]
            self.condition = self._condition()
            self._tell_pose(at, f"return {letter}")

    def forget(self, at: float) -> None:
        """Let nothing of what was played come back, themes neither."""
        if not self.remembers:
            raise ValueError(NO_PAST)
        self.themes.forget()
        self._forgets += 1
        self.condition = self._condition()
        self.journal.put(Themed(at, "", "forgotten", -1, 0))

    def _stand(self, pose: Pose, at: float, why: str) -> None:
        if self.auto:
            self.touched.intersection_update(self.knobs.values)  # who is released is taken along
            self.pose(self._posed(pose), at, why, self.touched)
            return
        self._drawn, self.style = pose, pose.z[N_ATTRIBUTES:]
        self.condition = self._condition()
        self._tell_pose(at, why)

    def _posed(self, pose: Pose) -> Setting:
        """The setting in which the knobs stand as `pose` says, where no hand has touched them."""
        knobs = {k: v for k, v in self.knobs.values.items() if not is_style(k) or k in self.touched}
        ends = self.performance.reach
        for knob, coordinate, reach in zip(ATTRIBUTE_KNOBS, pose.z, ends, strict=False):
            knobs[knob.name] = coordinate_to_value(float(coordinate), *reach)
        return replace(self.setting, knobs=knobs, style=pose.z[N_ATTRIBUTES:])

    def _tell_pose(self, at: float, why: str) -> None:
        style = tuple(float(u) for u in self.style)
        self.journal.put(Posed(at, why, style, self.temperature, self.seed))

    def _hands(self) -> Vector:
        """`[8 + U]`: 1 where a hand has set a coordinate.

        What is steady is told to the network, but isn't guided: guided, it stood still more often.
        """
        hands = np.zeros(N_ATTRIBUTES + len(self.style), np.float32)
        for name in self.knobs.values:
            axis = KNOB_BY_NAME[name].axis
            by_hand = name in self.touched if self.auto else name not in self.knobs.steadied
            if by_hand and 0 <= axis < len(hands):
                hands[axis] = 1.0
        return hands

    def arrange(self, arrangement: Arrangement, at: float, beat: float) -> None:
        """Arrange the voices anew from `beat` on; the caller ends the notes of newly muted ones."""
        if arrangement == self.arrangement:
            return
        self.arrangement = arrangement
        if self.band.chord is not None:
            self.condition = self._condition()
        muted = tuple(sorted(voice.name for voice in arrangement.muted))
        key = None if arrangement.key is None else str(arrangement.key)
        self.journal.put(Arranged(at, beat, muted, arrangement.transpose, key))

    def store(self, slot: int, setting: Setting | None = None, name: str = "") -> None:
        """Store a setting as a snapshot: the present one, unless another is given.

        It keeps the name that it had, unless it is given one; another of that name loses it.

        Raises:
            ValueError: there is no such number, or that is no name.
        """
        self.snapshots = stored(self.snapshots, slot, setting or self.setting, name)

    def clear(self, slot: int) -> None:
        """Remove a snapshot.

        Raises:
            ValueError: there is none of that number.
        """
        self.snapshots = cleared(self.snapshots, slot)

    def snapshot(self, slot: int) -> Setting:
        """The setting of a snapshot.

        Raises:
            ValueError: there is none of that number.
        """
        return snapshot_in(self.snapshots, slot)

    @property
    def standing(self) -> int | None:
        """The number of the snapshot in which all stands as it does now; None: of none."""
        now, there = self.setting, sorted(self.snapshots.items())
        return next((slot for slot, kept in there if kept.stands_in(now)), None)

    def mix(self, balance: Balance) -> None:
        """Set the balance in which the voices are heard."""
        self.balance = balance
        self.hear(balance)

    def _condition(self) -> Condition:
        z, mask = assemble(self.knobs.values, self.style, self.performance.reach)
        if self._drawn is not None:
            z, mask = self._drawn.z, self._drawn.mask
        quote = QUOTE if self.quote is None else self.quote
        counts, hands = (self._returns, self._forgets), self._hands()
        harmony = self.band.harmony(self.arrangement.transpose)
        drawn = self.temperature, self.seed, quote
        return Condition(z, mask, *drawn, *counts, hands, self.band.lines, harmony)
