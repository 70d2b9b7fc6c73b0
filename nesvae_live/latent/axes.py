"""The style axes of a checkpoint, and what turning each up does.

They are measured when a checkpoint is finished (`nesvae_live.training.finish`); the axes of an
unfinished one have no labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from nesvae_live.latent.knobs import N_STYLE

AXES = "axes"
"""Where a checkpoint's `about` holds its axes."""


@dataclass(frozen=True, slots=True)
class AxisSpec:
    """What a style axis does to the output.

    `label` says what turning it up does ("" if that was never measured). `effect` is how far a
    whole turn moves the traits of decoded phrases, in standard deviations of the corpus. `tokens`
    is how many of a phrase's 52 tokens it changes. `does` lists the traits that it moves, with
    Spearman's rho. `strays` is the share of phrases at its ends that have a feature outside of
    99 % of the corpus.
    """

    label: str = ""
    effect: float = 0.0
    tokens: float = 0.0
    does: Mapping[str, float] | None = None
    strays: float = 0.0


def axes_of(about: Mapping[str, Any], n_style: int) -> tuple[AxisSpec, ...]:
    """The axes that a checkpoint's `about` describes, or plain ones; unknown fields are ignored."""
    found = about.get(AXES)
    if not isinstance(found, list) or len(found) != n_style:
        return (AxisSpec(),) * n_style
    known = {field.name for field in fields(AxisSpec)}
    return tuple(AxisSpec(**{k: v for k, v in axis.items() if k in known}) for axis in found)


def axes_to_about(axes: Sequence[AxisSpec]) -> list[dict[str, Any]]:
    """The axes as a checkpoint's `about` holds them, under `AXES`."""
    return [asdict(axis) for axis in axes]


def labels(axes: Sequence[AxisSpec]) -> dict[str, str]:
    """For each style knob whose axis is labelled, what turning it up does."""
    return {f"style{i + 1}": axis.label for i, axis in enumerate(axes[:N_STYLE]) if axis.label}
