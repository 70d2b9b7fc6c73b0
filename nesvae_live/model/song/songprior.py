"""The learned prior of z for live use: where the music goes from the phrases so far, in numpy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.model.gru import F32
from nesvae_live.model.song.songconfig import SongConfig

LEAST_SIGMA, MOST_SIGMA = -2.5, 1.5
LEAST_WEIGHT = 1e-12


@dataclass(frozen=True)
class Form:
    """What the prior knows of the phrases so far, never changed in place.

    `state` `[h]`; `z` `[J, Z]` and `keys` `[J, keys]` of the last phrases, at most `memory`, and
    `ticks` `[J]` when each began.
    """

    state: F32
    z: F32
    keys: F32
    ticks: NDArray[np.int64]

    def forgotten(self) -> Form:
        """The same without any phrase that could come again."""
        return Form(self.state, self.z[:0], self.keys[:0], self.ticks[:0])


@dataclass(frozen=True)
class Mixture:
    """Where z may be next: `weights` `[N + J]`, `means` and `sigmas` `[N + J, Z]`.

    The last J components are the earlier phrases again, the latest last. The sigmas of the style
    lie along the axes of the training, which `turn` `[U, U]` turned. Of z the coordinates are `known`
    `[Z]` that are to be as in `z` `[Z]`; None: nothing is.
    """

    weights: NDArray[np.float64]
    means: F32
    sigmas: F32
    turn: F32
    z: F32 | None = None
    known: NDArray[np.bool_] | None = None

    def given(self, z: F32, known: NDArray[np.bool_]) -> Mixture:
        """The mixture if those of the coordinates `[Z]` are known that `known` `[Z]` says."""
        if not known.any():
            return self
        covariances = self._roots[:, known] @ self._roots[:, known].transpose(0, 2, 1)
        off = (z - self.means)[:, known]
        apart = (off * np.linalg.solve(covariances, off[..., None])[..., 0]).sum(1)
        logits = np.log(np.maximum(self.weights, LEAST_WEIGHT))
        logits = logits - 0.5 * (apart + np.linalg.slogdet(covariances)[1])
        weights = np.exp(logits - logits.max())
        return replace(self, weights=weights / weights.sum(), z=z, known=known)

    def draw(self, rng: np.random.Generator, steadiness: float = 0.0) -> tuple[F32, int]:
        """A z `[Z]`, and the component that it is of.

        `steadiness` 0..1 narrows each component, 1 to its mean.
        """
        which = int(rng.choice(len(self.weights), p=self.weights))
        noise = rng.standard_normal((self.means.shape[1],), dtype=np.float32)
        root = self._roots[which]
        drawn = self.means[which] + (1.0 - steadiness) * (root @ noise)
        if self.known is not None and self.z is not None:  # what is known draws the rest along
            covariance = root @ root[self.known].T
            off = self.z[self.known] - drawn[self.known]
            drawn = drawn + covariance @ np.linalg.solve(covariance[self.known], off)
            drawn = np.where(self.known, self.z, drawn)
        return np.asarray(drawn, np.float32), which

    @cached_property
    def _roots(self) -> F32:
        """`[N + J, Z, Z]`: what standard normal noise is multiplied with in each component."""
        axes = np.eye(self.means.shape[1], dtype=np.float32)
        axes[N_ATTRIBUTES:, N_ATTRIBUTES:] = self.turn
        return np.asarray(axes * self.sigmas[:, None, :], np.float32)


class SongPrior:
    """The prior's weights."""

    def __init__(self, weights: dict[str, F32], config: SongConfig) -> None:
        self.config = config
        self._w = {
            name[6:]: value.astype(np.float32)
            for name, value in weights.items()
            if name.startswith("prior.")
        }

    def beginning(self) -> Form:
        """No phrase so far."""
        c = self.config
        empty = np.zeros((0, c.latent), np.float32), np.zeros((0, c.keys), np.float32)
        return Form(self._w["nothing"], *empty, np.zeros(0, np.int64))

    def after(self, form: Form, z: F32, top: F32, tick: int = 0) -> Form:
        """A phrase was played.

        Args:
            form: before it.
            z: `[Z]`, its.
            top: `[H]`, the decoder's top state before its last tuple was spelt.
            tick: when it began.
        """
        read = np.tanh(self._linear("read", np.concatenate((z, top))))
        state = self._cell(read, form.state)
        key = self._linear("key", state)
        memory = self.config.memory
        return Form(
            state,
            np.concatenate((form.z, z[None]))[-memory:],
            np.concatenate((form.keys, key[None]))[-memory:],
            np.concatenate((form.ticks, [tick]))[-memory:],
        )

    def mixture(self, form: Form, again: float | None = None, recent: int = 0) -> Mixture:
        """Where z may be after `form`.

        Args:
            form: what was played.
            again: the share of the mixture that earlier phrases have together; None: as it learnt.
            recent: so many of the last phrases don't come again.
        """
        c = self.config
        raw = self._linear("mixture", form.state).reshape(c.components, 2 * c.latent + 1)
        earlier = form.keys @ self._linear("query", form.state) / np.sqrt(c.keys)
        earlier = earlier + self._w["age"][: len(form.z)][::-1]
        earlier[max(len(earlier) - recent, 0) :] = -np.inf
        parts = raw[:, -1].astype(np.float64), earlier.astype(np.float64)
        if again is not None and np.isfinite(parts[1]).any():
            parts = _normal(parts[0]) + np.log1p(-again), _normal(parts[1]) + np.log(again)
        logits = np.concatenate(parts)
        weights = np.exp(logits - logits.max())
        grain = np.broadcast_to(self._w["grain"], form.z.shape)
        sigmas = np.concatenate((raw[:, c.latent : -1], grain))
        return Mixture(
            weights / weights.sum(),
            np.concatenate((raw[:, : c.latent], form.z)),
            np.exp(np.clip(sigmas, LEAST_SIGMA, MOST_SIGMA)),
            self._w["turn"],
        )

    def _linear(self, name: str, x: F32) -> F32:
        out: F32 = self._w[f"{name}.weight"] @ x + self._w[f"{name}.bias"]
        return out

    def _cell(self, x: F32, h: F32) -> F32:
        w = self._w
        a = w["cell.weight_ih"] @ x + w["cell.bias_ih"]
        b = w["cell.weight_hh"] @ h + w["cell.bias_hh"]
        n = len(h)
        gate = 1.0 / (1.0 + np.exp(-(a[: 2 * n] + b[: 2 * n])))
        new = np.tanh(a[2 * n :] + gate[:n] * b[2 * n :])
        return np.asarray((1.0 - gate[n:]) * new + gate[n:] * h, np.float32)


def _normal(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logits whose probabilities add up to 1."""
    off = logits - logits.max()
    return np.asarray(off - np.log(np.exp(off).sum()))
