"""What the performer's arithmetic is told: its weights, the kit, the notes, and what knobs ask for."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nesvae_live.model.checkpoint import Weights
from nesvae_live.model.performer.kit import Kit
from nesvae_live.model.performer.notes import STEPS
from nesvae_live.model.performer.pairs import WINDOW
from nesvae_live.model.performer.performerfile import SIDES

F32 = NDArray[np.float32]
Ints = NDArray[np.int64]

Bytes = NDArray[np.uint8]


class KitTables(NamedTuple):
    """The kit: `volumes` `[15 K, STEPS]`, each shape at each level from 1 on; `duties` `[D, STEPS]`."""

    volumes: Bytes
    duties: Bytes

    @classmethod
    def of(cls, kit: Kit) -> KitTables:
        """A kit's."""
        return cls(np.ascontiguousarray(kit.volumes()[:, 1:]).reshape(-1, STEPS), kit.duties)


class Notes(NamedTuple):
    """Notes that were played or are to be, `n` in all.

    `rows` `[n, COLUMNS]`, `before` `[n]` of `pairs.previous`; `patches` `[n, 3]`, `volume` and `duty`
    `[n, STEPS]` are known where notes were played, and get what is chosen. `out` `[n, 3]`, `out_volume`
    and `out_duty` get what is chosen for every note; `taught` `[n]` is where what follows goes on from
    what is known all the same. Notes from `hold` on take again only what was played before it; with 0
    each is played as if nothing had been before. `until` `[n]` is the first row that isn't known yet when
    each is played. `guessed`: a taught note's duty is chosen by the volume chosen for it, not by its own.
    """

    rows: Ints
    before: Ints
    patches: Ints
    volume: Bytes
    duty: Bytes
    out: Ints
    out_volume: Bytes
    out_duty: Bytes
    taught: NDArray[np.bool_]
    hold: int
    until: Ints
    guessed: bool = False


class Leaning(NamedTuple):
    """What knobs ask of new patches and of those that are taken again, in nats for or against.

    `shapes` `[n_shapes]` and `duties` `[n_duties]` are added to the kit's. Notes' levels lean towards
    `base` `[2]` of each pulse, and so many levels (`accent`) more or less as `strength` `[n]` of each note
    says; `levels` is whether they do. `on`: whether anything leans.
    """

    on: bool
    shapes: F32
    duties: F32
    levels: bool
    accent: float
    base: F32
    strength: F32


_NOTHING = np.zeros(1, np.float32)
UNMOVED = Leaning(
    on=False,
    shapes=_NOTHING,
    duties=_NOTHING,
    levels=False,
    accent=0.0,
    base=_NOTHING,
    strength=_NOTHING,
)
"""Nothing leans: as it was learnt."""


class ChoosingTables(NamedTuple):
    """The weights, as `PerformerConfig.weights` names them; matrices are `[out, in]`."""

    read: F32
    read_bias: F32
    think: F32
    think_bias: F32
    to_shape: F32
    to_shape_bias: F32
    to_level: F32
    to_level_bias: F32
    gate: F32
    gate_bias: F32
    pair: F32
    pair_bias: F32
    tell: F32
    tell_bias: F32
    to_duty: F32
    to_duty_bias: F32
    told_gate: F32
    told_gate_bias: F32
    told_pair: F32
    told_pair_bias: F32
    shape_in: F32
    level_in: F32
    duty_in: F32
    level_of: F32
    wanted: F32
    score: F32
    told_wanted: F32
    told_score: F32


def choosing_tables(weights: Weights) -> ChoosingTables:
    """The weights in the order in which the compiled function wants them."""
    found = {}
    for name in ChoosingTables._fields:
        key = f"{name[:-5]}.bias" if name.endswith("_bias") else f"{name}.weight"
        found[name] = np.ascontiguousarray(weights[key], np.float32)
    return ChoosingTables(**found)


class Workspace(NamedTuple):
    """What speaks for the last note's patch: `gate` `[2]`, the logit of a new one, by side.

    `scores` `[2, WINDOW]` are the logits of the earlier notes, from the first that is looked at on.
    """

    gate: F32
    scores: F32

    @classmethod
    def new(cls) -> Workspace:
        """An empty one."""
        return cls(np.zeros(SIDES, np.float32), np.zeros((SIDES, WINDOW), np.float32))
