"""Nats of whole songs under format 3: with their past and without, with a voice given and without.

Everything is counted: the tokens, and z (the attributes' 0.1-wide noise and a draw of the style)
against the learned prior.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nesvae_live.evaluation.bootstrap import interval
from nesvae_live.model.song.devicecorpus import DeviceCorpus, Turn, whole_songs
from nesvae_live.model.song.measuring import Ranks
from nesvae_live.model.song.song import SongVae
from nesvae_live.model.song.songbound import Carried, SongBound, SongSettings, Told, nothing_yet
from nesvae_live.model.song.songconfig import PAST
from nesvae_live.music.phrase import N_VOICES, SLOTS, TUPLES_PER_PHRASE
from nesvae_live.music.voices import VOICES

Floats = NDArray[np.float64]
TOGETHER = 64
"""Songs that are told at once."""
CHUNK = 8
"""Phrases that are told at once."""


@dataclass(frozen=True)
class SongNats:
    """Sums over each of n songs.

    `slots` `[n, 4]` nats of the tokens with their past, `alone` `[n]` without; `rate` and
    `rate_alone` `[n]` nats of z likewise; `divergence` `[n]` of the style from N(0, 1); `tuples`
    and `phrases` `[n]` how many.
    """

    slots: Floats
    alone: Floats
    rate: Floats
    rate_alone: Floats
    divergence: Floats
    tuples: Floats
    phrases: Floats

    @property
    def carried(self) -> Floats:
        """`[n]`: everything, with the past."""
        return np.asarray(self.slots.sum(1) + self.rate)

    @property
    def no_context(self) -> Floats:
        """`[n]`: everything, each phrase by itself."""
        return np.asarray(self.alone + self.rate_alone)

    def summary(self) -> dict[str, float]:
        """The figures without intervals, for a training log."""
        tokens, phrases = self.tuples.sum() * SLOTS, self.phrases.sum()
        return {
            "carried": float(self.carried.sum() / tokens),
            "no_context": float(self.no_context.sum() / tokens),
            "cross_entropy": float(self.slots.sum() / tokens),
            "rate": float(self.rate.sum() / phrases),
            "rate_alone": float(self.rate_alone.sum() / phrases),
            "divergence": float(self.divergence.sum() / phrases),
        }


@torch.no_grad()
def song_nats(
    model: SongVae,
    ranks: Ranks,
    corpus: DeviceCorpus,
    *,
    past: int = PAST,
    given: int | None = None,
    foreseen: bool = True,
) -> SongNats:
    """Tell every song.

    Args:
        model: in eval mode.
        ranks: the attributes' places.
        corpus: the songs, as they are.
        past: tuples that can be pointed at.
        given: a voice that is given throughout: its tokens cost nothing.
        foreseen: whether the decoder is told each phrase's own z. If not, it is told one that is drawn
            from the prior, as live, where nobody knows what comes; then `alone` and its rate are 0.

    Returns:
        Sums in the order of the songs.
    """
    bound = SongBound(model, ranks, SongSettings(past=past)).eval()
    lengths = corpus.ends - corpus.starts
    order = np.argsort(-lengths, kind="stable")  # the longest first: a group shrinks from its end
    out = np.zeros((len(lengths), SLOTS + 6))
    every = whole_songs(corpus)
    for at in range(0, len(order), TOGETHER):
        songs = order[at : at + TOGETHER]
        index = torch.from_numpy(songs).to(corpus.device)
        turn = Turn(*(x[index] for x in every))
        out[songs] = _tell(bound, corpus, turn, lengths[songs], past, given, foreseen=foreseen)
    return SongNats(out[:, :SLOTS], *out[:, SLOTS:].T)


def _tell(
    bound: SongBound,
    corpus: DeviceCorpus,
    turn: Turn,
    lengths: NDArray[np.int64],
    past: int,
    given: int | None,
    *,
    foreseen: bool,
) -> Floats:
    """`[n, 10]` sums of songs that are told together."""
    phrases = CHUNK if foreseen else 1  # a guess goes by all phrases before
    tuples = phrases * TUPLES_PER_PHRASE
    sums = np.zeros((len(lengths), SLOTS + 6))
    carried = nothing_yet(bound.model, len(lengths), past, corpus.device)
    for chunk in range(-(-int(lengths[0]) // tuples)):
        n = int((lengths > chunk * tuples).sum())
        turn = Turn(*(x[:n] for x in turn))
        carried = Carried(carried.state[:, :n], *(x[:n] for x in carried[1:]))
        fixed = torch.zeros(n, phrases, N_VOICES, dtype=torch.bool, device=corpus.device)
        if given is not None:
            fixed[..., given] = True
        part = corpus.chunk(turn, tuples, past)
        if foreseen:
            told, carried = bound(part, turn.fresh, carried, fixed=fixed)
        else:
            guess = _guess(bound.model, turn.fresh, carried)[:, None]
            told, carried = bound(part, turn.fresh, carried, fixed=fixed, alone=0, guess=guess)
        sums[:n] += _sums(told).cpu().numpy()
        turn = turn._replace(at=turn.at + tuples, fresh=torch.zeros_like(turn.fresh))
    return sums


def _guess(model: SongVae, fresh: Tensor, carried: Carried) -> Tensor:
    """`[n, Z]`: a z for the next phrase, drawn from the prior after the phrases so far."""
    prior, memory = model.prior, model.config.memory
    state = torch.where(fresh[:, None], prior.initial(len(fresh)), carried.prior)
    age = memory - torch.arange(memory, device=fresh.device)
    age = torch.where(age <= (carried.played * ~fresh)[:, None], age, 0)
    return prior.draw(*prior.components(state, carried.z, carried.z_keys, age))


def _sums(told: Told) -> Tensor:
    n = len(told.real)
    columns = (
        told.alone_nats.view(n, -1).sum(1),
        told.rate.sum(1),
        told.alone_rate.view(n, -1).sum(1),
        (told.divergence.sum(-1) * told.phrases).sum(1),
        told.real.sum(1),
        told.phrases.sum(1),
    )
    return torch.cat((told.nats.sum(1), torch.stack(columns, 1)), 1).double()


def nats_figures(
    model: SongVae, ranks: Ranks, corpus: DeviceCorpus, seconds: Floats, seed: int = 0
) -> dict[str, Any]:
    """The figures of `nesvae-live evaluate` that are nats.

    Args:
        model: in eval mode.
        ranks: the attributes' places.
        corpus: held-out songs.
        seconds: `[n]`, how long each song is.
        seed: for the draws of z.

    Returns:
        `nats_per_token`, `nats_per_tuple` and `nats_per_second`, each of `carried` and
        `no_context`; `cross_entropy.carried` a token; `rate.carried`, `.no_context` and `.normal`
        (against N(0, 1), the style alone) a phrase; `given.P1.less`, `.P2.less`, `.TR.less`: by
        how many nats a token the other slots are cheaper, and `.of` what they cost otherwise; `given_live`
        the same where z isn't foreseen.
    """
    torch.manual_seed(seed)
    told = song_nats(model, ranks, corpus)
    tokens = told.tuples * SLOTS
    costs = {"carried": told.carried, "no_context": told.no_context}
    weights = {"token": tokens, "tuple": told.tuples, "second": seconds}
    figures: dict[str, Any] = {
        f"nats_per_{unit}": {name: interval(nats, weight) for name, nats in costs.items()}
        for unit, weight in weights.items()
    }
    figures["cross_entropy"] = {"carried": interval(told.slots.sum(1), tokens)}
    figures["rate"] = {
        "carried": interval(told.rate, told.phrases),
        "no_context": interval(told.rate_alone, told.phrases),
        "normal": interval(told.divergence, told.phrases),
    }
    for name, foreseen in (("given", True), ("given_live", False)):
        figures[name] = _given_figures(model, ranks, corpus, seed, foreseen=foreseen)
    return figures


def _given_figures(
    model: SongVae, ranks: Ranks, corpus: DeviceCorpus, seed: int, *, foreseen: bool
) -> dict[str, Any]:
    """What a voice that is given saves on the other slots, with one and the same draw of each z."""

    def tell(voice: int | None) -> SongNats:
        torch.manual_seed(seed)
        return song_nats(model, ranks, corpus, given=voice, foreseen=foreseen)

    told, figures = tell(None), {}
    for voice, spec in enumerate(VOICES):
        others = [slot for slot in range(SLOTS) if slot != voice]
        tokens = told.tuples * len(others)
        of = told.slots[:, others].sum(1)
        figures[spec.voice.name] = {
            "less": interval(of - tell(voice).slots[:, others].sum(1), tokens),
            "of": interval(of, tokens),
        }
    return figures
