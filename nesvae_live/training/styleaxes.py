"""Finds style axes that mean something: turned to what they do to the output, and labelled.

The network spreads style evenly over its axes: the variances of mu along its principal axes differ
by a factor of little more than two (docs/adr), so those axes mean nothing. The axes are turned
instead to the principal axes of what u does to the traits of decoded phrases.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from nesvae_live.evaluation.contexts import EncodedPhrases
from nesvae_live.evaluation.features import features
from nesvae_live.evaluation.knobtest import spearman
from nesvae_live.evaluation.song.songplaying import F32, SongPast, SongPlay
from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.axes import AxisSpec
from nesvae_live.latent.decoding import QUOTE, START, Sampling
from nesvae_live.latent.space import value_to_coordinate
from nesvae_live.model.song.memory import Keys, Memory, SongState
from nesvae_live.model.song.song import SongVae, Step
from nesvae_live.model.song.songconfig import UNKNOWN, YOURS
from nesvae_live.model.song.songcritic import SongCritic
from nesvae_live.music.phrase import SLOTS, TUPLES_PER_PHRASE, Ints
from nesvae_live.training.traits import TRAITS, traits

Floats = NDArray[np.float64]

NAMED = 8
"""How many axes, those of the default preset, are turned once more until each does few things."""

USUAL_PERCENTILES = (0.5, 99.5)
"""Percentiles of the corpus between which a feature counts as usual."""

TOLD = 0.15
"""The smallest Spearman's rho, in absolute value, that a label mentions."""

TOLD_MOST = 3
"""The most traits in a label."""

CLIPPED = 3.0
"""Standard deviations beyond which a trait is clipped."""


@torch.no_grad()
def every_past(model: SongVae, encoded: EncodedPhrases, places: Sequence[Ints]) -> SongPast:
    """Where each phrase's song has brought the decoder before it, for all phrases.

    Each phrase is read with its own attributes, all of them set, and its own style; of each song
    `places` has those of its tuples.
    """
    out: list[SongState] = []
    starts = np.flatnonzero(encoded.first)
    ends = np.append(starts[1:], len(encoded))
    for begin, end, at in zip(starts, ends, places, strict=True):
        rows = np.arange(begin, end)
        symbols = encoded.symbols[rows].reshape(-1, SLOTS)[: len(at)]
        previous = np.concatenate((np.array(START)[None], symbols[:-1]))
        zm = np.concatenate(
            (encoded.a[rows], encoded.mu[rows], np.ones_like(encoded.a[rows])), 1
        ).repeat(TUPLES_PER_PHRASE, 0)[: len(at)]
        step = Step(
            torch.from_numpy(previous)[None],
            torch.from_numpy(at)[None],
            torch.tensor(YOURS).expand(1, len(at), -1),
            torch.full((1, len(at)), UNKNOWN),
        )
        ticks = np.cumsum(symbols[:, 3] + 1) - symbols[:, 3] - 1
        state, told = model.decoder.initial_state(1), torch.from_numpy(zm)[None]
        keys = np.zeros((len(at), model.config.keys), np.float32)
        for first in range(0, len(at), TUPLES_PER_PHRASE):
            a, b, c, d = (int(symbol) for symbol in previous[first])
            past = Memory(
                symbols[:first], at[:first], ticks[:first], Keys.of(keys[:first])
            ).recent()
            out.append(SongState(state[:, 0].numpy(), (a, b, c, d), int(at[first]), past))
            part = slice(first, first + TUPLES_PER_PHRASE)
            y, state = model.decoder.hidden(Step(*(x[:, part] for x in step)), told[:, part], state)
            keys[part] = model.pointer.key(y)[0].numpy()
    return SongPast(tuple(out))


StyleDecoder = Callable[[F32, SongPast], Ints]
"""From u `[n, U]` and n pasts to tuples `[n, 13, 4]`, as played with every knob let go."""


def style_decoder(critic: SongCritic, sampling: Sampling, seed: int) -> StyleDecoder:
    """A function that decodes as the instrument does; the same seed gives the same draws."""

    def play(u: F32, past: SongPast) -> Ints:
        a = np.zeros((len(u), N_ATTRIBUTES), np.float32)
        free = SongPlay(critic, sampling, np.random.default_rng(seed), QUOTE)
        return free(np.concatenate((a, u), 1), a, past)

    return play


def find_axes(u: F32, decoded: Floats) -> F32:
    """Find the axes along which u changes what is decoded, in order of how much they change.

    Args:
        u: `[n, U]`, independent of the past that each phrase was decoded after.
        decoded: `[n, TRAITS]`, in standard deviations of the corpus; NaN where undefined.

    Returns:
        `[U, U]`, orthogonal, with the axes as rows: those of the least-squares map from u to the
        traits, the first of them turned by varimax until each moves few traits.
    """
    mean = _mean(decoded[None])
    centred = np.clip(np.nan_to_num(decoded - mean), -CLIPPED, CLIPPED)
    effects = np.linalg.lstsq(u - u.mean(0), centred, rcond=None)[0]  # U, traits
    axes: Floats = np.linalg.svd(effects)[0].T.astype(np.float64)
    named = min(NAMED, len(axes), effects.shape[1])
    axes[:named] = varimax(effects.T @ axes[:named].T).T @ axes[:named]
    moved = axes @ effects  # axes, traits
    strongest = np.abs(moved).argmax(1)
    axes *= np.where(moved[np.arange(len(axes)), strongest] < 0, -1.0, 1.0)[
        :, None
    ]  # turned up, they move it up
    order = np.argsort(-np.linalg.norm(moved, axis=1), kind="stable")
    return axes[order].astype(np.float32)


def varimax(loadings: Floats, rounds: int = 100) -> Floats:
    """The rotation `[k, k]` of loadings `[n, k]` after which each column has few large values."""
    rotation = np.eye(loadings.shape[1])
    for _ in range(rounds):
        turned_now = loadings @ rotation
        target = turned_now**3 - turned_now * np.square(turned_now).mean(0)
        left, _, right = np.linalg.svd(loadings.T @ target)
        rotation = left @ right
    return rotation


@dataclass(frozen=True)
class CorpusNorms:
    """What is usual in the corpus: each trait's standard `deviation` and each feature's `ends`.

    `deviation` `[TRAITS]`; `ends` `[2, FEATURES]`, between which 99 % of the phrases lie.
    """

    deviation: Floats
    ends: Floats

    @classmethod
    def of(cls, phrases: Ints) -> CorpusNorms:
        """Measure the norms over phrases `[n, 13, 4]`."""
        columns = [column[~np.isnan(column)] for column in traits(phrases).T]
        deviation = np.array([column.std() if len(column) else 0.0 for column in columns])
        measured = [column[~np.isnan(column)] for column in features(phrases).T]
        ends = [np.percentile(c, USUAL_PERCENTILES) if len(c) else np.zeros(2) for c in measured]
        return cls(np.where(deviation > 0, deviation, 1.0), np.array(ends).T)

    def strays(self, phrases: Ints) -> float:
        """The share of phrases that have a feature outside its ends."""
        measured = features(phrases)
        outside = (measured < self.ends[0]) | (measured > self.ends[1])
        return float(outside.any(1).mean())


def measure_axes(
    play: StyleDecoder, u: F32, past: SongPast, usual: CorpusNorms, settings: int = 17
) -> list[AxisSpec]:
    """Measure what turning each axis from end to end does, with the others as in each context.

    Args:
        play: decodes with every knob let go and the same draws each time.
        u: `[contexts, U]`.
        past: that of the contexts.
        usual: what is usual in the corpus.
        settings: how many values of the knob.
    """
    n, n_axes = u.shape
    values = np.linspace(0.0, 1.0, settings)
    row = np.repeat(np.arange(n), settings)
    specs = []
    for axis in range(n_axes):
        style = u[row].copy()
        style[:, axis] = np.tile([value_to_coordinate(v) for v in values], n)
        phrases = play(style, past.rows(row))
        phrases = phrases.reshape(n, settings, *phrases.shape[1:])
        moved = traits(phrases.reshape(n * settings, *phrases.shape[2:])) / usual.deviation
        moved = moved.reshape(n, settings, -1)  # contexts, settings, traits
        rho = spearman(values, np.moveaxis(moved, 1, -1)).mean(0)
        third = max(settings // 3, 1)
        shift = _mean(moved[:, -third:]) - _mean(moved[:, :third])
        specs.append(
            AxisSpec(
                label=to_label(rho),
                effect=round(float(np.linalg.norm(shift)), 3),
                tokens=round(float((phrases[:, 0] != phrases[:, -1]).sum((-1, -2)).mean()), 1),
                does={
                    TRAITS[i].name: round(float(rho[i]), 3)
                    for i in np.argsort(-np.abs(rho), kind="stable")
                    if abs(rho[i]) >= TOLD
                },
                strays=round(usual.strays(np.concatenate((phrases[:, 0], phrases[:, -1]))), 3),
            )
        )
    return specs


def _mean(values: Floats) -> Floats:
    """The mean `[traits]` of `[n, m, traits]`, NaNs left out; 0 if nothing is left."""
    count = (~np.isnan(values)).sum((0, 1))
    mean: Floats = np.nansum(values, (0, 1)) / np.maximum(count, 1)
    return mean


def to_label(rho: Floats) -> str:
    """What rises or falls as the axis is turned up, in words; "" if nothing does by much."""
    strongest = np.argsort(-np.abs(rho), kind="stable")[:TOLD_MOST]
    told = [i for i in strongest if abs(rho[i]) >= TOLD]
    return ", ".join(TRAITS[i].more if rho[i] > 0 else TRAITS[i].less for i in told)
