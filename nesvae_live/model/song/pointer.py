"""The pointer into the past: which earlier tuples the next one may be like, and how it quotes them.

For each earlier tuple s it is counted how many tuples before s agree with those before now, up to
8: exactly, in their holds alone, and moved by an interval. The places where most agrees, and the
same places of the bar before others, are the candidates; a softmax over what was learnt of such
agreement, of how long ago it was, and of a small product of states says which to follow. Each
symbol is then drawn by the network itself, or is what stood there, or that moved into the present
key; candidates that disagree with what is spelt already fade out.

Shapes: B streams, T tuples, W tuples of the past and these T, K candidates, S slots (4).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nesvae_live.model.song.songconfig import AGES, BARS_BACK, LONGEST_MATCH, WAYS, SongConfig
from nesvae_live.music.metre.place import METRES, N_PLACES, bar_ticks
from nesvae_live.music.phrase import N_VOICES, SLOT_TABLE, SLOTS

NEVER = -1e9
N_SYMBOLS = tuple(slot.n_symbols for slot in SLOT_TABLE)
BY_MATCH, BY_MOVED, BY_RHYTHM, BY_PLACE = 2, 1, 1, 2
"""What an agreeing tuple, and the same place in the bar, count when candidates are chosen."""
RECENT = 1 << 12
"""Of two places where as much agrees the later one is preferred; there are fewer than this."""


class Past(NamedTuple):
    """A window of tuples, the last T of which are those that are spelt.

    `symbols` `[B, W, 4]`, `places` `[B, W]`, `ticks` `[B, W]` when each begins, `there` `[B, W]`
    whether it is of this performance at all.
    """

    symbols: Tensor
    places: Tensor
    ticks: Tensor
    there: Tensor


class Candidates(NamedTuple):
    """The places that each of T tuples may be like.

    `at` `[B, T, K]` where in the window, `valid` `[B, T, K]`; `same`, `rhythm`, `moved` `[B, T, K]`
    how many tuples before agree; `bars` and `age` `[B, T, K]` how long ago, in buckets; `copied`
    and `shifted` `[B, T, K, 4]` what stood there, and that moved into the present key (-1 where
    that is no symbol).
    """

    at: Tensor
    valid: Tensor
    same: Tensor
    rhythm: Tensor
    moved: Tensor
    bars: Tensor
    age: Tensor
    copied: Tensor
    shifted: Tensor


def agreement(codes: Tensor, there: Tensor, n: int) -> Tensor:
    """How many tuples before each of the last `n`, and before each other one, have equal codes.

    Args:
        codes: `[B, W]` integers.
        there: `[B, W]`, false where a tuple agrees with none.
        n: T.

    Returns:
        `[B, T, W]` int8, 0 to 8.
    """
    width = codes.shape[1]
    first = width - n - LONGEST_MATCH
    now, now_there = codes[:, first:], there[:, first:]
    equal = (now[:, :, None] == codes[:, None]) & now_there[:, :, None] & there[:, None]
    one = equal.to(torch.int8)  # B T+8 W
    run = one
    for _ in range(LONGEST_MATCH - 1):
        run = one * (1 + F.pad(run[:, :-1, :-1], (1, 0, 1, 0)))
    return F.pad(run[:, LONGEST_MATCH - 1 : -1, :-1], (1, 0))


def exact_codes(symbols: Tensor) -> Tensor:
    """`[..., 4]` symbols to one integer a tuple."""
    a, b, c, d = symbols.unbind(-1)
    return ((a * 80 + b) * 96 + c) * 40 + d


def moved_codes(symbols: Tensor) -> Tensor:
    """`[B, W, 4]` symbols to one integer a tuple: its hold, and each voice's step from before it."""
    before = F.pad(symbols[:, :-1], (0, 0, 1, 0))
    code = symbols[..., 3]
    for voice in range(N_VOICES):
        now, was = symbols[..., voice], before[..., voice]
        step = torch.where((now > 0) & (was > 0), now - was + 100, 2 * (now > 0) + (was > 0))
        code = code * 200 + step
    return code


class Pointer(nn.Module):
    """Weighs the candidates and says how much is quoted."""

    bar_length: Tensor

    def __init__(self, config: SongConfig) -> None:
        super().__init__()
        self.config = config
        lengths = LONGEST_MATCH + 1
        ramp = torch.linspace(0, 4, lengths)
        self.same = nn.Parameter(torch.stack((ramp, ramp / 2)))
        self.moved = nn.Parameter(torch.stack((ramp / 4, ramp)))
        self.rhythm = nn.Parameter(torch.zeros(2, lengths))
        self.bars = nn.Parameter(torch.zeros(2, BARS_BACK + 2))
        self.age = nn.Parameter(torch.zeros(2, AGES))
        self.agree = nn.Parameter(torch.ones(2, SLOTS))
        self.best_same = nn.Parameter(torch.zeros(lengths, SLOTS * WAYS))
        self.best_moved = nn.Parameter(torch.zeros(lengths, SLOTS * WAYS))
        self.query = nn.Linear(config.hidden, 2 * config.keys)
        self.key = nn.Linear(config.hidden, config.keys)
        self.gate = nn.Linear(config.hidden, SLOTS * WAYS)
        nn.init.zeros_(self.gate.weight)
        with torch.no_grad():
            self.gate.bias.copy_(torch.tensor([2.0, 0.0, -1.0]).repeat(SLOTS))
        lengths_of_bars = torch.tensor([bar_ticks(place) for place in range(N_PLACES)])
        self.register_buffer("bar_length", lengths_of_bars, persistent=False)

    @torch.no_grad()
    def candidates(self, past: Past, n: int) -> Candidates:
        """The places that each of the window's last `n` tuples may be like."""
        symbols, places, ticks, there = past
        width = symbols.shape[1]
        same = agreement(exact_codes(symbols), there, n)
        rhythm = agreement(symbols[..., 3], there, n)
        moved = agreement(moved_codes(symbols), there & F.pad(there[:, :-1], (1, 0)), n)
        here = places[:, -n:]
        line = (here[:, :, None] == places[:, None]) & (here > 0)[:, :, None]
        order = torch.arange(width, device=symbols.device)
        worth = BY_MATCH * same.int() + BY_MOVED * moved.int() + BY_RHYTHM * rhythm.int()
        worth = (worth + BY_PLACE * line.int()) * RECENT + order
        now = order[-n:]
        allowed = there[:, None] & (order[None, :] < now[:, None])
        worth = torch.where(allowed, worth, -1)
        best, index = worth.topk(min(self.config.candidates, width), -1)
        valid = best >= 0
        agree = same, rhythm, moved
        same, rhythm, moved = (x.gather(-1, index).long() for x in agree)
        lag = ticks[:, -n:, None] - _take(ticks, index)
        bar = self.bar_length[here][:, :, None]
        on_line = line.gather(-1, index)
        bars = torch.where(
            on_line, torch.div(lag, bar.clamp(min=1), rounding_mode="floor").clamp(0, BARS_BACK), -1
        )
        age = (
            torch.log2((now[None, :, None] - index).clamp(min=1).float()).long().clamp(0, AGES - 1)
        )
        copied = torch.stack([_take(symbols[..., i], index) for i in range(SLOTS)], -1)
        shifted = self._shifted(symbols, index, copied, n)
        return Candidates(index, valid, same, rhythm, moved, bars + 1, age, copied, shifted)

    @staticmethod
    def _shifted(symbols: Tensor, index: Tensor, copied: Tensor, n: int) -> Tensor:
        before = F.pad(symbols[:, :-1], (0, 0, 1, 0))
        out = []
        for i in range(N_VOICES):
            was, now = _take(before[..., i], index), before[:, -n:, None, i]
            note = copied[..., i] + now - was
            sounding = (copied[..., i] > 0) & (was > 0) & (now > 0)
            fits = sounding & (note > 0) & (note < N_SYMBOLS[i])
            silent = (copied[..., i] == 0) & ((was > 0) == (now > 0))
            out.append(torch.where(fits, note, torch.where(silent, 0, -1)))
        out.append(copied[..., 3])
        return torch.stack(out, -1)

    def scores(self, y: Tensor, keys: Tensor, found: Candidates, aligned: float = 0.0) -> Tensor:
        """What speaks for each candidate, copied and shifted: `[2, B, T, K]`.

        Args:
            y: `[B, T, H]`, the states before the tuples.
            keys: `[B, W, keys]`, of the states before every tuple of the window.
            found: the candidates.
            aligned: what speaks for those at the same place of the bar beside.
        """
        queries = self.query(y).float().unflatten(-1, (2, -1))  # B T 2 keys
        learnt = (
            _rows(self.same, found.same)
            + _rows(self.rhythm, found.rhythm)
            + _rows(self.moved, found.moved)
            + _rows(self.bars, found.bars)
            + _rows(self.age, found.age)
            + aligned * (found.bars > 0)[..., None]
        )  # B T K 2
        out = []
        for way in range(2):
            product = queries[:, :, way] @ keys.float().transpose(1, 2) / self.config.keys**0.5
            score = product.gather(-1, found.at) + learnt[..., way]
            out.append(torch.where(found.valid, score, NEVER))
        return torch.stack(out)

    def gates(self, y: Tensor, found: Candidates, odds: float = 0.0) -> Tensor:
        """How much each slot takes from the network, copies and shifts: `[B, T, 4, 3]`.

        `odds` is added to the log odds of quoting.
        """
        longest = (found.same * found.valid).amax(-1), (found.moved * found.valid).amax(-1)
        logits = self.gate(y).float() + _rows(self.best_same.T, longest[0])
        logits = logits + _rows(self.best_moved.T, longest[1])
        logits = logits.unflatten(-1, (SLOTS, WAYS))
        if odds:
            logits = torch.cat((logits[..., :1], logits[..., 1:] + odds), -1)
        none = ~found.valid.any(-1)
        shut = torch.zeros_like(logits)
        shut[..., 1:] = NEVER
        return torch.softmax(torch.where(none[..., None, None], shut, logits), -1)

    def disagree(self, slot: int) -> Tensor:
        """`[2]`: what a candidate loses that disagrees with a slot."""
        return 4.0 * F.softplus(self.agree[:, slot])


def _rows(table: Tensor, index: Tensor) -> Tensor:
    """`table[:, index]` with the columns last.

    By a product: the gradient of a small table that is looked up so often is slow to gather on a
    GPU.
    """
    return F.one_hot(index, table.shape[1]).to(table.dtype) @ table.T


def _take(values: Tensor, index: Tensor) -> Tensor:
    """`[B, W]` at `[B, T, K]`."""
    flat = values.gather(1, index.flatten(1))
    return flat.view(index.shape)


__all__ = ["METRES", "Candidates", "Past", "Pointer", "agreement", "exact_codes", "moved_codes"]
