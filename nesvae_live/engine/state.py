"""The performer's side: where the knobs stand, how the voices are arranged, how it is heard.

One thread writes (the sequencer's); what others read is replaced and never changed in place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from nesvae_live.control.reply import ignore
from nesvae_live.engine.config import PlayConfig
from nesvae_live.engine.protocols import Clock
from nesvae_live.latent.decoding import Condition
from nesvae_live.latent.knobs import KNOB_BY_NAME, KnobState
from nesvae_live.latent.setting import Setting
from nesvae_live.latent.space import assemble
from nesvae_live.log.entries import Arranged, Journal, Posed, Turned
from nesvae_live.music import ranges
from nesvae_live.music.arrangement import Arrangement
from nesvae_live.music.balance import Balance
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import Voice

TEMPERATURE, SEED = "temperature", "seed"
"""Beside the knobs, in what hands have touched."""


@dataclass
class LiveState:
    """What hands have set; every change of it goes into the log.

    It is what the targets' `now` reads (`nesvae_live.control.targets.Standing`).
    """

    performance: PlayConfig
    journal: Journal
    clock: Clock
    knobs: KnobState = field(default_factory=KnobState)
    arrangement: Arrangement = field(default_factory=Arrangement)
    balance: Balance = field(default_factory=Balance)
    hear: Callable[[Balance], None] = ignore
    snapshots: Mapping[int, Setting] = field(default_factory=dict)
    """Number -> setting; replaced when one is stored or cleared."""

    def __post_init__(self) -> None:
        p = self.performance
        self.swap: Swap = p.swap
        self.style = p.style
        self.temperature = p.sampling.temperature
        self.seed = p.seed
        self.morph_bars = 4.0
        """Bars that a morph takes if it isn't said."""
        self.bounds = 0.25
        """How far chance moves a knob if it isn't said, in 0..1."""
        self.auto = False
        """Whether the knobs wander by themselves."""
        self.round = False
        """Whether they go from snapshot to snapshot."""
        self.fader: float | None = None
        """Where the fader is, since it moved last; None when something else has moved since."""
        self.hold = False
        """Whether the phrase that plays goes round."""
        self.touched: set[str] = set()
        """The knobs that hands have turned since something else began to move them."""
        self.condition = self._condition()
        self.page = 0
        """The page of the controls that is up."""

    @property
    def muted(self) -> frozenset[Voice]:
        """The voices that are silent."""
        return self.arrangement.muted

    @property
    def setting(self) -> Setting:
        """How everything stands."""
        return Setting(self.knobs.values, self.style, self.temperature, self.seed, self.arrangement)

    def turn(self, knob: str, value: float | None, at: float) -> None:
        """Turn a knob by hand to a value in 0..1, or let it go with None.

        Raises:
            ValueError: no such knob, or a value outside 0..1.
        """
        changed = self.knobs.set(knob, value)
        self.touched.add(knob)
        if changed:
            self.journal.put(Turned(at, knob, value))
            self.condition = self._condition()

    def release_all(self, at: float) -> None:
        """Let every knob go."""
        for knob in self.knobs.values:
            self.turn(knob, None, at)

    def set_temperature(self, temperature: float, at: float) -> None:
        """Draw more safely (below 1) or more wildly.

        Raises:
            ValueError: outside of `ranges.TEMPERATURE`.
        """
        ranges.TEMPERATURE.check("temperature", temperature)
        self.pose(replace(self.setting, temperature=temperature), at, TEMPERATURE)
        self.touched.add(TEMPERATURE)

    def set_seed(self, seed: int, at: float) -> None:
        """Draw otherwise: other notes at the same place of the map.

        Raises:
            ValueError: no seed.
        """
        ranges.SEEDS.check("seed", seed)
        self.pose(replace(self.setting, seed=seed), at, SEED)
        self.touched.add(SEED)

    def pose(self, setting: Setting, at: float, why: str, keep: Collection[str] = ()) -> None:
        """Let everything but the arrangement stand as in `setting`, without hands.

        Knobs in `keep` stay where they are; so does the style, where the setting knows none.
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
        """Let the voices be arranged so from `beat` on; who calls ends what is muted."""
        if arrangement == self.arrangement:
            return
        self.arrangement = arrangement
        muted = tuple(sorted(voice.name for voice in arrangement.muted))
        key = None if arrangement.key is None else str(arrangement.key)
        self.journal.put(Arranged(at, beat, muted, arrangement.transpose, key))

    def store(self, slot: int) -> None:
        """Keep how everything stands under a number.

        Raises:
            ValueError: there is no such number.
        """
        ranges.SNAPSHOTS.check("snapshot", slot)
        self.snapshots = MappingProxyType({**self.snapshots, slot: self.setting})

    def clear(self, slot: int) -> None:
        """Forget a snapshot.

        Raises:
            ValueError: there is none of that number.
        """
        self.snapshot(slot)
        kept = {number: kept for number, kept in self.snapshots.items() if number != slot}
        self.snapshots = MappingProxyType(kept)

    def snapshot(self, slot: int) -> Setting:
        """What is kept under a number.

        Raises:
            ValueError: nothing is.
        """
        if slot not in self.snapshots:
            there = ", ".join(map(str, sorted(self.snapshots))) or "none"
            raise ValueError(f"no snapshot {slot}; there are: {there}")
        return self.snapshots[slot]

    def mix(self, balance: Balance) -> None:
        """Let it be heard in another balance."""
        self.balance = balance
        self.hear(balance)

    def _condition(self) -> Condition:
        z, mask = assemble(self.knobs.values, self.style, self.performance.reach)
        return Condition(z, mask, self.temperature, self.seed)
