"""The live state: where the knobs are, how the voices are arranged and balanced.

Only the sequencer's thread writes; what other threads read is replaced, never changed in place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from nesvae_live.clock.timing import ClockRef, Meter
from nesvae_live.control.reply import ignore
from nesvae_live.engine.band.chord import REMEMBERED, Chord
from nesvae_live.engine.live.config import PlayConfig
from nesvae_live.engine.live.protocols import Clock
from nesvae_live.latent.attributes import N_ATTRIBUTES, Floats
from nesvae_live.latent.decoding import QUOTE, Condition, Stretch
from nesvae_live.latent.given import Answer, Source
from nesvae_live.latent.harmony import Harmony
from nesvae_live.latent.knobs import KNOB_BY_NAME, KnobState, steers
from nesvae_live.latent.lines import NONE_GIVEN, Line, Span
from nesvae_live.latent.setting import ATTRIBUTE_KNOBS, Setting, checked_name, is_style, slot_of
from nesvae_live.latent.space import Vector, assemble, coordinate_to_value
from nesvae_live.latent.steady import checked_steady, standing_value
from nesvae_live.latent.themes import Themes
from nesvae_live.log.entries import (
    Arranged,
    Harmonised,
    Journal,
    Lent,
    Posed,
    Quoted,
    Replied,
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

KEYS_RETURN, KEYS_SPLIT = 4.0, 60
"""How it is with players unless somebody says."""

NOT_GIVEN = "this checkpoint takes no given voice; one of format 3 does (--checkpoint)"
NO_CHORDS = "this checkpoint takes no chords; one of format 3 does (--checkpoint)"
NO_PAST = "this checkpoint can't quote what was played; one of format 3 can (--checkpoint)"


def nowhere() -> Floats | None:
    """Nothing was played."""
    return None


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
    stands: Callable[[], Floats | None] = nowhere
    """The attributes' coordinates `[8]` of what was played lately; None: nothing was."""

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
        self.sources: Mapping[Voice, Source] = MappingProxyType({})
        """Who plays the voices that are not the network's."""
        self._lines = NONE_GIVEN
        self.keys_return: float | None = KEYS_RETURN
        """After so many beats without a key a voice is the network's again; None: never."""
        self.keys_split = KEYS_SPLIT
        """One keyboard plays several voices: keys below this note are the lowest one's."""
        self.answer = Answer.OFF
        """When what is played is answered."""
        self.chords: int | None = None
        """The MIDI channel, from 0, on which keys are the harmony; None: none is."""
        self.chord: Chord | None = None
        """The chord that is held."""
        self._chords: tuple[Chord, ...] = ()  # those that were held last, with this one
        self._scale: tuple[int, ...] = ()  # of the chord that is held
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
        self.steady = p.steady
        """The attributes that are set where they stand when a hand turns another knob."""
        self._let_go: set[str] = set()  # those of them that a hand has released since
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
            if value is None and (was_steady or knob in self.steady):
                self._let_go.add(knob)
            else:
                self._let_go.discard(knob)
            self._hold_steady(at)
            self._drawn = None
            self._left_alone = not any(map(steers, self.knobs.values))
        if changed or was_steady:
            self.condition = self._condition()

    def _hold_steady(self, at: float) -> None:
        """A hand has turned a knob, or released it: set what is to stay, or release that too."""
        knobs, p = self.knobs, self.performance
        if not {knob for knob in knobs.values if steers(knob)} - knobs.steadied:
            for knob in sorted(knobs.steadied):
                knobs.set(knob, None)
                self.journal.put(Turned(at, knob, None))
            knobs.steadied = frozenset()
            self._let_go.clear()
            return
        wanted = [k for k in self.steady if k not in knobs.values and k not in self._let_go]
        stands = self.stands() if wanted and p.quantiles is not None else None
        if stands is None:
            return
        for knob in wanted:
            value = standing_value(knob, stands, p.reach)
            knobs.set(knob, value)
            self.journal.put(Turned(at, knob, value))
        knobs.steadied |= set(wanted)

    def set_steady(self, names: Collection[str]) -> None:
        """Set which attributes stay where they stand when a hand turns another knob.

        Those that are set already stay as they are.

        Raises:
            ValueError: one is no attribute.
        """
        self.steady = checked_steady(names)

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
            self.knobs.steadied = frozenset()
            self._let_go.clear()
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

    def give(self, voice: Voice, source: Source, line: Line | None, at: float) -> None:
        """Let somebody play a voice, along a line if there is one."""
        sources = {**self.sources, voice: source}
        self.sources = MappingProxyType({v: s for v, s in sources.items() if s is not Source.MODEL})
        if line is not None or voice in self._lines.lines:
            self._lines = self._lines.changed(voice, line)
            self.condition = self._condition()
        self.journal.put(Lent(at, voice.name, source))

    def strike(self, notes: Mapping[Voice, int | None], answer: Span | None = None) -> None:
        """Notes that somebody plays in voices of theirs have changed; None: they left it.

        An `answer` to them is to come on its beats.
        """
        self._lines = self._lines.struck(notes, answer)
        self.condition = self._condition()

    def reply(self, answer: Span, voices: Sequence[Voice]) -> None:
        """The network answers what was played in voices, from one beat to another."""
        begin, end = answer
        names = tuple(voice.name for voice in voices)
        self.journal.put(Replied(self.clock.ref.time_of(begin), begin, end - begin, names))

    def harmonise(self, chord: Chord | None, at: float) -> None:
        """Let what is written fit a chord that is held; None: it is the network's again."""
        if chord == self.chord:
            return
        self.chord, self._scale = chord, ()
        if chord is not None:
            before = self._chords
            if before and set(before[-1].tones) < set(chord.tones):
                before = before[:-1]  # key after key of one chord
            self._scale = chord.scale(before)
            self._chords = (*before, chord)[-REMEMBERED:]
        self.condition = self._condition()
        tones = () if chord is None else chord.tones
        self.journal.put(Harmonised(at, str(chord or ""), tones, self._scale))

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
        if self.chord is not None:
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
        ranges.SNAPSHOTS.check("snapshot", slot)
        there = dict(self.snapshots)
        if name:
            name = checked_name(name)
            if (other := slot_of(name, there)) not in {None, slot}:
                there[other] = replace(there[other], name="")
        elif slot in there:
            name = there[slot].name
        there[slot] = replace(setting or self.setting, name=name)
        self.snapshots = MappingProxyType(there)

    def clear(self, slot: int) -> None:
        """Remove a snapshot.

        Raises:
            ValueError: there is none of that number.
        """
        self.snapshot(slot)
        kept = {number: kept for number, kept in self.snapshots.items() if number != slot}
        self.snapshots = MappingProxyType(kept)

    def snapshot(self, slot: int) -> Setting:
        """The setting of a snapshot.

        Raises:
            ValueError: there is none of that number.
        """
        if slot not in self.snapshots:
            there = ", ".join(map(str, sorted(self.snapshots))) or "none"
            raise ValueError(f"no snapshot {slot}; there are: {there}")
        return self.snapshots[slot]

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
        harmony = None
        if self.chord is not None:
            harmony = Harmony(self.chord.tones, self._scale, self.arrangement.transpose)
        drawn = self.temperature, self.seed, quote
        return Condition(z, mask, *drawn, *counts, hands, self._lines, harmony)
