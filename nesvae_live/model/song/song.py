"""The network of format 3 over songs: place in the bar, the song so far, voices that are given.

One GRU step a tuple, as before; what is new are table rows in its input (the place, the notes of
the voices that are given and for how long they stay), the pointer into the past beside its heads,
and the prior of z beside N(0, 1).

Shapes: B streams, C phrases, T = 13 C tuples, W a window of tuples that ends with these T, S slots
(4), V voices (3), A attributes (8), U style (32).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nesvae_live.model.intervals import N_SCORES, RELATIONS, bin_table
from nesvae_live.model.song.pointer import Candidates, Past, Pointer
from nesvae_live.model.song.prior import Prior
from nesvae_live.model.song.songconfig import LEAST, YOURS, SongConfig
from nesvae_live.music.metre.place import N_PLACES, advance_table
from nesvae_live.music.phrase import LONGEST_HOLD, N_VOICES, SLOT_TABLE, SLOTS

N_SYMBOLS = tuple(slot.n_symbols for slot in SLOT_TABLE)
FIRST_LOG_SIGMA = -1.5
"""How widely the style is drawn before anything was learnt."""


class Encoder(nn.Module):
    """Reads a phrase and finds its style."""

    turn: Tensor

    def __init__(self, config: SongConfig) -> None:
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


class Step(NamedTuple):
    """What the decoder reads at each tuple beside z.

    `previous` `[B, T, 4]` the tuple before, `places` `[B, T]`, `given` `[B, T, 3]` the note of each
    voice that is given, or `YOURS`, `left` `[B, T]` for how many ticks those stay, or `UNKNOWN`.
    """

    previous: Tensor
    places: Tensor
    given: Tensor
    left: Tensor


class Decoder(nn.Module):
    """Spells tuples from z, the place in the bar, given voices and all that came before."""

    ends: Tensor

    def __init__(self, config: SongConfig) -> None:
        super().__init__()
        self.config = config
        self.embed = nn.ModuleList(nn.Embedding(n + 1, config.embedding) for n in N_SYMBOLS)
        self.place = nn.Embedding(N_PLACES, config.place)
        self.fixed = nn.ModuleList(nn.Embedding(n + 1, config.given) for n in YOURS)
        self.left = nn.Embedding(LONGEST_HOLD + 1, config.left)
        self.gru = nn.GRU(config.inputs, config.hidden, config.layers, batch_first=True)
        self.lift = nn.ModuleList(nn.Linear(config.hidden, config.head_hidden) for _ in N_SYMBOLS)
        self.given = nn.ModuleList(
            nn.ModuleList(nn.Embedding(N_SYMBOLS[j], config.head_hidden) for j in range(k))
            for k in range(SLOTS)
        )
        self.logits = nn.ModuleList(nn.Linear(config.head_hidden, n) for n in N_SYMBOLS)
        for table in self.given.modules():
            if isinstance(table, nn.Embedding):
                nn.init.normal_(table.weight, std=0.1)
        self.relative = nn.ModuleList(nn.Linear(config.hidden, n) for n in N_SCORES)
        self.ending = nn.Linear(config.hidden, N_PLACES - 1)
        for weight in (*self.relative.parameters(), *self.ending.parameters()):
            nn.init.zeros_(weight)  # intervals say nothing before they have learnt something
        for i, relation in enumerate(RELATIONS):
            bins = torch.from_numpy(bin_table(relation))
            self.register_buffer(f"bins{i}", bins, persistent=False)
        ends = torch.from_numpy(advance_table(LONGEST_HOLD)[:, 1:]) - 1  # free is -1
        ends = torch.where(ends < 0, N_PLACES - 1, ends)
        self.register_buffer("ends", ends, persistent=False)

    def initial_state(self, n: int, device: torch.device | None = None) -> Tensor:
        """`[L, n, H]`, no past."""
        return torch.zeros(self.config.layers, n, self.config.hidden, device=device)

    def hidden(
        self, step: Step, zm: Tensor, state: Tensor, keep: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Read tuples.

        Args:
            step: what is read beside z.
            zm: `[B, T, A + U + A]`, z and the mask.
            state: `[L, B, H]`.
            keep: `[B, T, S E]` scales the previous tuples' embedding: the dropout of training.

        Returns:
            `[B, T, H]`, the state after.
        """
        heard = torch.cat([e(step.previous[..., i]) for i, e in enumerate(self.embed)], -1)
        if keep is not None:
            heard = heard * keep
        fixed = [table(step.given[..., i]) for i, table in enumerate(self.fixed)]
        x = torch.cat((heard, zm, self.place(step.places), *fixed, self.left(step.left)), -1)
        y, state = self.gru(x, state)
        return y, state

    def head(
        self, slot: int, y: Tensor, symbols: Tensor, previous: Tensor, places: Tensor
    ) -> Tensor:
        """Logits of slot `slot` from `[..., H]`, the slots before it, the tuple before, the place.

        `symbols` and `previous` are `[..., S]`, `places` `[...]`.
        """
        h = self.lift[slot](y)
        given: nn.ModuleList = self.given[slot]  # type: ignore[assignment]
        for j, table in enumerate(given):
            h = h + table(symbols[..., j])
        out: Tensor = self.logits[slot](torch.relu(h)).float()
        if slot == N_VOICES:
            ending = F.pad(self.ending(y).float(), (0, 1))
            return out + ending.gather(-1, self.ends[places])
        scores = self.relative[slot](y).float()
        for i, relation in enumerate(RELATIONS):
            if relation.slot == slot:
                known = (previous if relation.before else symbols)[..., relation.source]
                part = scores[..., relation.offset : relation.offset + relation.bins]
                bins: Tensor = getattr(self, f"bins{i}")[known]
                out = out + F.pad(part, (0, 1)).gather(-1, bins)
        return out


class SongVae(nn.Module):
    """Encoder, decoder, pointer and prior."""

    def __init__(self, config: SongConfig | None = None) -> None:
        super().__init__()
        self.config = config or SongConfig()
        self.encoder = Encoder(self.config)
        self.decoder = Decoder(self.config)
        with torch.no_grad():  # the style says something from the start, or it never learns to
            self.encoder.out.bias[self.config.style :] = FIRST_LOG_SIGMA
        self.pointer = Pointer(self.config)
        self.prior = Prior(self.config)

    def nats(self, y: Tensor, step: Step, past: Past, keys: Tensor, fixed: Tensor) -> Tensor:
        """Nats of each token, teacher-forced, with the pointer.

        Args:
            y: `[B, T, H]` from `Decoder.hidden`.
            step: what was read there.
            past: a window that ends with the tuples themselves.
            keys: `[B, W, keys]` of the window's tuples.
            fixed: `[B, T, V]`, true where a voice's note is given: it costs nothing.

        Returns:
            `[B, T, S]`; what stands at tuples that aren't there means nothing.
        """
        n = y.shape[1]
        found = self.pointer.candidates(past, n)
        scores = self.pointer.scores(y, keys, found)
        gates = self.pointer.gates(y, found)
        symbols = past.symbols[:, -n:]
        agrees = self._agreeing(found, symbols)  # 2 B T K S
        for slot in range(N_VOICES):
            off = ~agrees[..., slot] & fixed[None, :, :, None, slot]
            scores = scores - self.pointer.disagree(slot)[:, None, None, None] * off
        out = []
        for slot in range(SLOTS):
            wanted = symbols[..., slot]
            logits = self.decoder.head(slot, y, symbols, step.previous, step.places)
            own = torch.log_softmax(logits, -1).gather(-1, wanted[..., None])[..., 0].exp()
            weights = torch.softmax(scores, -1) * found.valid
            hit = (weights * agrees[..., slot]).sum(-1)  # 2 B T
            gate = gates[:, :, slot]
            p = gate[..., 0] * own + gate[..., 1] * hit[0] + gate[..., 2] * hit[1]
            nats = -torch.log(p.clamp(min=LEAST))
            if slot < N_VOICES:
                nats = nats * ~fixed[..., slot]
                free = ~fixed[None, :, :, slot, None]
                off = ~agrees[..., slot] & free
            else:
                break
            out.append(nats)
            scores = scores - self.pointer.disagree(slot)[:, None, None, None] * off
        return torch.stack((*out, nats), -1)

    @staticmethod
    def _agreeing(found: Candidates, symbols: Tensor) -> Tensor:
        wanted = symbols[:, :, None]
        return torch.stack((found.copied == wanted, found.shifted == wanted))
