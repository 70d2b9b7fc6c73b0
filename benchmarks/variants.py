"""What the network was before each step of the table in docs/model.md: for `benchmarks.steps`."""

from __future__ import annotations

import time
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.model.checkpoint import ModelConfig
from nesvae_live.model.vae import Decoder, Encoder, Vae
from nesvae_live.music.phrase import SLOT_TABLE, TUPLES_PER_PHRASE, VOCABULARY
from nesvae_live.training.bound import Bound
from nesvae_live.training.run import Run, cosine

WIDE = ModelConfig(style=128)
"""The ancestor's z."""
FREE_BITS = 125.0
"""Nats a phrase that cost the ancestor nothing."""


class AncestorEncoder(Encoder):
    """The post's: a GRU of 2 x 256 both ways over 52 tokens, its last states."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.embed = nn.ModuleList([nn.Embedding(VOCABULARY + 1, 128)])
        self.gru = nn.GRU(128, 256, num_layers=2, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * 256, 2 * config.style)

    def forward(self, symbols: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
        """As the present encoder's; a tuple that isn't there reads as a token of its own."""
        real = torch.arange(TUPLES_PER_PHRASE)[None, :, None] < counts[:, None, None]
        tokens = torch.where(real, symbols + _bases(), VOCABULARY).flatten(1)  # B 52
        _, last = self.gru(self.embed[0](tokens))
        both = last[-2:].transpose(0, 1).flatten(1)  # each phrase's own: B 2H
        mu, log_sigma = self.out(both).chunk(2, -1)
        return mu, log_sigma.clamp(-6.0, 2.0)


class AncestorDecoder(Decoder):
    """The post's: a GRU of 2 x 512, a step a token, z at every step, no past."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.embed = nn.ModuleList([nn.Embedding(VOCABULARY + 1, 128)])
        self.gru = nn.GRU(128 + config.style, 512, num_layers=2, batch_first=True)
        self.logits = nn.ModuleList([nn.Linear(512, VOCABULARY)])
        self.lift, self.given, self.relative = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()

    def hidden(
        self, previous: Tensor, zm: Tensor, state: Tensor, keep: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Hands z on: a step a token needs the tokens themselves (`Ancestor.nats`)."""
        del keep
        return zm[:, None].expand(-1, previous.shape[1], -1), state


class Ancestor(Vae):
    """The post's network without its fault: each phrase is trained with its own z."""

    def __init__(self, config: ModelConfig = WIDE) -> None:
        super().__init__(config)
        self.encoder, self.decoder = AncestorEncoder(config), AncestorDecoder(config)

    def nats(self, y: Tensor, symbols: Tensor, previous: Tensor, counts: Tensor) -> Tensor:
        """As `Vae.nats`, of a softmax over all 275 tokens, from what `hidden` handed on."""
        del previous
        tokens = (symbols + _bases()).flatten(1)  # B 52
        before = functional.pad(tokens[:, :-1], (1, 0), value=VOCABULARY)
        z = y[:, :1, N_ATTRIBUTES:-N_ATTRIBUTES].expand(-1, tokens.shape[1], -1)
        x = torch.cat((self.decoder.embed[0](before), z), -1)
        out, _ = self.decoder.gru(x)
        logits = self.decoder.logits[0](out)
        nats = functional.cross_entropy(logits.flatten(0, 1), tokens.flatten(), reduction="none")
        real = torch.arange(symbols.shape[1])[None, :, None] < counts[:, None, None]
        return nats.view(symbols.shape) * real


class LastStates(Encoder):
    """Takes the last state of either direction instead of pooling over the phrase."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.out = nn.Linear(2 * config.encoder_hidden, 2 * config.style)

    def forward(self, symbols: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
        """As the present encoder's."""
        x = torch.cat([e(symbols[..., i]) for i, e in enumerate(self.embed)], -1)
        real = torch.arange(symbols.shape[1])[None, :] < counts[:, None]
        y, _ = self.gru(x * real[..., None])  # B T 2H
        ahead, back = y.chunk(2, -1)
        last = ahead[torch.arange(len(y)), counts - 1]
        mu, log_sigma = self.out(torch.cat((last, back[:, 0]), -1)).chunk(2, -1)
        return mu, log_sigma.clamp(-6.0, 2.0)


class NoIntervals(Vae):
    """Scores notes by themselves alone."""

    def __init__(self, config: ModelConfig | None = None) -> None:
        super().__init__(config)
        self.decoder.relative = nn.ModuleList()


class BlindDecoder(Decoder):
    """Knows no attributes, whatever it is told."""

    def hidden(
        self, previous: Tensor, zm: Tensor, state: Tensor, keep: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """As the present decoder's."""
        return super().hidden(previous, zm * self.sees(zm), state, keep)

    @staticmethod
    def sees(zm: Tensor) -> Tensor:
        """1 for the style, 0 for the attributes and their mask."""
        return functional.pad(
            torch.ones_like(zm[:, N_ATTRIBUTES:-N_ATTRIBUTES]), [N_ATTRIBUTES] * 2
        )


class Blind(NoIntervals):
    """Has a style and nothing else."""

    def __init__(self, config: ModelConfig | None = None) -> None:
        super().__init__(config)
        self.decoder = BlindDecoder(self.config)
        self.decoder.relative = nn.ModuleList()


class TupleSteps(Blind):
    """The first step from the ancestor: its z and its objective, a step a tuple."""

    def __init__(self, config: ModelConfig = WIDE) -> None:
        super().__init__(config)
        self.encoder = LastStates(config)


class Smooth(Bound):
    """Evens out how far the output moves for an equal step of the style."""

    WEIGHT, STEP, SHARE = 1.0, 0.5, 8

    def more(self, zm: Tensor, y: Tensor, symbols: Tensor, shifted: Tensor) -> Tensor:
        """The squared variation of the Hellinger distance that a step in a random direction makes.

        Measured without a past on every eighth phrase of the batch.
        """
        del y
        zm, symbols, shifted = (x[:: self.SHARE] for x in (zm, symbols, shifted))
        style = slice(N_ATTRIBUTES, -N_ATTRIBUTES)
        direction = torch.randn_like(zm[:, style])
        moved = zm.clone()
        moved[:, style] += self.STEP * functional.normalize(direction, dim=-1)
        decoder = self.model.decoder
        state = decoder.initial_state(2 * len(zm))
        out, _ = decoder.hidden(shifted.repeat(2, 1, 1), torch.cat((zm, moved)), state)
        apart = torch.zeros(len(zm))
        for slot in range(len(SLOT_TABLE)):
            here, there = (
                decoder.head(slot, part, symbols, shifted).log_softmax(-1).div(2).exp()
                for part in out.chunk(2)
            )
            apart = apart + ((here - there) ** 2).sum(-1).mean(1)
        apart = (apart + 1e-9).sqrt()
        return self.WEIGHT * apart.var() / apart.mean() ** 2


class Timed(Run):
    """A run that lasts for so many seconds of this process' own time."""

    def __init__(self, *arguments: Any, seconds: float, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.seconds = seconds
        self.began = time.process_time()

    def spent(self) -> float:
        """The share of the time that is gone; from 1 on the run is over."""
        return (time.process_time() - self.began) / self.seconds

    def pace(self) -> float:
        """A warm-up by steps, and the cosine over the time."""
        warm = (self.step + 1) / self.settings.warmup
        return min(warm, 1.0) * cosine(min(self.spent(), 1.0))


class FreeBits(Timed):
    """The ancestor's objective: the first nats of a phrase are free, the others cost in full."""

    def paid(self, kl: Tensor, whole: Tensor) -> Tensor:
        """All, once it is more than what is free."""
        return torch.where(whole.sum() > FREE_BITS, kl, 0.0).sum()

    def steer(self, rate: float) -> None:
        """Nothing is steered."""


class Fixed(Timed):
    """The weight of the KL stays as it is."""

    def steer(self, rate: float) -> None:
        """Nothing is steered."""


def _bases() -> Tensor:
    return torch.tensor([slot.token_base for slot in SLOT_TABLE])
