"""The prior of z given the phrases so far: where the music goes, and what it comes back to.

A recurrent network over phrases says a mixture of Gaussians, in which the z of each earlier phrase
is a component too: a section comes again where that one is likely. With no phrase before it is the
corpus' own mixture.

Shapes: B streams, C phrases, J earlier phrases remembered, Z numbers of z (40), N components.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.model.song.songconfig import SongConfig

LOG_2_PI = math.log(2 * math.pi)
NEVER = -1e9


class Prior(nn.Module):
    """How likely a z is after what was played."""

    turn: Tensor

    def __init__(self, config: SongConfig) -> None:
        super().__init__()
        self.config = config
        h, z = config.prior_hidden, config.latent
        self.read = nn.Linear(z + config.hidden, h)
        self.cell = nn.GRUCell(h, h)
        self.nothing = nn.Parameter(torch.zeros(h))
        self.mixture = nn.Linear(h, config.components * (2 * z + 1))
        self.query = nn.Linear(h, config.keys)
        self.key = nn.Linear(h, config.keys)
        self.age = nn.Parameter(torch.zeros(config.memory))
        self.grain = nn.Parameter(torch.full((z,), -1.0))
        self.register_buffer("turn", torch.eye(config.style))
        """`[U, U]`, how the axes were turned after training; spreads lie along the old ones."""
        with torch.no_grad():
            bias = self.mixture.bias.view(config.components, 2 * z + 1)
            bias[:, :z] = torch.randn(config.components, z) * 0.5
            bias[:, z:] = 0.0

    def initial(self, n: int) -> Tensor:
        """`[n, h]`: nothing was played yet."""
        return self.nothing.expand(n, -1)

    def after(self, z: Tensor, y: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """A phrase was played.

        Args:
            z: `[B, Z]`, its.
            y: `[B, H]`, the decoder's top state before its last tuple.
            state: `[B, h]`.

        Returns:
            The new state `[B, h]`, and the phrase's key `[B, keys]`.
        """
        read = torch.tanh(self.read(torch.cat((z, y), -1)))
        state = self.cell(read, state)
        return state, self.key(state)

    def components(
        self, state: Tensor, z: Tensor, keys: Tensor, age: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The mixture after `state`.

        Args:
            state: `[..., h]`.
            z: `[..., J, Z]`, of earlier phrases.
            keys: `[..., J, keys]`, theirs.
            age: `[..., J]`, how many phrases ago, from 1; 0 where there is none.

        Returns:
            Log weights `[..., N + J]`, means and log sigmas `[..., N + J, Z]`; the sigmas lie along
            the axes of the training.
        """
        n, size = self.config.components, self.config.latent
        raw = self.mixture(state).float().unflatten(-1, (n, 2 * size + 1))
        mean, log_sigma, weight = raw[..., :size], raw[..., size:-1], raw[..., -1]
        product = (self.query(state)[..., None, :] * keys).sum(-1) / self.config.keys**0.5
        ages = F.one_hot((age - 1).clamp(0, self.config.memory - 1), self.config.memory)
        again = product.float() + ages.to(self.age.dtype) @ self.age
        again = torch.where(age > 0, again, NEVER)
        weights = torch.log_softmax(torch.cat((weight, again), -1), -1)
        means = torch.cat((mean, z), -2)
        grain = self.grain.expand_as(z)
        sigmas = torch.cat((log_sigma, grain), -2).clamp(-2.5, 1.5)
        return weights, means, sigmas

    def draw(self, weights: Tensor, means: Tensor, sigmas: Tensor) -> Tensor:
        """`[B, Z]`: a z of each mixture."""
        every = torch.arange(len(weights), device=weights.device)
        which = torch.distributions.Categorical(logits=weights).sample()
        off = torch.randn_like(means[every, which]) * sigmas[every, which].exp()
        style = off[..., N_ATTRIBUTES:] @ self.turn.T
        return means[every, which] + torch.cat((off[..., :N_ATTRIBUTES], style), -1)

    def log_density(self, z: Tensor, weights: Tensor, means: Tensor, sigmas: Tensor) -> Tensor:
        """`[...]`: log p of z `[..., Z]` under a mixture."""
        off = (z[..., None, :] - means).float()
        with torch.autocast(off.device.type, enabled=False):
            style = off[..., N_ATTRIBUTES:] @ self.turn
        off = torch.cat((off[..., :N_ATTRIBUTES], style), -1) * (-sigmas).exp()
        each = -0.5 * (off**2 + LOG_2_PI).sum(-1) - sigmas.sum(-1)
        return torch.logsumexp(weights + each, -1)
