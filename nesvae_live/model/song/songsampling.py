"""Spelling phrases with the network of format 3 in torch: the reference of the live decoder.

Shapes: R performances, T tuples, P tuples of the past, S slots (4), V voices (3).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.decoding import START, Sampling
from nesvae_live.latent.given import nothing_given
from nesvae_live.model.song.pointer import Past
from nesvae_live.model.song.song import SongVae, Step
from nesvae_live.model.song.songconfig import LEAST, PAST, UNKNOWN, YOURS
from nesvae_live.model.song.steering.ending import RULED_OUT
from nesvae_live.model.song.steering.quote import HOLDS, LINE, odds_to_alignment
from nesvae_live.music.metre.place import (
    N_PLACES,
    TICKS_PER_BEAT,
    advance_table,
    bar_line,
    tick_of_bar,
)
from nesvae_live.music.phrase import LONGEST_HOLD, N_VOICES, SLOTS

_LINES = np.array([bar_line(place) for place in range(N_PLACES)])
_ENDS_BAR = (advance_table(LONGEST_HOLD)[:, 1:] == _LINES[:, None]).astype(np.float32)
"""`[places, holds]`: whether a tuple that begins there and holds so long ends on the bar line."""


class Standing(NamedTuple):
    """Where performances stand.

    `state` `[L, R, H]`, `past` the tuples that were played (windows of the same width, what isn't
    there first), `keys` `[R, P, keys]` of the states before them, `place` `[R]` of the next tuple.
    """

    state: Tensor
    past: Past
    keys: Tensor
    place: Tensor


def nothing_played(model: SongVae, n: int, place: Tensor) -> Standing:
    """No past; the first tuple begins at `place` `[n]`."""
    keys = torch.zeros(n, 0, model.config.keys)
    none = torch.zeros(n, 0, dtype=torch.long)
    empty = Past(torch.zeros(n, 0, SLOTS, dtype=torch.long), none, none, none.bool())
    return Standing(model.decoder.initial_state(n), empty, keys, place)


@torch.no_grad()
def sample_songs(
    model: SongVae,
    zm: Tensor,
    standing: Standing,
    uniforms: Tensor,
    sampling: Sampling,
    *,
    odds: float = 0.0,
    track: NDArray[np.int64] | None = None,
    cell: int = 1,
) -> tuple[Tensor, Standing]:
    """Spell tuples.

    Args:
        model: in eval mode.
        zm: `[R, A + U + A]`, z and the mask.
        standing: where the performances stand.
        uniforms: `[R, T, S]` in 0..1, one a token.
        sampling: temperature, top-p, and guidance, against all released and nothing given.
        odds: added to the log odds of quoting the past.
        track: `[ticks, 5]`, what is given, as of `Given.track`; its last row stays.
        cell: every tuple ends a multiple of so many ticks after the bar line, or after its first one.

    Returns:
        `[R, T, S]` symbols, and where the performances stand then.
    """
    n, length = uniforms.shape[:2]
    rows = torch.from_numpy(nothing_given() if track is None else track)
    let_go = zm.clone()
    let_go[:, :N_ATTRIBUTES] = 0.0
    let_go[:, -N_ATTRIBUTES:] = 0.0
    branches = [zm, let_go] if sampling.guidance != 1.0 else [zm]
    states = [standing.state] * len(branches)
    past, keys, place, out = standing.past, standing.keys, standing.place, []
    since = torch.from_numpy(tick_of_bar(place.numpy())).clamp(min=0)  # the last line of a cell
    gone = torch.zeros(n, dtype=torch.long)
    for t in range(length):
        before = past.symbols[:, -1] if past.symbols.shape[1] else torch.zeros(n, SLOTS).long()
        known = past.there[:, -1:] if past.there.shape[1] else torch.zeros(n, 1).bool()
        previous = torch.where(known, before, torch.tensor(START))
        row = rows[gone.clamp(max=len(rows) - 1)]
        step = Step(
            previous[:, None], place[:, None], row[:, None, :N_VOICES], row[:, None, N_VOICES]
        )
        unheard = step._replace(
            given=torch.tensor(YOURS).expand(n, 1, -1), left=torch.full((n, 1), UNKNOWN)
        )
        tops = []
        for i, branch in enumerate(branches):
            read = unheard if i else step
            y, states[i] = model.decoder.hidden(read, branch[:, None], states[i])
            tops.append(y)
        keys = torch.cat((keys, model.pointer.key(tops[0])), 1)
        window, window_keys = _grown(past, keys, place)
        holds = torch.arange(1, LONGEST_HOLD + 1)
        off = ((since[:, None] + holds) % cell != 0) | (holds > row[:, -1:])
        symbols = _tuple(
            model, tops, step, window, window_keys, uniforms[:, t], sampling, odds, off
        )
        out.append(symbols)
        held = symbols[:, 3] + 1
        since, gone = since + held, gone + held
        start = window.ticks[:, -1:]
        past = Past(
            torch.cat((past.symbols, symbols[:, None]), 1),
            torch.cat((past.places, place[:, None]), 1),
            torch.cat((past.ticks, start), 1),
            F.pad(past.there, (0, 1), value=True),
        )
        place = _later(model, place, held)
    return torch.stack(out, 1), Standing(states[0], past, keys, place)


def _later(model: SongVae, place: Tensor, held: Tensor) -> Tensor:
    ends = model.decoder.ends[place].gather(-1, held[:, None] - 1)[:, 0]
    return torch.where(place > 0, ends + 1, 0)


def _grown(past: Past, keys: Tensor, place: Tensor) -> tuple[Past, Tensor]:
    """The window with the tuple to be spelt as its last, its symbols yet 0."""
    n, width = past.there.shape
    held = past.symbols[:, -1:, 3] + 1 if width else torch.zeros(n, 1).long()
    tick = past.ticks[:, -1:] + held if width else torch.zeros(n, 1).long()
    lead = max(0, PAST - width)

    def grow(x: Tensor, new: Tensor) -> Tensor:
        ahead = (0, 0) * (x.dim() - 2) + (lead, 0)
        return F.pad(torch.cat((x, new), 1)[:, -PAST - 1 :], ahead)

    window = Past(
        grow(past.symbols, torch.zeros(n, 1, SLOTS).long()),
        grow(past.places, place[:, None]),
        grow(past.ticks, tick),
        grow(past.there, torch.ones(n, 1).bool()),
    )
    return window, F.pad(keys[:, -PAST - 1 :], (0, 0, lead, 0))


def _tuple(
    model: SongVae,
    tops: list[Tensor],
    step: Step,
    window: Past,
    keys: Tensor,
    uniforms: Tensor,
    sampling: Sampling,
    odds: float,
    off: Tensor,
) -> Tensor:
    """`[R, S]`: one tuple of each performance; its hold is none of those that are `off` `[R, H]`."""
    pointer, n = model.pointer, len(uniforms)
    y = tops[0]
    found = pointer.candidates(window, 1)
    scores = pointer.scores(y, keys, found, odds_to_alignment(odds))[:, :, 0]  # 2 R K
    gates = pointer.gates(y, found, odds)[:, 0]
    places = (found.copied[:, 0], found.shifted[:, 0])  # R K S
    here = step.places[:, 0]
    there = window.places.gather(1, found.at[:, 0])
    apart = there - here[:, None]
    on_beat = ((there > 0) & (apart % TICKS_PER_BEAT == 0)) | (here == 0)[:, None]
    ends_bar = torch.from_numpy(_ENDS_BAR)
    symbols = torch.zeros(n, SLOTS, dtype=torch.long)
    fixed = step.given[:, 0] != torch.tensor(YOURS)
    symbols[:, :N_VOICES] = torch.where(fixed, step.given[:, 0], 0)

    def fade(slot: int, where: Tensor) -> None:
        for way, place in enumerate(places):
            off = (place[..., slot] != symbols[:, slot, None]) & where[:, None]
            scores[way] -= pointer.disagree(slot)[way] * off

    for slot in range(N_VOICES):
        fade(slot, fixed[:, slot])
    for slot in range(SLOTS):
        own = []
        for top in tops:
            head = model.decoder.head(slot, top[:, 0], symbols, step.previous[:, 0], here)
            if slot == N_VOICES:
                head = (head + LINE * ends_bar[here]).masked_fill(off, RULED_OUT)
            own.append(torch.log_softmax(head, -1))
        weights = torch.softmax(scores, -1) * found.valid[:, 0]  # 2 R K
        weights = weights * gates[:, slot, 1:].T[..., None]
        fits = found.valid[:, 0]
        if slot == N_VOICES:
            fits = on_beat & ~off.gather(1, places[0][..., slot].clamp(min=0))
        p = (gates[:, slot, 0] + (weights * ~fits).sum((0, 2)))[:, None] * own[0].exp()
        for weight, place in zip(weights, places, strict=True):
            known = weight * fits * (place[..., slot] >= 0)
            p = p.scatter_add(1, place[..., slot].clamp(min=0), known)
        one = torch.log(p.clamp(min=LEAST))
        if len(own) > 1:
            much = (sampling.guidance - 1.0) * (1.0 if slot < N_VOICES else HOLDS)
            one = one + much * (own[0] - own[1])
        if slot == N_VOICES:
            one = one.masked_fill(off, RULED_OUT)
        drawn = choose(one, uniforms[:, slot], sampling.temperature, sampling.top_p)
        open_ = ~fixed[:, slot] if slot < N_VOICES else torch.ones(n, dtype=torch.bool)
        symbols[:, slot] = torch.where(open_, drawn, symbols[:, slot])
        if slot < N_VOICES:
            fade(slot, open_)
    return symbols


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
