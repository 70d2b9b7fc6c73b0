"""The bound that training maximises: what a batch's phrases cost, the state carried through them.

Shapes: B streams, C phrases in a row of each, T tuples (13), S slots (4), A attributes, U style.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import torch
from torch import Tensor, nn

from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.model.checkpoint import ModelConfig
from nesvae_live.model.vae import Vae, condition, start_tuple
from nesvae_live.music.phrase import SLOTS, TUPLES_PER_PHRASE
from nesvae_live.training.batches import Batch


@dataclass(frozen=True)
class Settings:
    """A run's settings; with the data they determine its weights."""

    steps: int = 6000
    streams: int = 64
    chunk: int = 8
    learning_rate: float = 2e-3
    warmup: int = 200
    weight_decay: float = 0.01
    clip: float = 1.0
    rate: float = 32.0  # nats of u a phrase that the controller holds
    free: float = 0.25  # nats an axis of u that cost nothing
    reset: float = 0.15  # how often a phrase starts without a past
    let_go: float = 0.2  # how often an attribute is masked
    let_go_any: float = 0.5  # how often a phrase has a share of its own instead, 0..1
    noise: float = 0.1  # on the attribute coordinates
    ema: float = 0.999
    seed: int = 1
    precision: str = "bf16"
    init_sha256: str = ""  # of the checkpoint whose weights it began with; empty: none


DROPOUT = 0.25
"""How often a part of the previous tuple's embedding is left out."""


@dataclass(frozen=True)
class Draws:
    """All that is left to chance in a step; it is drawn for the whole batch, whoever does a part.

    `u` `[B, C, U]` and `a` `[B, C, A]` standard normal noise, `mask` `[B, C, A]` 1 where an
    attribute is set, `fresh` `[B, C]` where a phrase starts without a past, `keep`
    `[B, C, T, S E]` what becomes of the previous tuples' embedding: 0, or scaled up for that.
    """

    u: Tensor
    a: Tensor
    mask: Tensor
    fresh: Tensor
    keep: Tensor

    def part(self, streams: slice) -> Draws:
        """Those of some of the streams."""
        return Draws(*(getattr(self, field.name)[streams] for field in fields(self)))


def draw(settings: Settings, config: ModelConfig, device: torch.device) -> Draws:
    """Draw from torch's own generator, which the caller seeds."""
    s = settings
    shape = s.streams, s.chunk
    let_go = torch.full((*shape, 1), s.let_go, device=device)
    any_share = torch.rand_like(let_go) < s.let_go_any
    let_go = torch.where(any_share, torch.rand_like(let_go), let_go)
    keep = torch.rand(*shape, TUPLES_PER_PHRASE, SLOTS * config.embedding, device=device)
    return Draws(
        u=torch.randn(*shape, config.style, device=device),
        a=torch.randn(*shape, N_ATTRIBUTES, device=device),
        mask=(torch.rand(*shape, N_ATTRIBUTES, device=device) >= let_go).float(),
        fresh=torch.rand(shape, device=device) < s.reset,
        keep=(keep >= DROPOUT).float() / (1.0 - DROPOUT),
    )


class Cost(NamedTuple):
    """What a batch costs: `tokens` `[]` nats a phrase, `kl` `[U]` nats of each axis of the style.

    `more` `[]` is what else the loss holds, 0 in the model that ships; `state` `[L, B, H]` and
    `last` `[B, S]` are the past that is carried on.
    """

    tokens: Tensor
    kl: Tensor
    more: Tensor
    state: Tensor
    last: Tensor


class Bound(nn.Module):
    """A model with what it costs to tell it a batch; a module, so that it can be distributed."""

    def __init__(self, model: Vae, noise: float) -> None:
        super().__init__()
        self.model = model
        self.noise = noise

    def forward(self, batch: Batch, draws: Draws, state: Tensor, last: Tensor) -> Cost:
        """Cost of a batch's streams, from the past `state` `[L, B, H]` and `last` `[B, S]`."""
        model, device = self.model, state.device
        symbols = torch.from_numpy(batch.symbols).to(device)  # B C T S
        counts = torch.from_numpy(batch.counts).to(device)  # B C
        n, chunk = counts.shape
        flat = symbols.flatten(0, 1)
        mu, log_sigma = model.encoder(flat, counts.flatten())
        u = mu + model.encoder.scatter(log_sigma, draws.u.flatten(0, 1))
        a = torch.from_numpy(batch.a).to(device) + self.noise * draws.a
        zm = condition(a.flatten(0, 1), u, draws.mask.flatten(0, 1)).view(n, chunk, -1)
        fresh = torch.from_numpy(batch.fresh).to(device) | draws.fresh
        start = start_tuple(n, device)
        hidden, before = [], []
        for c in range(chunk):
            state = state * ~fresh[None, :, c, None]
            previous = torch.where(fresh[:, c, None], start, last)
            shifted = torch.cat((previous[:, None], symbols[:, c, :-1]), 1)
            y, state = model.decoder.hidden(shifted, zm[:, c], state, draws.keep[:, c])
            hidden.append(y)
            before.append(shifted)
            last = symbols[:, c, -1]
        y, shifted = (torch.stack(x, 1).flatten(0, 1) for x in (hidden, before))
        nats = model.nats(y, flat, shifted, counts.flatten())
        kl = model.kl(mu, log_sigma)
        more = self.more(zm.flatten(0, 1), y, flat, shifted)
        return Cost(nats.sum() / len(flat), kl.mean(0), more, state.detach().float(), last)

    def more(self, zm: Tensor, y: Tensor, symbols: Tensor, shifted: Tensor) -> Tensor:  # noqa: ARG002
        """What else the loss holds: nothing."""
        return y.new_zeros(())
