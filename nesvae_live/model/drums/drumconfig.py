"""The drummer's sizes, and the shapes of its weights."""

from __future__ import annotations

from dataclasses import dataclass

from nesvae_live.model.drums.reading import LAGS, N_DENSE, table_rows


@dataclass(frozen=True, slots=True)
class DrumConfig:
    """Sizes: `kinds` of strokes in the kit, `hidden` units of both layers."""

    kinds: int = 64
    hidden: int = 64

    def weights(self) -> dict[str, tuple[int, ...]]:
        """Every weight's name and shape, as torch names them.

        `rows` are all tables, one below the other (see `reading.table_rows`).
        """
        h = self.hidden
        out: dict[str, tuple[int, ...]] = {"rows.weight": (sum(table_rows(self.kinds)), h)}
        for name, n_in, n_out in (
            ("read", N_DENSE, h),
            ("think", h, h),
            ("stroke", h, self.kinds + 1),
            ("lag", h, LAGS),
            ("used", h, 1),
        ):
            out |= {f"{name}.weight": (n_out, n_in), f"{name}.bias": (n_out,)}
        return out
