"""The live state: where the knobs are, how the voices are arranged and balanced.

Only the sequencer's thread writes; what other threads read is replaced, never changed in place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from nesvae_live.control.reply import ignore
from nesvae_live.engine.config import PlayConfig
from nesvae_live.engine.protocols import Clock
from nesvae_live.latent.decoding import QUOTE, Condition
from nesvae_live.latent.knobs import KNOB_BY_NAME, KnobState
from nesvae_live.latent.setting import Setting
from nesvae_live.latent.space import assemble
from nesvae_live.log.entries import Arranged, Journal, Posed, Quoted, Turned
from nesvae_live.music import ranges
from nesvae_live.music.arrangement import Arrangement
from nesvae_live.music.balance import Balance
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import Voice

TEMPERATURE, SEED = "temperature", "seed"
"""Stand for these two among the knobs touched by hand."""

NO_PAST = "this checkpoint knows no past that it could quote; one of format 3 does (--checkpoint)"


@dataclass
class LiveState:
    """All that is set by hand or by automation; every change of it is journaled.

    `remembers` says whether the decoder knows the past, and can quote it. Controls read it as a `nesvae_live.control.target.StateView`.
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
        self.condition = self._condition()
        self.page = 0
        """The controller's current page, from 0."""

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
        changed = self.knobs.set(knob, value)
        self.touched.add(knob)
        if changed:
            self.journal.put(Turned(at, knob, value))
            self.condition = self._condition()

    def release_all(self, at: float) -> None:
        """Release every knob."""
        for knob in self.knobs.values:
            self.turn(knob, None, at)

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
        self.style = self.style if setting.style is None else setting.style
        self.temperature = self.temperature if TEMPERATURE in keep else setting.temperature
        self.seed = self.seed if SEED in keep else setting.seed
        self.condition = self._condition()
        if self.condition.key != before.key:
            style = tuple(float(u) for u in self.style)
            self.journal.put(Posed(at, why, style, self.temperature, self.seed))

    def arrange(self, arrangement: Arrangement, at: float, beat: float) -> None:
        """Arrange the voices anew from `beat` on; the caller ends the notes of newly muted ones."""
        if arrangement == self.arrangement:
            return
        self.arrangement = arrangement
        muted = tuple(sorted(voice.name for voice in arrangement.muted))
        key = None if arrangement.key is None else str(arrangement.key)
        self.journal.put(Arranged(at, beat, muted, arrangement.transpose, key))

    def store(self, slot: int) -> None:
        """Store the present setting as a snapshot.

        Raises:
            ValueError: there is no such number.
        """
        ranges.SNAPSHOTS.check("snapshot", slot)
        self.snapshots = MappingProxyType({**self.snapshots, slot: self.setting})

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

    def mix(self, balance: Balance) -> None:
        """Set the balance in which the voices are heard."""
        self.balance = balance
        self.hear(balance)

    def _condition(self) -> Condition:
        z, mask = assemble(self.knobs.values, self.style, self.performance.reach)
        quote = QUOTE if self.quote is None else self.quote
        return Condition(z, mask, self.temperature, self.seed, quote)
