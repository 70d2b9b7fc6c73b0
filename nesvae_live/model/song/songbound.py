"""The bound of format 3: what a chunk of every stream costs, with its past.

Shapes: B streams, C phrases in a row of each, T = 13 C tuples, S slots, V voices, A attributes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.decoding import START
from nesvae_live.model.song.measuring import Ranks, measure_symbols
from nesvae_live.model.song.pointer import Past
from nesvae_live.model.song.prior import LOG_2_PI
from nesvae_live.model.song.song import SongVae, Step
from nesvae_live.model.song.songconfig import UNKNOWN, YOURS
from nesvae_live.music.phrase import LONGEST_HOLD, N_VOICES, SLOTS, TUPLES_PER_PHRASE

NOISE = 0.1
"""On the attributes' coordinates."""
LEAD = 8
"""Empty tuples before a phrase without a past: the pointer looks at so many."""


@dataclass(frozen=True)
class SongSettings:
    """How songs are told in training."""

    past: int = 512
    let_go: float = 0.2
    let_go_any: float = 0.5
    given: float = 0.4
    known: float = 0.5
    input_dropout: float = 0.25
    dropout: float = 0.15
    alone: float = 0.125


class Chunk(NamedTuple):
    """What is to be spelt, and what was before.

    `real` `[B, T]`; `stay` `[B, T, 3]` for how many ticks each voice's note stays from each tuple
    on, 1 to 32.
    """

    past: Past
    real: Tensor
    stay: Tensor


class Carried(NamedTuple):
    """What goes on from chunk to chunk.

    `state` `[L, B, H]` the decoder's, `keys` `[B, M, keys]` of the past tuples, `prior` `[B, h]`,
    `z` `[B, J, Z]` and `z_keys` `[B, J, keys]` of the phrases so far, `played` `[B]` how many.
    """

    state: Tensor
    keys: Tensor
    prior: Tensor
    z: Tensor
    z_keys: Tensor
    played: Tensor

    def detached(self) -> Carried:
        """Without what it was computed from."""
        return Carried(*(x.detach() for x in self))


class Told(NamedTuple):
    """What a chunk costs: `nats` `[B, T, S]`, `rate` `[B, C]` nats of z against the prior.

    `divergence` `[B, C, U]` of the style from N(0, 1); `real` `[B, T]`, `phrases` `[B, C]` which
    are there; `alone_nats` `[n, 13, S]`, `alone_rate` `[n]` and `alone_real` `[n, 13]` of phrases
    that were told without a past.
    """

    nats: Tensor
    rate: Tensor
    divergence: Tensor
    real: Tensor
    phrases: Tensor
    alone_nats: Tensor
    alone_rate: Tensor
    alone_real: Tensor


@cache
def _edges(device: torch.device) -> tuple[Tensor, Tensor]:
    """The tuple before the first one, and the notes that aren't given."""
    return torch.tensor(START, device=device), torch.tensor(YOURS, device=device)


def nothing_yet(model: SongVae, n: int, past: int, device: torch.device) -> Carried:
    """No past, for n streams."""
    c = model.config
    return Carried(
        model.decoder.initial_state(n, device),
        torch.zeros(n, past, c.keys, device=device),
        model.prior.initial(n).detach(),
        torch.zeros(n, c.memory, c.latent, device=device),
        torch.zeros(n, c.memory, c.keys, device=device),
        torch.zeros(n, dtype=torch.long, device=device),
    )


class SongBound(nn.Module):
    """Tells chunks and says what they cost."""

    def __init__(self, model: SongVae, ranks: Ranks, settings: SongSettings) -> None:
        super().__init__()
        self.model, self.ranks, self.settings = model, ranks, settings

    def forward(
        self,
        chunk: Chunk,
        fresh: Tensor,
        carried: Carried,
        *,
        fixed: Tensor | None = None,
        alone: int | None = None,
        guess: Tensor | None = None,
    ) -> tuple[Told, Carried]:
        """Tell a chunk.

        Args:
            chunk: what is played, and what was.
            fresh: `[B]`, whether nothing was played before.
            carried: from the chunk before.
            fixed: `[B, C, V]`, which voices are given; drawn in training, none else.
            alone: how many phrases are told without a past, too; in evaluation all are.
            guess: `[B, C, Z]`, a z that the decoder is told instead of each phrase's own.
        """
        model, s = self.model, self.settings
        n, length = chunk.real.shape
        phrases = length // TUPLES_PER_PHRASE
        device = chunk.real.device
        symbols = chunk.past.symbols[:, -length:]
        real = chunk.real.reshape(n * phrases, TUPLES_PER_PHRASE)
        flat = symbols.reshape(n * phrases, TUPLES_PER_PHRASE, SLOTS)
        mu, log_sigma = model.encoder(flat, real.sum(1))
        noise = torch.randn_like(mu)
        u = mu + model.encoder.scatter(log_sigma, noise)
        a = self.ranks(measure_symbols(flat, real))
        a_noise = torch.randn_like(a)
        z = torch.cat((a + NOISE * a_noise, u), 1)
        log_q = -0.5 * (noise**2 + LOG_2_PI).sum(1) - log_sigma.sum(1)
        log_q = log_q - (0.5 * (a_noise**2 + LOG_2_PI) + math.log(NOISE)).sum(1)
        log_q, z = log_q.view(n, phrases), z.view(n, phrases, -1)
        mask = self._mask(n, phrases, device)
        heard = z if guess is None else guess
        zm = torch.cat((heard[..., :N_ATTRIBUTES] * mask, heard[..., N_ATTRIBUTES:], mask), -1)
        zm = zm.repeat_interleave(TUPLES_PER_PHRASE, 1)
        if fixed is None:
            fixed = self._given(n, phrases, device)
        step, fixed = self._step(chunk, fixed, length)
        keep = self._keep(n, length, device)
        state = carried.state * ~fresh[None, :, None]
        y, state = model.decoder.hidden(step, zm, state, keep)
        y = F.dropout(y, s.dropout, self.training)
        keys = torch.cat((carried.keys, model.pointer.key(y).float()), 1)
        nats = model.nats(y, step, chunk.past, keys, fixed) * chunk.real[..., None]
        last = y[:, TUPLES_PER_PHRASE - 1 :: TUPLES_PER_PHRASE]
        rate, prior, z_all, z_keys = self._rate(log_q, z, last, fresh, carried)
        there = real.any(1).view(n, phrases)
        divergence = 0.5 * (mu**2 + (2 * log_sigma).exp() - 1) - log_sigma
        told = (nats, rate * there, divergence.view(n, phrases, -1), chunk.real, there)
        after = Carried(
            state.float(),
            keys[:, length:],
            prior,
            z_all[:, phrases:],
            z_keys[:, phrases:],
            carried.played * ~fresh + phrases,
        )
        few = self._alone(alone, n * phrases, device)
        apart = self._tell_alone(few, flat, real, zm, step, fixed, keep, log_q, z, chunk)
        return Told(*told, *apart), after.detached()

    def _mask(self, n: int, phrases: int, device: torch.device) -> Tensor:
        if not self.training:
            return torch.ones(n, phrases, N_ATTRIBUTES, device=device)
        s = self.settings
        share = torch.full((n, phrases, 1), s.let_go, device=device)
        any_share = torch.rand_like(share) < s.let_go_any
        share = torch.where(any_share, torch.rand_like(share), share)
        return (torch.rand(n, phrases, N_ATTRIBUTES, device=device) >= share).float()

    def _given(self, n: int, phrases: int, device: torch.device) -> Tensor:
        """`[n, phrases, V]`: which voices are given; never all."""
        if not self.training:
            return torch.zeros(n, phrases, N_VOICES, dtype=torch.bool, device=device)
        some = torch.rand(n, phrases, 1, device=device) < self.settings.given
        which = torch.randint(1, 2**N_VOICES - 1, (n, phrases, 1), device=device)
        bits = torch.arange(N_VOICES, device=device)
        return ((which >> bits) & 1).bool() & some

    def _step(self, chunk: Chunk, fixed: Tensor, length: int) -> tuple[Step, Tensor]:
        window, device = chunk.past, chunk.real.device
        symbols = window.symbols[:, -length:]
        before, there = window.symbols[:, -length - 1 : -1], window.there[:, -length - 1 : -1]
        start, yours = _edges(device)
        previous = torch.where(there[..., None], before, start)
        known = torch.ones(fixed.shape[:2], dtype=torch.bool, device=device)
        if self.training:
            known = torch.rand(fixed.shape[:2], device=device) < self.settings.known
        known = known.repeat_interleave(TUPLES_PER_PHRASE, 1)
        fixed = fixed.repeat_interleave(TUPLES_PER_PHRASE, 1)
        given = torch.where(fixed, symbols[..., :N_VOICES], yours)
        left = torch.where(fixed, chunk.stay, LONGEST_HOLD).amin(-1)
        left = torch.where(fixed.any(-1) & known, left, UNKNOWN)
        return Step(previous, window.places[:, -length:], given, left), fixed

    def _keep(self, n: int, length: int, device: torch.device) -> Tensor | None:
        p = self.settings.input_dropout
        if not self.training or p == 0:
            return None
        size = SLOTS * self.model.config.embedding
        return (torch.rand(n, length, size, device=device) >= p).float() / (1 - p)

    def _rate(
        self, log_q: Tensor, z: Tensor, last: Tensor, fresh: Tensor, carried: Carried
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """`[B, C]` nats of z against the prior; the prior's state, z and keys to carry on."""
        prior, memory = self.model.prior, self.model.config.memory
        n, phrases = log_q.shape
        told = z.detach()
        state = torch.where(fresh[:, None], prior.initial(n), carried.prior)
        states, keys = [], []
        for c in range(phrases):
            states.append(state)
            state, key = prior.after(told[:, c], last[:, c].float(), state)
            keys.append(key)
        z_all = torch.cat((carried.z, told), 1)
        z_keys = torch.cat((carried.z_keys, torch.stack(keys, 1)), 1)
        count = (carried.played * ~fresh)[:, None, None]
        now = torch.arange(phrases, device=z.device)[:, None]
        j = torch.arange(memory + phrases, device=z.device)[None]
        age = memory + now - j  # of phrase j of all, seen from phrase c
        age = torch.where((age > 0) & (age <= memory), age, 0)[None].expand(n, -1, -1)
        age = torch.where(age - now[None] <= count, age, 0)
        every = z_all[:, None].expand(-1, phrases, -1, -1)
        mixture = prior.components(
            torch.stack(states, 1), every, z_keys[:, None].expand(-1, phrases, -1, -1), age
        )
        return log_q - prior.log_density(z, *mixture), state, z_all, z_keys

    def _alone(self, alone: int | None, phrases: int, device: torch.device) -> Tensor:
        if not self.training:
            return torch.arange(phrases if alone is None else alone, device=device)
        count = int(phrases * self.settings.alone) if alone is None else alone
        return torch.randperm(phrases, device=device)[:count]

    def _tell_alone(
        self,
        few: Tensor,
        flat: Tensor,
        real: Tensor,
        zm: Tensor,
        step: Step,
        fixed: Tensor,
        keep: Tensor | None,
        log_q: Tensor,
        z: Tensor,
        chunk: Chunk,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The phrases `few` `[n]` without a past: nats `[n, 13, S]`, rate `[n]`, real `[n, 13]`."""
        model, length = self.model, TUPLES_PER_PHRASE

        def cut(x: Tensor) -> Tensor:
            return x.reshape(len(flat), length, *x.shape[2:])[few]

        symbols, there = flat[few], real[few]
        start = _edges(flat.device)[0].expand(len(few), 1, -1)
        own = Step(
            torch.cat((start, symbols[:, :-1]), 1),
            *(cut(x) for x in (step.places, step.given, step.left)),
        )
        state = model.decoder.initial_state(len(few), flat.device)
        y, _ = model.decoder.hidden(own, cut(zm), state, None if keep is None else cut(keep))
        y = F.dropout(y, self.settings.dropout, self.training)
        ticks = cut(chunk.past.ticks[:, -chunk.real.shape[1] :])
        window = Past(
            *(
                F.pad(x, (*(0, 0) * (x.dim() - 2), LEAD, 0))
                for x in (symbols, own.places, ticks, there)
            )
        )
        keys = F.pad(model.pointer.key(y).float(), (0, 0, LEAD, 0))
        nats = model.nats(y, own, window, keys, cut(fixed)) * there[..., None]
        prior, memory = model.prior, model.config.memory
        n = len(few)
        z, log_q = z.flatten(0, 1)[few], log_q.flatten()[few]
        none = z.new_zeros(n, memory, z.shape[1]), z.new_zeros(n, memory, model.config.keys)
        age = torch.zeros(n, memory, dtype=torch.long, device=z.device)
        mixture = prior.components(prior.initial(n), *none, age)
        rate = (log_q - prior.log_density(z, *mixture)) * there.any(1)
        return nats, rate, there
