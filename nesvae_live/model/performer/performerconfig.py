"""The performer's sizes, and the shapes of its weights."""

from __future__ import annotations

from dataclasses import dataclass

from nesvae_live.model.performer.pairs import N_NOTE, N_PAIR
from nesvae_live.music.events import LOUDEST

SIDES = 2
"""A patch has two sides, each of which may be taken again from a note of its own: volume and duty."""


@dataclass(frozen=True, slots=True)
class PerformerConfig:
    """Sizes: `shapes` and `duties` of the kit, the width of what stands for each in the input, layers.

    So many `casts` are in its file.
    """

    shapes: int = 100
    duties: int = 16
    shape_width: int = 16
    level_width: int = 4
    duty_width: int = 6
    hidden: int = 128
    pair_hidden: int = 32
    casts: int = 0

    @property
    def patch_width(self) -> int:
        """Numbers that stand for a patch in the input."""
        return self.shape_width + self.level_width + self.duty_width

    def weights(self) -> dict[str, tuple[int, ...]]:
        """Every weight's name and shape, as torch names them."""
        h = self.hidden
        out: dict[str, tuple[int, ...]] = {}
        for name, n_in, n_out in (
            ("read", N_NOTE + 2 * self.patch_width, h),
            ("think", h, h),
            ("to_shape", h, self.shapes),
            ("to_level", h, LOUDEST),
            ("to_duty", h, self.duties),
            ("gate", h, SIDES),
            ("pair", N_PAIR, self.pair_hidden),
        ):
            out |= {f"{name}.weight": (n_out, n_in), f"{name}.bias": (n_out,)}
        return out | {
            "shape_in.weight": (self.shapes + 1, self.shape_width),
            "level_in.weight": (LOUDEST + 1, self.level_width),
            "duty_in.weight": (self.duties + 1, self.duty_width),
            "level_of.weight": (self.shapes, LOUDEST),
            "wanted.weight": (self.pair_hidden, h),
            "score.weight": (SIDES, self.pair_hidden),
        }
