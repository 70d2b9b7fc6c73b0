"""What is measured of each step of the design: for `benchmarks.steps`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.variants import Ancestor
from nesvae_live.chip.corpus import Corpus
from nesvae_live.evaluation.autorun import seams
from nesvae_live.evaluation.batchdecode import (
    GREEDY,
    decode_batch,
    load_model,
    no_past,
    phrase_decoder,
)
from nesvae_live.evaluation.bootstrap import interval, sum_by_song
from nesvae_live.evaluation.contexts import choose_phrases, encode, true_past
from nesvae_live.evaluation.knobtest import knob_figures, own_correlation, turn_knobs
from nesvae_live.evaluation.likelihood import nats_per_token
from nesvae_live.evaluation.slerptest import slerp_figures, walk_ways
from nesvae_live.latent.attributes import N_ATTRIBUTES, Quantiles, measure
from nesvae_live.latent.decoding import Sampling
from nesvae_live.latent.walk import Spread, Walk
from nesvae_live.model.checkpoint import load_checkpoint
from nesvae_live.model.vae import Vae
from nesvae_live.music.phrase import SLOTS, tuples_to_phrases

PLAIN = Sampling(0.9, 0.95)
CONTEXTS, PAIRS, RUNS, PHRASES = 24, 100, 128, 8


def measure_row(
    model: Vae, valid: Corpus, quantiles: Quantiles, *, carries: bool, attributes: bool
) -> dict[str, Any]:
    """The nats of all held-out songs; knobs, seams and interpolation of what can be played.

    `carries`: whether the network knows a past; `attributes`: whether it has knobs.
    """
    if isinstance(model, Ancestor):
        return {"nats": alone(model, valid, quantiles)}
    found = nats_per_token(model, quantiles, valid)
    tokens = SLOTS * sum(map(len, valid.songs))
    phrases = sum(len(tuples_to_phrases(song)[0]) for song in valid.songs)
    paid = found["kl"]["value"] + (found["attributes"]["value"] if attributes else 0.0)
    carried = found["cross_entropy"]["carried"]["value"] + paid * phrases / tokens
    whole = "no_context" if attributes else "masked"
    figures: dict[str, Any] = {
        "nats": {
            "no_context": found["nats_per_token"][whole]["value"],
            "carried": carried if carries else None,
            "masked": found["nats_per_token"]["masked"]["value"],
            "cross_entropy": found["cross_entropy"][whole]["value"],
            "kl": found["kl"]["value"],
        }
    }
    encoded = encode(model, quantiles, valid, np.random.default_rng(0))
    rng = np.random.default_rng(1)
    ends = rng.permutation(choose_phrases(encoded, 2 * PAIRS, rng))
    a = encoded.a if attributes else np.zeros_like(encoded.a)
    z = np.concatenate((a, encoded.mu), 1)
    n = len(ends) // 2
    ways = walk_ways(phrase_decoder(model, GREEDY, 0), z[ends[:n]], z[ends[n:]], no_past(model, n))
    figures |= slerp_figures(ways)
    figures["seam"] = walk_seams(model, quantiles, PLAIN, set_=attributes, carries=carries)
    if attributes:
        figures |= knobs(model, quantiles, valid, PLAIN, CONTEXTS)
    return figures


@torch.no_grad()
def alone(model: Vae, valid: Corpus, quantiles: Quantiles) -> dict[str, Any]:
    """Nats a token without context of a network that knows neither past nor attributes."""
    encoded = encode(model, quantiles, valid, np.random.default_rng(0))
    kl = model.kl(torch.from_numpy(encoded.mu), torch.from_numpy(encoded.log_sigma)).sum(1).numpy()
    nats = np.empty(len(encoded))
    for start in range(0, len(encoded), 256):
        at = slice(start, start + 256)
        u = torch.from_numpy(encoded.u[at])
        none = torch.zeros(len(u), N_ATTRIBUTES)
        symbols = torch.from_numpy(encoded.symbols[at])
        y, _ = model.decoder.hidden(symbols, torch.cat((none, u, none), 1), none)
        cost = model.nats(y, symbols, symbols, torch.from_numpy(encoded.counts[at]))
        nats[at] = cost.sum((1, 2)).numpy()
    tokens = SLOTS * encoded.counts
    by_song = [sum_by_song(x.astype(float), encoded.song) for x in (nats, kl, tokens)]
    return {
        "no_context": interval(by_song[0] + by_song[1], by_song[2])["value"],
        "carried": None,
        "masked": None,
        "cross_entropy": float(nats.sum() / tokens.sum()),
        "kl": float(kl.mean()),
    }


def walk_seams(
    model: Vae,
    quantiles: Quantiles,
    sampling: Sampling,
    *,
    set_: bool,
    carries: bool = True,
    spread: Spread | None = None,
) -> dict[str, Any]:
    """Seams of performances as the auto mode walks; a row that knows no past has none."""
    spread = spread or Spread.of({}, model.config.style)
    walks = [Walk(i, spread, quantiles.reach()) for i in range(RUNS)]
    mask = np.full((RUNS, N_ATTRIBUTES), float(set_), np.float32)
    rng = np.random.default_rng(2)
    past = no_past(model, RUNS)
    out = []
    for index in range(PHRASES):
        z = np.stack([walk.at(index) for walk in walks])
        tuples, after = decode_batch(model, z, mask, past, sampling, rng, quantiles)
        past = after if carries else no_past(model, RUNS)
        out.append(tuples)
    return seams(list(np.stack(out, 1)))


def knobs(
    model: Vae, quantiles: Quantiles, valid: Corpus, sampling: Sampling, contexts: int
) -> dict[str, Any]:
    """`knob_spearman` and `leak`, each knob turned alone in so many contexts."""
    encoded = encode(model, quantiles, valid, np.random.default_rng(0))
    rows = choose_phrases(encoded, contexts, np.random.default_rng(3), with_past=True)
    responses = turn_knobs(
        phrase_decoder(model, sampling, 0, quantiles),
        quantiles,
        encoded.u[rows],
        true_past(model, encoded, rows),
        encoded.song[rows],
    )
    phrases = np.concatenate([tuples_to_phrases(song)[0] for song in valid.songs])
    return knob_figures(responses, own_correlation(measure(phrases)))


def measure_played(path: Path, valid: Corpus, sampling: Sampling) -> dict[str, Any]:
    """Knobs and seams of a checkpoint, decoded in one way; its auto mode's own walk."""
    checkpoint = load_checkpoint(path)
    model, quantiles = load_model(checkpoint), checkpoint.quantiles
    spread = Spread.of(checkpoint.about, model.config.style)
    found: dict[str, Any] = {"checkpoint_sha256": checkpoint.sha256}
    found["seam"] = walk_seams(model, quantiles, sampling, set_=True, spread=spread)
    return found | knobs(model, quantiles, valid, sampling, 2 * CONTEXTS)
