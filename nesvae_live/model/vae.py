"""The network in torch, for training and as a reference: a recurrent VAE over phrases.

z = [a | u]: `a` holds the eight attribute coordinates of the phrase itself, each of which can be
released (mask 0), and `u` is the style that the encoder finds. The decoder reads the previous
tuple, z and the mask in one GRU step per tuple, and decodes the next tuple slot by slot (P1, P2,
TR, duration), each slot seeing those before it. Notes are scored by themselves and by the intervals
that they make (`intervals`). The state is carried from phrase to phrase, which is what joins them.

Shapes: B streams, T tuples of a phrase (13), S slots (4), A attributes (8), U style (32).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.decoding import START, Sampling
from nesvae_live.model.checkpoint import ModelConfig
from nesvae_live.model.intervals import N_SCORES, RELATIONS, bin_table
from nesvae_live.music.phrase import SLOT_TABLE, SLOTS

N_SYMBOLS = tuple(slot.n_symbols for slot in SLOT_TABLE)


class Encoder(nn.Module):
    """Reads a phrase and finds its style."""

    turn: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.embed = nn.ModuleList(nn.Embedding(n, config.embedding) for n in N_SYMBOLS)
        self.gru = nn.GRU(
            SLOTS * config.embedding, config.encoder_hidden, batch_first=True, bidirectional=True
        )
        self.out = nn.Linear(4 * config.encoder_hidden, 2 * config.style)
        self.register_buffer("turn", torch.eye(config.style), persistent=False)
        """`[U, U]`, how the axes were turned after training; sigma lies along the old ones."""

    def forward(self, symbols: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
        """Symbols `[B, T, S]` and counts `[B]` of real tuples -> mean, log sigma, each `[B, U]`.

        The backward direction runs over the padding first. The padding is symbol 0 throughout, and
        the pooling leaves it out.
        """
        x = torch.cat([e(symbols[..., i]) for i, e in enumerate(self.embed)], -1)  # B T 4E
        real = torch.arange(symbols.shape[1])[None, :].to(counts.device) < counts[:, None]
        x = x * real[..., None]
        y, _ = self.gru(x)  # B T 2H
        y = y.float()
        mean = (y * real[..., None]).sum(1) / counts[:, None].clamp(min=1)
        top = y.masked_fill(~real[..., None], -1.0).amax(1)  # the least value of tanh
        mu, log_sigma = self.out(torch.cat((mean, top), -1)).float().chunk(2, -1)
        return mu, log_sigma.clamp(-6.0, 2.0)

    def scatter(self, log_sigma: Tensor, noise: Tensor) -> Tensor:
        """What a draw adds to the mean, given standard normal noise; all `[..., U]`."""
        return (log_sigma.exp() * noise) @ self.turn.T


class Decoder(nn.Module):
    """Decodes tuples from z, the mask and everything that came before."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embed = nn.ModuleList(nn.Embedding(n + 1, config.embedding) for n in N_SYMBOLS)
        n_in = SLOTS * config.embedding + 2 * N_ATTRIBUTES + config.style
        self.gru = nn.GRU(n_in, config.hidden, config.layers, batch_first=True)
        self.lift = nn.ModuleList(nn.Linear(config.hidden, config.head_hidden) for _ in N_SYMBOLS)
        self.given = nn.ModuleList(  # given[k][j]: what slot j < k contributes to slot k
            nn.ModuleList(nn.Embedding(N_SYMBOLS[j], config.head_hidden) for j in range(k))
            for k in range(SLOTS)
        )
        self.logits = nn.ModuleList(nn.Linear(config.head_hidden, n) for n in N_SYMBOLS)
        for table in self.given.modules():
            if isinstance(table, nn.Embedding):
                nn.init.normal_(table.weight, std=0.1)
        self.relative = nn.ModuleList(nn.Linear(config.hidden, n) for n in N_SCORES)
        for linear in self.relative.parameters():
            nn.init.zeros_(linear)  # intervals have no effect before training
        for i, relation in enumerate(RELATIONS):
            bins = torch.from_numpy(bin_table(relation))
            self.register_buffer(f"bins{i}", bins, persistent=False)

    def initial_state(self, n: int, device: torch.device | None = None) -> Tensor:
        """The state `[L, n, H]` without a past."""
        return torch.zeros(self.config.layers, n, self.config.hidden, device=device)

    def hidden(
        self, previous: Tensor, zm: Tensor, state: Tensor, keep: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Previous tuples `[B, T, S]`, z and mask `[B, A + U + A]`, state -> `[B, T, H]`, state.

        `keep` `[B, T, S E]` scales the embedding of the previous tuples: dropout, in training.
        """
        x = torch.cat([e(previous[..., i]) for i, e in enumerate(self.embed)], -1)  # B T 4E
        if keep is not None:
            x = x * keep
        x = torch.cat((x, zm[:, None].expand(-1, x.shape[1], -1)), -1)
        y, state = self.gru(x, state)
        return y, state

    def head(self, slot: int, y: Tensor, symbols: Tensor, previous: Tensor) -> Tensor:
        """Logits of slot `slot` from `[..., H]`, the slots before it, and the tuple before.

        `symbols` and `previous` are `[..., S]`.
        """
        h = self.lift[slot](y)
        given: nn.ModuleList = self.given[slot]  # type: ignore[assignment]
        for j, table in enumerate(given):
            h = h + table(symbols[..., j])
        out: Tensor = self.logits[slot](torch.relu(h)).float()
        scores = self.relative[slot](y).float() if slot < len(self.relative) else None
        for i, relation in enumerate(RELATIONS):
            if relation.slot == slot and scores is not None:
                known = (previous if relation.before else symbols)[..., relation.source]
                part = scores[..., relation.offset : relation.offset + relation.bins]
                bins: Tensor = getattr(self, f"bins{i}")[known]
                out = out + F.pad(part, (0, 1)).gather(-1, bins)
        return out


class Vae(nn.Module):
    """Encoder and decoder, with the terms of the bound that trains them."""

    def __init__(self, config: ModelConfig | None = None) -> None:
        super().__init__()
        self.config = config or ModelConfig()
        self.encoder = Encoder(self.config)
        self.decoder = Decoder(self.config)

    def nats(self, y: Tensor, symbols: Tensor, previous: Tensor, counts: Tensor) -> Tensor:
        """The nats of each token, teacher-forced.

        Args:
            y: `[N, T, H]` from `Decoder.hidden`.
            symbols: `[N, T, S]`, the true symbols.
            previous: `[N, T, S]`, the tuple before each.
            counts: `[N]`, how many of the tuples are real.

        Returns:
            `[N, T, S]`, 0 at padding.
        """
        real = torch.arange(symbols.shape[1], device=counts.device)[None, :] < counts[:, None]
        nats = [
            F.cross_entropy(
                self.decoder.head(i, y, symbols, previous).flatten(0, 1),
                symbols[..., i].flatten(),
                reduction="none",
            ).view(real.shape)
            for i in range(SLOTS)
        ]
        return torch.stack(nats, -1) * real[..., None]

    @staticmethod
    def kl(mu: Tensor, log_sigma: Tensor) -> Tensor:
        """The nats of N(mu, sigma) against N(0, 1), `[B, U]`."""
        return 0.5 * (mu**2 + (2 * log_sigma).exp() - 1) - log_sigma


def condition(a: Tensor, u: Tensor, mask: Tensor) -> Tensor:
    """What the decoder reads: `[B, A]`, `[B, U]`, `[B, A]` -> `[B, A + U + A]`; released is 0."""
    return torch.cat((a * mask, u, mask), -1)


def start_tuple(n: int, device: torch.device | None = None) -> Tensor:
    """The tuple before the first one, `[n, S]`."""
    return torch.tensor(START, device=device).expand(n, -1)


def choose(logits: Tensor, uniform: Tensor, temperature: float, top_p: float) -> Tensor:
    """Draw symbols by inverting the distribution: the same draws give the same symbols anywhere.

    Args:
        logits: `[B, n]`.
        uniform: `[B]` in 0..1.
        temperature: above 0.
        top_p: keep the likeliest symbols that make up this share, 0..1.

    Returns:
        `[B]` int64.
    """
    p = torch.softmax(logits / temperature, -1)
    if top_p < 1.0:
        ordered, index = torch.sort(p, dim=-1, descending=True, stable=True)
        before = ordered.cumsum(-1) - ordered  # the mass of what is likelier
        ordered = torch.where(before < top_p, ordered, 0.0)
        p = torch.zeros_like(p).scatter(-1, index, ordered)
    cumulative = p.cumsum(-1)
    wanted = uniform[:, None] * cumulative[:, -1:]
    return (cumulative <= wanted).sum(-1).clamp(max=logits.shape[-1] - 1)


def guide(logits: Tensor, released: Tensor, guidance: float) -> Tensor:
    """Go from the log-probabilities of `released` `guidance` times the way to those of `logits`."""
    free = torch.log_softmax(released, -1)
    return free + guidance * (torch.log_softmax(logits, -1) - free)


@torch.no_grad()
def sample(
    decoder: Decoder,
    zm: Tensor,
    previous: Tensor,
    state: Tensor,
    uniforms: Tensor,
    sampling: Sampling,
) -> tuple[Tensor, Tensor]:
    """Decode one phrase; this is the reference for `nesvae_live.model.decoder`.

    Args:
        decoder: in eval mode.
        zm: `[B, A + U + A]`.
        previous: `[B, S]`.
        state: `[L, B, H]`.
        uniforms: `[B, T, S]` in 0..1, one draw per token.
        sampling: temperature, top-p, and guidance away from all attributes released.

    Returns:
        Symbols `[B, T, S]`, and the state after the phrase.
    """
    guided = sampling.guidance != 1.0
    released = zm.clone()
    released[:, :N_ATTRIBUTES] = 0.0
    released[:, -N_ATTRIBUTES:] = 0.0
    out, state_released = [], state
    for t in range(uniforms.shape[1]):
        y, state = decoder.hidden(previous[:, None], zm, state)
        if guided:
            y_released, state_released = decoder.hidden(previous[:, None], released, state_released)
        symbols = torch.zeros_like(previous)
        for i in range(SLOTS):
            logits = decoder.head(i, y[:, 0], symbols, previous)
            if guided:
                free = decoder.head(i, y_released[:, 0], symbols, previous)
                logits = guide(logits, free, sampling.guidance)
            drawn = choose(logits, uniforms[:, t, i], sampling.temperature, sampling.top_p)
            symbols[:, i] = drawn
        out.append(symbols)
        previous = symbols
    return torch.stack(out, 1), state
