"""Nats per token on held-out songs, and how much of a phrase its z reconstructs."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nesvae_live.chip.corpus import Corpus, phrases_to_symbols
from nesvae_live.evaluation.batchdecode import GREEDY, decode_batch, no_past
from nesvae_live.evaluation.bootstrap import interval, mean_by_song, sum_by_song
from nesvae_live.evaluation.contexts import ATTRIBUTE_NOISE, EncodedPhrases
from nesvae_live.latent.attributes import Quantiles, measure
from nesvae_live.model.vae import Vae, condition, start_tuple
from nesvae_live.music.phrase import SLOTS, Ints, tuples_to_phrases

BATCH = 128


def nats_per_token(
    model: Vae, quantiles: Quantiles, corpus: Corpus, seed: int = 0
) -> dict[str, Any]:
    """Nats per token with everything counted, without context and with the song's own past.

    Everything means the cross-entropy, the KL of u (with one draw), and the attributes a + 0.1 e,
    paid for as N(a, 0.1) against N(0, 1). Every tuple of every song counts once, those of a short
    last phrase included.

    Args:
        model: in eval mode.
        quantiles: the attributes' ranks in the corpus.
        corpus: the held-out songs.
        seed: for the draws.

    Returns:
        `nats_per_token.no_context|carried|masked`, `cross_entropy.no_context|carried` (per token),
        `kl` and `attributes` (per phrase), each `{value, low, high, n}` with the 95 % bootstrap
        interval over n songs.
    """
    device = next(model.parameters()).device
    generator = torch.Generator().manual_seed(seed)
    songs = [_Song(model, quantiles, song, generator, device) for song in corpus.songs]
    # The longest first, so that a batch of songs shrinks from its end as songs finish.
    songs.sort(key=lambda s: -len(s.counts))
    for start in range(0, len(songs), BATCH):
        _decode(model, songs[start : start + BATCH], device)
    tokens = np.array([s.counts.sum().item() * SLOTS for s in songs])
    phrases = np.array([len(s.counts) for s in songs])
    kl = np.array([s.kl.sum().item() for s in songs])
    paid = np.array([s.paid.sum().item() for s in songs])
    ce = {k: np.array([s.nats[k] for s in songs]) for k in ("no_context", "carried", "masked")}
    return {
        "nats_per_token": {
            "no_context": interval(ce["no_context"] + kl + paid, tokens),
            "carried": interval(ce["carried"] + kl + paid, tokens),
            "masked": interval(ce["masked"] + kl, tokens),
        },
        "cross_entropy": {k: interval(v, tokens) for k, v in ce.items()},
        "kl": interval(kl, phrases),
        "attributes": interval(paid, phrases),
    }


class _Song:
    """A song's encoded phrases, and its nats as they are summed up."""

    def __init__(
        self,
        model: Vae,
        quantiles: Quantiles,
        tuples: NDArray[np.int64],
        generator: torch.Generator,
        device: torch.device,
    ) -> None:
        phrases, counts = tuples_to_phrases(tuples)
        self.symbols = torch.from_numpy(phrases_to_symbols(phrases)).to(device)
        self.counts = torch.from_numpy(counts).to(device)
        with torch.no_grad():
            mu, log_sigma = model.encoder(self.symbols, self.counts)
        a = torch.from_numpy(quantiles.to_coordinates(measure(phrases)).astype(np.float32))
        noise = torch.randn(a.shape, generator=generator)
        self.a = (a + ATTRIBUTE_NOISE * noise).to(device)
        noise = torch.randn(mu.shape, generator=generator).to(device)
        self.u = mu + model.encoder.scatter(log_sigma, noise)
        self.kl = model.kl(mu, log_sigma)
        self.paid = 0.5 * (a**2 + ATTRIBUTE_NOISE**2 - 1) - float(np.log(ATTRIBUTE_NOISE))
        self.nats: dict[str, float] = dict.fromkeys(("no_context", "carried", "masked"), 0.0)


@torch.no_grad()
def _decode(model: Vae, songs: list[_Song], device: torch.device) -> None:
    set_, free = torch.ones_like(songs[0].a[0]), torch.zeros_like(songs[0].a[0])
    state = model.decoder.initial_state(len(songs), device)
    last = start_tuple(len(songs), device)
    for at in range(len(songs[0].counts)):
        alive = [s for s in songs if len(s.counts) > at]
        n = len(alive)
        state, last = state[:, :n], last[:n]
        symbols = torch.stack([s.symbols[at] for s in alive])
        counts = torch.stack([s.counts[at] for s in alive])
        a = torch.stack([s.a[at] for s in alive])
        u = torch.stack([s.u[at] for s in alive])
        fresh = model.decoder.initial_state(n, device), start_tuple(n, device)
        cases: dict[str, tuple[Tensor, Tensor, Tensor]] = {
            "carried": (condition(a, u, set_.expand(n, -1)), last, state),
            "no_context": (condition(a, u, set_.expand(n, -1)), fresh[1], fresh[0]),
            "masked": (condition(a, u, free.expand(n, -1)), fresh[1], fresh[0]),
        }
        for name, (zm, previous, past) in cases.items():
            shifted = torch.cat((previous[:, None], symbols[:, :-1]), 1)
            y, after = model.decoder.hidden(shifted, zm, past)
            nats = model.nats(y, symbols, shifted, counts).sum((1, 2))
            for song, value in zip(alive, nats.tolist(), strict=True):
                song.nats[name] += value
            if name == "carried":
                state = after
        last = symbols[:, -1]


@torch.no_grad()
def importance_weighted(
    model: Vae, encoded: EncodedPhrases, rows: Ints, generator: torch.Generator, draws: int = 64
) -> dict[str, Any]:
    """Nats per token without context by IWAE: the log of the mean of `draws` importance weights.

    u is drawn from the encoder and the attributes from N(a, 0.1), each weighed against N(0, 1).
    This is the bound of `nats_per_token.no_context`, tightened.

    Args:
        model: in eval mode.
        encoded: the held-out phrases.
        rows: the phrases to measure.
        generator: for the draws.
        draws: how many per phrase.
    """
    nats = np.empty(len(rows))
    for i, row in enumerate(rows):
        mu, log_sigma = (torch.from_numpy(x[row]) for x in (encoded.mu, encoded.log_sigma))
        a = torch.from_numpy(encoded.a[row])
        e_u = torch.randn(draws, len(mu), generator=generator)
        e_a = torch.randn(draws, len(a), generator=generator)
        u, noisy = mu + model.encoder.scatter(log_sigma, e_u), a + ATTRIBUTE_NOISE * e_a
        symbols = torch.from_numpy(encoded.symbols[row]).expand(draws, -1, -1)
        counts = torch.full((draws,), int(encoded.counts[row]))
        past = no_past(model, draws)
        shifted = torch.cat((past.previous[:, None], symbols[:, :-1]), 1)
        y, _ = model.decoder.hidden(
            shifted, condition(noisy, u, torch.ones_like(noisy)), past.state
        )
        weight = -model.nats(y, symbols, shifted, counts).sum((1, 2))
        weight = weight + (0.5 * (e_u**2 - u**2) + log_sigma).sum(1)
        weight = weight + (0.5 * (e_a**2 - noisy**2) + float(np.log(ATTRIBUTE_NOISE))).sum(1)
        nats[i] = float(np.log(draws)) - torch.logsumexp(weight, 0).item()
    song, tokens = encoded.song[rows], (encoded.counts[rows] * SLOTS).astype(np.float64)
    return interval(sum_by_song(nats, song), sum_by_song(tokens, song))


@torch.no_grad()
def accuracy_figures(model: Vae, encoded: EncodedPhrases, rows: Ints) -> dict[str, Any]:
    """Share of tokens reconstructed greedily from a and the mean of u, without context.

    Args:
        model: in eval mode.
        encoded: the held-out phrases.
        rows: whole phrases.

    Returns:
        `accuracy.teacher_forced`, where each token follows the true ones before it, and
        `accuracy.free_running`, where each follows the decoded ones.
    """
    truth = encoded.symbols[rows]
    z = np.concatenate((encoded.a[rows], encoded.mu[rows]), 1)
    mask = np.ones_like(encoded.a[rows])
    past = no_past(model, len(rows))
    symbols = torch.from_numpy(truth)
    zm = condition(*(torch.from_numpy(x) for x in (encoded.a[rows], encoded.mu[rows], mask)))
    shifted = torch.cat((past.previous[:, None], symbols[:, :-1]), 1)
    y, _ = model.decoder.hidden(shifted, zm, past.state)
    heads = [model.decoder.head(i, y, symbols, shifted) for i in range(SLOTS)]
    guess = torch.stack([logits.argmax(-1) for logits in heads], -1)
    tuples, _ = decode_batch(model, z, mask, past, GREEDY, np.random.default_rng(0))
    song = encoded.song[rows]
    forced = (guess.numpy() == truth).mean((1, 2))
    free = (phrases_to_symbols(tuples) == truth).mean((1, 2))
    return {
        "accuracy": {
            "teacher_forced": mean_by_song(forced, song),
            "free_running": mean_by_song(free, song),
        }
    }
