"""The attributes of phrases in torch: what `attributes.measure` computes, on any device."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

from nesvae_live.latent.attributes import (
    CONSONANT,
    N_ATTRIBUTES,
    REACH,
    TR_HIGHEST,
    TR_LOWEST,
    Quantiles,
)
from nesvae_live.music.phrase import LONGEST_HOLD, N_VOICES, SLOT_TABLE, STEPS_PER_SECOND

TINY = 1e-9


@cache
def _constants(device: torch.device) -> tuple[Tensor, Tensor]:
    """The voices' notes of symbol 1, and which interval classes are consonant."""
    first = torch.tensor([slot.first for slot in SLOT_TABLE[:N_VOICES]], device=device)
    return first, torch.from_numpy(CONSONANT).to(device, torch.float32)


def measure_symbols(symbols: Tensor, real: Tensor) -> Tensor:
    """Measure phrases.

    Args:
        symbols: `[n, t, 4]`.
        real: `[n, t]`, false where a tuple isn't there.

    Returns:
        `[n, 8]`, NaN where there was nothing to measure.
    """
    first, _ = _constants(symbols.device)
    notes = symbols[..., :N_VOICES] + first - 1
    held = (symbols[..., 3] + 1) * real
    on = (symbols[..., :N_VOICES] > 0) & real[..., None]
    length = held.float()
    weight = on * length[..., None]
    total = length.sum(1).clamp(min=TINY)
    new = on[:, 1:] & ((notes[:, 1:] != notes[:, :-1]) | ~on[:, :-1])
    onsets = on[:, 0].sum(1) + new.sum((1, 2))
    pulses = weight[..., :2].sum((1, 2))
    register = (notes[..., :2] * weight[..., :2]).sum((1, 2)) / pulses
    depth = (TR_HIGHEST - notes[..., 2]) / (TR_HIGHEST - TR_LOWEST)
    bass = (weight[..., 2] * (0.5 + 0.5 * depth)).sum(1) / total
    holds = F.one_hot((held - 1).clamp(min=0), LONGEST_HOLD).float() * (held > 0)[..., None]
    both = on[:, 1:, :2] & on[:, :-1, :2]
    leap = (notes[:, 1:, :2] - notes[:, :-1, :2]).abs() * both
    count = (leap > 0).sum((1, 2))
    classes = F.one_hot(notes % 12, 12).float() * weight[..., None]
    return torch.stack(
        (
            onsets / total * STEPS_PER_SECOND,
            torch.where(pulses > 0, register, torch.nan),
            bass,
            weight.sum((1, 2)) / total,
            -_entropy(holds.sum(1)),
            torch.where(count > 0, leap.sum((1, 2)) / count, torch.nan),
            _consonance(notes, on, length),
            torch.where(weight.sum((1, 2)) > 0, -_entropy(classes.sum((1, 2))), torch.nan),
        ),
        1,
    )


def _entropy(histogram: Tensor) -> Tensor:
    p = histogram / histogram.sum(-1, keepdim=True).clamp(min=TINY)
    return -(p * torch.log2(p.clamp(min=1e-12))).sum(-1)


def _consonance(notes: Tensor, on: Tensor, length: Tensor) -> Tensor:
    _, table = _constants(notes.device)
    good, every = torch.zeros_like(length[:, 0]), torch.zeros_like(length[:, 0])
    for a, b in ((0, 1), (0, 2), (1, 2)):
        both = (on[..., a] & on[..., b]) * length
        good = good + (both * table[(notes[..., a] - notes[..., b]).abs() % 12]).sum(1)
        every = every + both.sum(1)
    return torch.where(every > 0, good / every.clamp(min=TINY), torch.nan)


class Ranks:
    """`Quantiles.to_coordinates` in torch."""

    def __init__(self, quantiles: Quantiles, device: torch.device) -> None:
        import numpy as np

        self.values, self.coordinates = [], []
        for i in range(N_ATTRIBUTES):
            values, first = np.unique(quantiles.values[i], return_index=True)
            self.values.append(torch.tensor(values, dtype=torch.float32, device=device))
            at = quantiles.coordinates[i][first]
            self.coordinates.append(torch.tensor(at, dtype=torch.float32, device=device))

    def __call__(self, measured: Tensor) -> Tensor:
        """`[n, 8]` measures to coordinates in -2.5..2.5; what could not be measured is 0."""
        out = []
        for i in range(N_ATTRIBUTES):
            x, y, at = self.values[i], self.coordinates[i], measured[:, i].contiguous()
            k = torch.searchsorted(x, at).clamp(1, len(x) - 1)
            part = ((at - x[k - 1]) / (x[k] - x[k - 1])).clamp(0, 1)
            out.append(y[k - 1] + part * (y[k] - y[k - 1]))
        return torch.nan_to_num(torch.stack(out, 1).clamp(-REACH, REACH), nan=0.0)
