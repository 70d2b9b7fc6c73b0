"""The bound that training maximises: a batch's cost, with the state carried through its phrases.

Shapes: B streams, C consecutive phrases of each, T tuples (13), S slots (4), A attributes, U style.
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
    """The settings of a run; together with the data they determine its weights."""

    steps: int = 6000
    streams: int = 64
    chunk: int = 8
    learning_rate: float = 2e-3
    warmup: int = 200
    weight_decay: float = 0.01
    clip: float = 1.0
    rate: float = 32.0  # nats of u per phrase that the controller aims at
    free: float = 0.25  # nats per axis of u that cost nothing
    reset: float = 0.15  # how often a phrase starts without a past
    let_go: float = 0.2  # how often an attribute is masked
    let_go_any: float = 0.5  # how often a phrase has a masked share of its own, 0..1
    noise: float = 0.1  # on the attribute coordinates
    ema: float = 0.999
    seed: int = 1
    precision: str = "bf16"
    init_sha256: str = ""  # of the checkpoint it began with, if any


DROPOUT = 0.25
"""The share of the previous tuple's embedding that is dropped."""


@dataclass(frozen=True)
class Draws:
    """Everything random in a step, drawn for the whole batch whichever process does which part.

    `u` `[B, C, U]` and `a` `[B, C, A]` are standard normal noise, `mask` `[B, C, A]` is 1 where an
    attribute is set, `fresh` `[B, C]` is true where a phrase starts without a past, and `keep`
    `[B, C, T, S E]` is the dropout of the previous tuples' embedding: 0, or a factor above 1.
    """

    u: Tensor
    a: Tensor
    mask: Tensor
    fresh: Tensor
    keep: Tensor

    def part(self, streams: slice) -> Draws:
        """The draws of some of the streams."""
        return Draws(*(getattr(self, field.name)[streams] for field in fields(self)))


def draw(settings: Settings, config: ModelConfig, device: torch.device) -> Draws:
    """Draw from torch's global generator, which the caller seeds."""
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
    """What a batch costs: `tokens` `[]` nats per phrase, and `kl` `[U]` nats for each style axis.

    `more` `[]` is an additional loss, 0 in the model that ships. `state` `[L, B, H]` and `last`
    `[B, S]` are the past that is carried on.
    """

    tokens: Tensor
    kl: Tensor
    more: Tensor
    state: Tensor
    last: Tensor


class Bound(nn.Module):
    """A model and the cost of a batch under it; a module, so that it can be distributed."""

    def __init__(self, model: Vae, noise: float) -> None:
        super().__init__()
        self.model = model
        self.noise = noise

    def forward(self, batch: Batch, draws: Draws, state: Tensor, last: Tensor) -> Cost:
        """The cost of a batch's streams, after the past `state` `[L, B, H]` and `last` `[B, S]`."""
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

    def more(self, zm: Tensor, y: Tensor, symbols: Tensor, shifted: Tensor) -> Tensor:
        """An additional loss, for variants to override; here 0."""
        del zm, symbols, shifted
        return y.new_zeros(())
